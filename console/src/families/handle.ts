// What is pasted, and the id in it.  A token is taken apart here and goes nowhere: only an
// id leaves the page, which opens nothing.

export interface Taken {
	/** what it was taken for, in words */
	what: string;
	/** what is sent; none: it has no id that anything could be found by */
	id: string | undefined;
	/** of a refresh token the generation that it is of */
	generation?: number;
	/** a secret was in it */
	secret: boolean;
}

const HANDLES: Record<string, string> = {
	pgtrt_: 'a refresh token', pgtac_: 'an authorization code', pgtdc_: 'a device code', pgtpr_: 'a pushed request',
	pgttx_: 'the transaction of a page', pgtch_: 'the transaction of a step-up', pgtan_: 'an answer that waits',
};
/** random throughout: there is no id in them */
const SECRETS: Record<string, string> = { pgtcs_: 'the secret of a client', pgtia_: 'an initial access token', pgtra_: 'a registration access token' };
/** within an address, a command, a line of a log: one of those, or a JWT or JWE whose header begins as JSON does */
const WITHIN = /pgt(?:rt|ac|dc|pr|tx|ch|an|cs|ia|ra)_[A-Za-z0-9_-]{16,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{8,}/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

function bytes(base64url: string): Uint8Array {
	const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

const uuid = (of: Uint8Array) => [...of].map((b) => b.toString(16).padStart(2, '0')).join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** prefix base64url( version (1) | grant_id (16) | … ) */
function handle(text: string): Taken | undefined {
	const secret = SECRETS[text.slice(0, 6)];
	if (secret) return { what: secret, id: undefined, secret: true };
	const what = HANDLES[text.slice(0, 6)];
	const encoded = text.slice(6);
	if (!what) return undefined;
	// no base64 has one character of four
	if (!BASE64URL.test(encoded) || encoded.length < 60 || encoded.length % 4 === 1) return { what: `${what}, cut or changed`, id: undefined, secret: true };
	const read = bytes(encoded);
	const taken: Taken = { what, id: read[0] === 1 ? uuid(read.slice(1, 17)) : undefined, secret: true };
	if (text.startsWith('pgtrt_')) taken.generation = new DataView(read.buffer).getUint32(17);
	return taken;
}

function jwt(text: string): Taken | undefined {
	const parts = text.split('.');
	if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part)) || !text.startsWith('ey')) return undefined;
	try {
		const claims = JSON.parse(new TextDecoder().decode(bytes(parts[1]!))) as Record<string, unknown>;
		const member = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
		const jti = member('jti');
		if (jti && BASE64URL.test(jti) && jti.length === 38) return { what: 'an access token', id: jti, secret: true };
		if (member('sid')) return { what: 'an ID token, by its sid', id: member('sid'), secret: true };
		return { what: 'a JWT, by its sub', id: member('sub'), secret: true };
	} catch {
		return { what: 'a JWT that cannot be read', id: undefined, secret: true };
	}
}

/** an answer of the token endpoint, as it was logged */
function answer(text: string): string | undefined {
	if (!text.startsWith('{')) return undefined;
	try {
		const members = JSON.parse(text) as Record<string, unknown>;
		const token = members['refresh_token'] ?? members['access_token'] ?? members['id_token'];
		return typeof token === 'string' ? token : undefined;
	} catch {
		return undefined;
	}
}

export function take(pasted: string): Taken {
	let text = pasted.trim();
	text = answer(text) ?? text;
	text = text.replace(/^(authorization:\s*)?(bearer|dpop)\s+/i, '').replace(/^(['"])(.*)\1$/, '$2').replace(/^urn:ietf:params:oauth:request_uri:/, '');
	const token = handle(text) ?? jwt(text);
	if (token) return token;
	const within = WITHIN.exec(text)?.[0];
	if (within) return handle(within) ?? jwt(within) ?? { what: 'a token that cannot be read', id: undefined, secret: true };
	if (UUID.test(text)) return { what: 'an id: of a family, an event, a request or a session', id: text.toLowerCase(), secret: false };
	if (text.length === 38 && BASE64URL.test(text)) return { what: 'the jti of an access token, or a name', id: text, secret: false };
	if (/^[0-9a-f:.]+$/i.test(text) && /[:.].*[:.]/.test(text)) return { what: 'an address, or a name', id: text, secret: false };
	return { what: 'a subject, a client or a session', id: text || undefined, secret: false };
}

/** is there something in it that nobody should be sent? */
export const holdsSecret = (text: string) => WITHIN.test(text);

/** what is sent of it: itself, unless there is a secret in it */
export function harmless(text: string): string {
	const { secret, id } = take(text);
	return secret ? id ?? '' : text.trim();
}
