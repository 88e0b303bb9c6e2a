// What did not work, in words that the database keeps and administrators read.

/** said: a short phrase, fixed but for codes and numbers, so that nothing of what was sent or received is in it */
export class Failure extends Error {
	/**
	 * @param permanent it would fail again
	 * @param retryAfter seconds that the receiver asks for
	 */
	constructor(said, { permanent = false, retryAfter } = {}) {
		super(said);
		this.permanent = permanent;
		this.retryAfter = retryAfter;
	}
}

export const refusal = (said) => new Failure(said, { permanent: true });

/** whatever was thrown; messages of libraries may quote what they were given, their codes do not */
export const failureOf = (error) => (error instanceof Failure ? error : new Failure(`it broke: ${error.code ?? error.name}`));

/** as the result of work: {error, permanent, retry_after?} */
export const failed = ({ message, permanent, retryAfter }) => ({ error: message, permanent, ...(retryAfter !== undefined && { retry_after: retryAfter }) });
