// In a browser: the context of a refresh, collected; and a lock that all tabs of the site share.
// What is collected, and why, is told in README.md: nothing that would tell one visitor from another by what his
// machine is, but two ids that are made up here.
export { PgtokenError, RefusedError, StoreError, UnavailableError } from './lib/errors.js';
export { HttpClient } from './lib/http.js';
export { Session } from './lib/session.js';

const DEVICE = 'pgtoken.device_id';

/** for session({lock}): one tab refreshes at a time, and the next one finds what it has stored */
export const tabLock = (key, work) => navigator.locks.request(`pgtoken ${key}`, work);

/** made up once and kept, so that a policy knows the device again; forgotten where the user clears the site's data */
function deviceId(storage) {
	try {
		const id = storage.getItem(DEVICE) ?? crypto.randomUUID();
		storage.setItem(DEVICE, id);
		return id;
	} catch {
		return undefined; // storage is switched off: a policy sees that there is none
	}
}

/** what Chromium sends with each request anyway: low entropy, and no question to the user agent for more */
function clientHints() {
	const { platform, mobile, brands } = navigator.userAgentData ?? {};
	if (platform === undefined) return undefined;
	// browsers put in a brand that is none, so that nobody counts on the list
	return { platform, mobile, brands: brands.filter(({ brand }) => !/not.?a/i.test(brand)).map(({ brand, version }) => `${brand} ${version}`) };
}

export class Collector {
	#storage;
	#more;
	#keep;
	#kept;

	/**
	 * storage: where the device's id is kept. more: an async function that adds members of the application's own.
	 * keep: seconds that a collection may be used again, 0 where each refresh has its own
	 */
	constructor({ storage = globalThis.localStorage, more = async () => ({}), keep = 0 } = {}) {
		this.#storage = storage;
		this.#more = more;
		this.#keep = keep;
	}

	/** a new one */
	async collect() {
		const context = {
			session_id: crypto.randomUUID(),
			device_id: deviceId(this.#storage),
			collected_at: Math.floor(Date.now() / 1000),
			time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
			languages: [...navigator.languages].slice(0, 4),
			client_hints: clientHints(),
			...await this.#more(),
		};
		this.#kept = { context, until: Date.now() + this.#keep * 1000 };
		return context;
	}

	/**
	 * send(context) is the refresh, wherever it is asked for, and resolves to its answer.  A policy that finds a
	 * collection too old, or presented before, does not say so: whatever has not allowed one that was kept is asked once
	 * more, with a new one.
	 */
	async refresh(send) {
		const kept = this.#kept?.until > Date.now() ? this.#kept.context : null;
		const answer = await send(kept ?? await this.collect());
		return kept && answer.status !== 'allow' && !answer.over ? send(await this.collect()) : answer;
	}
}

const decode = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** the evidence of a passkey or security key. publicKey: of what challenge has answered */
export async function passkeyEvidence(publicKey) {
	const { rawId, response } = await navigator.credentials.get({ publicKey: { ...publicKey, challenge: decode(publicKey.challenge),
		allowCredentials: publicKey.allowCredentials.map((credential) => ({ ...credential, id: decode(credential.id) })) } });
	return { id: encode(rawId), client_data_json: encode(response.clientDataJSON),
		authenticator_data: encode(response.authenticatorData), signature: encode(response.signature) };
}
