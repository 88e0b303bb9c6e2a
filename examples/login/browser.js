// One cookie per browser, HttpOnly and SameSite=Lax.  A login gives it a new
// value, the database keeps its hash, and the CSRF token of the forms is derived
// from it: a page of another site knows neither.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

// seconds that the user stays signed in: for a day's work, and where he asks for it
const HERE = 8 * 60 * 60;
const KEPT = 30 * 24 * 60 * 60;

/** what is known of a browser by its request: as pgtoken takes a context */
export const contextOf = (request) => ({ ip: request.ip, ...(request.headers['user-agent'] && { user_agent: request.headers['user-agent'].slice(0, 256) }) });

export class Browsers {
	#database;
	#name;
	#attributes;
	#origin;

	/** @param baseUrl the application's own URL */
	constructor(database, baseUrl) {
		const { origin, protocol } = new URL(baseUrl);
		const secure = protocol === 'https:';
		this.#database = database;
		this.#origin = origin;
		this.#name = secure ? '__Host-login' : 'login';
		this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
	}

	/** {csrf, session}; a browser without a cookie gets one */
	async of(request, reply) {
		const cookie = this.#read(request) ?? this.#renew(reply);
		return { csrf: csrfOf(cookie), session: await this.#database.findSession(hash(cookie)) ?? null };
	}

	/** @param keep signed in, also when the browser is closed? */
	async logIn(request, reply, subject, keep = false) {
		const former = this.#read(request);
		const cookie = this.#renew(reply, keep ? `; Max-Age=${KEPT}` : '');
		await this.#database.createSession(hash(cookie), subject, former && hash(former), keep ? KEPT : HERE);
		return { csrf: csrfOf(cookie), session: await this.#database.findSession(hash(cookie)) };
	}

	/** as logIn, of who is logged in and has proved a second factor */
	async stepUp(request, acr, amr) {
		const cookie = this.#read(request);
		await this.#database.stepUp(hash(cookie), acr, amr);
		return { csrf: csrfOf(cookie), session: await this.#database.findSession(hash(cookie)) };
	}

	async logOut(request, reply) {
		const cookie = this.#read(request);
		if (cookie) await this.#database.deleteSession(hash(cookie));
		reply.header('Set-Cookie', `${this.#name}=${this.#attributes}; Max-Age=0`);
	}

	/** whether a form came from one of our pages in this browser */
	isOurs(request) {
		const { origin } = request.headers;
		if (origin !== undefined && origin !== this.#origin) return false;
		const cookie = this.#read(request);
		const sent = request.body.csrf;
		if (!cookie || typeof sent !== 'string') return false;
		const expected = Buffer.from(csrfOf(cookie));
		const given = Buffer.from(sent);
		return given.length === expected.length && timingSafeEqual(given, expected);
	}

	#read(request) {
		for (const pair of (request.headers.cookie ?? '').split('; ')) {
			const [name, value] = pair.split('=');
			if (name === this.#name && /^[\w-]{43}$/.test(value)) return value;
		}
		return null;
	}

	#renew(reply, kept = '') {
		const cookie = randomBytes(32).toString('base64url');
		reply.header('Set-Cookie', `${this.#name}=${cookie}${this.#attributes}${kept}`);
		return cookie;
	}
}

const hash = (cookie) => createHash('sha256').update(cookie).digest();
const csrfOf = (cookie) => createHmac('sha256', cookie).update('form').digest('base64url');
