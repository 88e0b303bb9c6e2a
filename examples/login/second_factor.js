// What else a client may ask for beside a password: a code by mail, here in login.
import { randomInt } from 'node:crypto';

/** how users log in here */
export const PASSWORD = { acr: 'pwd', amr: ['pwd'] };
export const SECOND_FACTOR = { acr: 'mfa', amr: ['pwd', 'otp', 'mfa'] };

const LIFETIME = 5 * 60_000; // milliseconds
const ATTEMPTS = 3;

/** the acr values that the client must have one of, or none */
export const essentialAcr = ({ claims }) => {
	const wish = claims?.id_token?.acr;
	return wish?.essential ? [...(wish.values ?? []), wish.value].filter((value) => typeof value === 'string') : [];
};

/** is the second factor what the client would like best of what there is here? */
export function wantsSecondFactor(request, session) {
	const essential = essentialAcr(request);
	const wanted = essential.length > 0 ? essential : request.acr_values?.split(' ') ?? [];
	return session.acr !== SECOND_FACTOR.acr && wanted.find((acr) => [PASSWORD.acr, SECOND_FACTOR.acr].includes(acr)) === SECOND_FACTOR.acr;
}

export class Codes {
	#mailbox;
	#sent = new Map(); // session_id -> {code, until, attempts}

	constructor(mailbox) {
		this.#mailbox = mailbox;
	}

	/** a new one, in place of the one before, whose wrong attempts count on */
	send({ subject, session_id: session }, client) {
		const now = Date.now();
		for (const [id, { until }] of this.#sent) if (until < now) this.#sent.delete(id);
		const code = randomInt(1_000_000).toString().padStart(6, '0');
		this.#sent.set(session, { code, until: now + LIFETIME, attempts: this.#sent.get(session)?.attempts ?? 0 });
		this.#mailbox.put(subject, { label: 'Login', code, client_id: client });
	}

	/** good once; after three wrong ones none is until the last has expired */
	check({ session_id: session }, code) {
		const sent = this.#sent.get(session);
		if (!sent || sent.until < Date.now() || sent.attempts >= ATTEMPTS) return false;
		if (code !== sent.code) {
			sent.attempts += 1;
			return false;
		}
		this.#sent.delete(session);
		return true;
	}
}
