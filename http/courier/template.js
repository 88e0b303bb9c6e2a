// The text of a mail, with the places of what is different in each.

export const DEFAULT_TEMPLATE = `Subject: Your code

Your code for {{client_name}} is

    {{code}}

It can be used once, within {{minutes}} minutes. Nobody will ask you for it by
mail or telephone. If you have not asked for it, somebody else may know your
password: change it.
`;

const PLACES = ['code', 'client_name', 'client_id', 'issuer', 'subject', 'expires_at', 'minutes'];

const MAX_VALUE = 100; // characters

/** one line, and nothing that a program that shows it would obey: a client's name is what the client says it is */
const plain = (value) => [...String(value ?? '').replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim()].slice(0, MAX_VALUE).join('');

/** @returns {subject, text} of a file that begins with "Subject: …" and an empty line */
export function parseTemplate(file) {
	const [, subject, text] = /^Subject: *(\S[^\r\n]*?) *\r?\n\r?\n(.+)$/s.exec(file) ?? [];
	if (text === undefined) throw new Error('COURIER_MAIL_TEMPLATE must begin with a line "Subject: …" and an empty one');
	for (const [, place] of file.matchAll(/\{\{(.*?)\}\}/g)) {
		if (!PLACES.includes(place)) throw new Error(`COURIER_MAIL_TEMPLATE: there is no {{${place}}}, but ${PLACES.join(', ')}`);
	}
	if (!text.includes('{{code}}')) throw new Error('COURIER_MAIL_TEMPLATE must have {{code}} in its text');
	return { subject, text };
}

/** @param request of the work, see codes.js */
export function fill({ subject, text }, request, now = Date.now()) {
	const values = { ...request, client_name: request.client_name || request.client_id || request.issuer,
		minutes: Math.max(Math.ceil((Date.parse(request.expires_at) - now) / 60_000), 1) };
	// in one go, so that no value is taken for a place
	const filled = (template) => template.replace(/\{\{(.*?)\}\}/g, (_, place) => plain(values[place]));
	return { subject: filled(subject), text: filled(text) };
}
