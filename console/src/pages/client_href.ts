// A client_id has any printable character, and may be a URL.  What the router hands on was
// decoded but for what has a meaning in a URL.
export const clientHref = (clientId: string) => {
	const once = encodeURIComponent(clientId);
	return `#/clients/${clientId.includes('%') ? encodeURIComponent(once) : once}`;
};

export function clientOf(param: string): string {
	try {
		return decodeURIComponent(param);
	} catch {
		return param;
	}
}
