// One user's tokens, kept where the application says: read under a lock, and stored before anybody has them.
import { deny } from './answer.js';
import { StoreError, UnavailableError } from './errors.js';

export class Session {
	#client;
	#key;
	#load;
	#store;
	#lock;
	#shared;

	constructor(client, { key, load, store, lock, shared }) {
		if (typeof key !== 'string' || typeof load !== 'function' || typeof store !== 'function') {
			throw new TypeError('session({key, load, store}): key is a string, load and store are functions');
		}
		this.#client = client;
		this.#key = `session ${key}`; // no token is called that: refresh() locks by those
		this.#load = load;
		this.#store = store;
		this.#lock = lock;
		this.#shared = shared;
	}

	/** the tokens that are there, where they live another minValidity seconds; or else new ones */
	tokens(context, { minValidity = 30, ...options } = {}) {
		return this.#ask(['tokens', context, options], async () => {
			const kept = await this.#load();
			if (kept?.accessToken && kept.expiresAt > Date.now() + minValidity * 1000) return { status: 'allow', tokens: kept };
			return this.#refresh(kept, context, options);
		});
	}

	/** new ones, in any case */
	refresh(context, options = {}) {
		return this.#ask(['refresh', context, options], async () => this.#refresh(await this.#load(), context, options));
	}

	/** the user's evidence, and the refresh goes on with what it was judged by */
	async prove(required, factorId, evidence) {
		try {
			const answer = await this.#client.answerChallenge(required.transactionId, factorId, evidence);
			if (answer.status !== 'completed') return answer;
		} catch (error) {
			// it may have arrived: the refresh tells, and is authorization_pending where it has not
			if (!(error instanceof UnavailableError)) throw error;
		}
		return this.refresh(required.context, { ...required.options, transactionId: required.transactionId });
	}

	/** the family ends, and what is kept of it */
	async revoke() {
		return this.#lock(this.#key, async () => {
			const kept = await this.#load();
			if (kept?.refreshToken) await this.#client.revoke(kept.refreshToken);
			await this.#store(null);
		});
	}

	// shared, and not only one after the other: a second question would end the transaction that the first was answered with
	#ask(question, work) {
		return this.#shared(JSON.stringify([this.#key, ...question]), async () => this.#lock(this.#key, work));
	}

	async #refresh(kept, context, options) {
		if (!kept?.refreshToken) return deny('invalid_grant', 'there is no refresh token');
		const answer = await this.#client.refresh(context, kept.refreshToken, options);
		if (answer.status === 'allow') {
			const { idToken = kept.idToken } = answer.tokens;
			answer.tokens.idToken = idToken;
			try {
				await this.#store(answer.tokens);
			} catch (cause) {
				throw new StoreError(cause);
			}
		} else if (answer.over) {
			await this.#store(null);
		}
		return answer;
	}
}
