// What is thrown.  Whatever says "deny" is no error, but an answer: see answer.js.

export class PgtokenError extends Error {
	constructor(message, options) {
		super(message, options);
		this.name = this.constructor.name;
	}
}

/** No answer came, however often it was asked: the token is as good as it was, and the same one is to be presented again. */
export class UnavailableError extends PgtokenError {
	constructor(attempts, cause) {
		super(`no answer from the token service (attempts: ${attempts}): ${cause?.message ?? 'unknown'}`, { cause });
		this.attempts = attempts;
	}
}

/** A call that has no answer of its own kind was refused: sessions, revoke. */
export class RefusedError extends PgtokenError {
	constructor(error, reason, status) {
		super(reason ? `${error}: ${reason}` : error);
		this.error = error;
		this.reason = reason;
		this.status = status;
	}
}

/** The successor could not be stored, and so was handed to nobody: the next refresh with the old token gets it again. */
export class StoreError extends PgtokenError {
	constructor(cause) {
		super(`the new refresh token could not be stored: ${cause?.message ?? 'unknown'}`, { cause });
	}
}

/** Within the library: an answer that did not come, or none that can be told from one. retryAfter: seconds */
export class Lost extends Error {
	constructor(message, { cause, retryAfter } = {}) {
		super(message, { cause });
		this.retryAfter = retryAfter;
	}
}
