// The tools as MCP clients are told of them.  What each does, and what it takes to be
// let, is the function of its name in setup.sql.
const none = { type: 'object', properties: {}, additionalProperties: false };

export const TOOLS = [
	{ name: 'list_notes', description: 'Lists the user\'s notes', inputSchema: none, annotations: { readOnlyHint: true } },
	{ name: 'add_note', description: 'Adds a note', annotations: { destructiveHint: false },
		inputSchema: { type: 'object', properties: { text: { type: 'string', minLength: 1, maxLength: 1000 } }, required: ['text'], additionalProperties: false } },
	{ name: 'delete_notes', description: 'Deletes all of the user\'s notes. The user must have logged in just now', inputSchema: none, annotations: { destructiveHint: true } },
];
