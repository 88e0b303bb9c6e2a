// Addresses of pages: what is looked for is a part of the path, after the hash, which no
// server is sent.
const at = (...parts: (string | number)[]) => `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

export const toFind = (text: string) => at('find', text);
export const toFamily = (grantId: string, generation?: number) => (generation === undefined ? at('families', grantId) : at('families', grantId, generation));
export const toWhy = (eventId: string) => at('why', eventId);
export const toRefusals = (by: 'family' | 'client' | 'subject', value: string) => at('why', by, value);

/** the audit's own pages, which not everybody who sees families has */
export const toAuditEvent = (eventId: string) => at('audit', 'events', eventId);
export const toAuditOf = (grantId: string) => toAuditBy('grant_id', grantId);
export const toAuditBy = (filter: 'grant_id' | 'request_id' | 'trace_id', value: string) => at('audit', 'by', filter, value);

/** the n-th part of this page's path; the router's own leaves some characters as they are */
export function part(n: number): string | undefined {
	const raw = location.hash.replace(/^#?\/?/, '').split('/')[n];
	try {
		return raw && decodeURIComponent(raw);
	} catch {
		return raw;
	}
}

export function go(href: string, replace = false) {
	if (replace) location.replace(href);
	else location.hash = href;
}
