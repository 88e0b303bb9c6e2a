// The audit as a file: CSV or JSON lines, made here from pages of the API.
export type Row = Record<string, unknown>;

const COLUMNS = ['occurred_at', 'event', 'reason', 'client_id', 'subject', 'grant_id', 'session_user_name', 'role_name', 'application_name', 'client_addr', 'context', 'detail', 'personal', 'request_id', 'trace_id', 'span_id', 'event_id'];

/**
 * A field of CSV (RFC 4180).  What a spreadsheet would take for a formula, as a client's name or
 * a user agent may be made to, gets an apostrophe before it, which makes it a text there: at the
 * beginning, and where a spreadsheet of a country that separates by other signs would begin a field.
 */
export function csvField(value: unknown): string {
	const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
	const safe = text.replace(/^(?=[\s\u0000-\u001f]*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/u, '\'').replace(/([;|\t\r\n])(?=[\s"]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu, '$1\'');
	return `"${safe.replaceAll('"', '""')}"`;
}

const csvLine = (fields: unknown[]) => `${fields.map(csvField).join(',')}\r\n`;

export interface Format {
	name: string;
	type: string;
	extension: string;
	head: string;
	line: (row: Row) => string;
}

export const formats: Record<'csv' | 'jsonl', Format> = {
	csv: { name: 'CSV', type: 'text/csv;charset=utf-8', extension: 'csv', head: csvLine(COLUMNS), line: (row) => csvLine(COLUMNS.map((column) => row[column])) },
	jsonl: { name: 'JSON lines', type: 'application/jsonl', extension: 'jsonl', head: '', line: (row) => `${JSON.stringify(row)}\n` },
};

/** has the browser keep it as a file */
export function save(parts: string[], { type, extension }: Format) {
	const url = URL.createObjectURL(new Blob(parts, { type }));
	const link = document.createElement('a');
	link.href = url;
	link.download = `pgtoken-audit-${new Date().toISOString().replace(/[:.]/g, '-')}.${extension}`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
