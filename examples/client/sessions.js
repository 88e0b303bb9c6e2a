// The client's sessions, in memory: one cookie per browser, what it stands for here.
import { randomBytes } from 'node:crypto';

const MAX_SESSIONS = 1000; // the oldest goes first

export class Sessions {
	#sessions = new Map();
	#cookie;

	constructor(baseUrl) {
		const secure = baseUrl.startsWith('https:');
		this.#cookie = { name: secure ? '__Host-client' : 'client',
			attributes: `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}` };
	}

	find(request) {
		const value = (request.headers.cookie ?? '').split('; ')
			.find((pair) => pair.startsWith(`${this.#cookie.name}=`))?.slice(this.#cookie.name.length + 1);
		return this.#sessions.get(value) ?? null;
	}

	/** in place of the session the browser had */
	create(request, reply, content) {
		this.remove(request);
		const value = randomBytes(32).toString('base64url');
		this.#sessions.set(value, content);
		if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value);
		reply.header('Set-Cookie', `${this.#cookie.name}=${value}${this.#cookie.attributes}`);
	}

	remove(request) {
		const session = this.find(request);
		if (session) this.removeWhere((other) => other === session);
	}

	/** how many there were */
	removeWhere(fits) {
		let count = 0;
		for (const [value, session] of this.#sessions) {
			if (fits(session) && this.#sessions.delete(value)) count += 1;
		}
		return count;
	}
}
