/** What the service, or the way to it, has refused. */
export class ApiError extends Error {
	/** the HTTP status; 0 where no answer came */
	status: number;
	/** the OAuth error, or one of our own: offline, session_over, cancelled, unexpected */
	code: string;
	description: string;
	detail: string | undefined;
	hint: string | undefined;
	sqlstate: string | undefined;

	constructor(status: number, code: string, description: string, more: { detail?: string; hint?: string; sqlstate?: string } = {}) {
		super(description);
		this.name = 'ApiError';
		this.status = status;
		this.code = code;
		this.description = description;
		this.detail = more.detail;
		this.hint = more.hint;
		this.sqlstate = more.sqlstate;
	}
}

export const offline = () => new ApiError(0, 'offline', 'No answer came from the service.');
export const cancelled = () => new ApiError(401, 'cancelled', 'This takes the proof of a factor, which was not given.');

/** fetch rejects with a TypeError when no answer came */
export const asApiError = (error: unknown): ApiError => {
	if (error instanceof ApiError) return error;
	if (error instanceof TypeError) return offline();
	return new ApiError(0, 'unexpected', error instanceof Error ? error.message : String(error));
};
