// What both transports have in common: refreshes of one family come one after the other, the same
// request at the same time is asked once, and a lost answer is asked for again with the same token.
import { makeLock, makeShared } from './lock.js';
import { retried } from './retry.js';
import { Session } from './session.js';

// version and grant_id of a token of pgtoken's own shape (docs/tokens.md); any other is a family by itself
const familyOf = (token) => (token.startsWith('pgtrt_') ? token.slice(0, 28) : token);

export class Client {
	#shared = makeShared();
	#lock = makeLock();
	#retry;

	constructor({ attempts = 4, delay = 200, patience = 25_000 } = {}) {
		this.#retry = { attempts, delay, patience };
	}

	/** the same question again while its answer is lost: for what may be asked twice */
	retried(ask) {
		return retried(ask, this.#retry);
	}

	/** the same question once, for what may not */
	once(ask) {
		return retried(ask, { ...this.#retry, attempts: 1 });
	}

	async refresh(context, token, options = {}) {
		if (typeof token !== 'string' || token === '') throw new TypeError('refresh(context, token): token is the refresh token, a string');
		// only what is the same in every respect: another context is another judgement, and the service's to make
		return this.#shared(JSON.stringify([token, context ?? {}, options]), async () => {
			const answer = await this.#lock(familyOf(token), () => this.retried(() => this.askRefresh(context ?? {}, token, options)));
			return answer.status === 'require' ? { ...answer, options } : answer;
		});
	}

	session(options) {
		return new Session(this, { lock: this.#lock, ...options, shared: this.#shared });
	}
}
