// The API: functions of the database, called by name.  What a call takes beside its
// arguments (a token, the proof of a key, a refresh, another factor) is seen to here.
import * as oauth from 'oauth4webapi';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { holdsSecret } from './families/handle';
import { ApiError, asApiError } from './session/errors';
import { accessToken, home, send, stepUp } from './session/session';

export { ApiError, asApiError };

interface Refusal {
	error?: string;
	error_description?: string;
	detail?: string;
	hint?: string;
	sqlstate?: string;
	factor_ids?: string[];
}

const body = (response: Response) => response.json().catch(() => ({})) as Promise<Refusal>;

const asError = (status: number, { error, error_description, ...more }: Refusal) =>
	new ApiError(status, error ?? 'unexpected', error_description ?? `The service answered ${status}.`, more);

/**
 * Calls a function of the console.  Asks the person for a factor where it takes one.
 * Rejects with an ApiError, whatever went wrong.
 */
export async function call<T>(name: string, args: object = {}): Promise<T> {
	// whatever field it was pasted into: it would be compared with a name, or kept in the audit as a reason
	if (Object.values(args).some((value) => typeof value === 'string' && holdsSecret(value))) {
		throw new ApiError(0, 'secret', 'There is a token or a secret in what you typed. It was not sent.', { hint: 'The page Find takes a token apart in this browser, and sends the id in it alone.' });
	}
	const url = new URL(`api/${encodeURIComponent(name)}`, home);
	const text = JSON.stringify(args);
	let refused: string | undefined;
	try {
		for (let proofs = 0; ;) {
			const token = await accessToken(refused);
			try {
				const response = await send(token, url, text);
				if (!response.ok) throw asError(response.status, await body(response));
				return await response.json() as T;
			} catch (error) {
				if (!(error instanceof oauth.WWWAuthenticateChallengeError) || error.status !== 401) throw await readable(error);
				const refusal = await body(error.response);
				const challenge = error.cause.find(({ parameters }) => parameters.error);
				const code = challenge?.parameters.error ?? refusal.error;
				if (code === 'insufficient_user_authentication' && proofs++ < 2) {
					await stepUp(challenge?.parameters.acr_values, refusal.factor_ids);
				} else if (code === 'invalid_token' && !refused) {
					refused = token;
				} else {
					throw asError(401, refusal);
				}
			}
		}
	} catch (error) {
		throw asApiError(error);
	}
}

async function readable(error: unknown): Promise<unknown> {
	if (error instanceof oauth.WWWAuthenticateChallengeError) return asError(error.status, await body(error.response));
	return error;
}

export interface Call<T> {
	data: T | undefined;
	error: ApiError | undefined;
	loading: boolean;
	reload: () => void;
}

/**
 * The answer of a reading function, again when its arguments change; poll: and every
 * that many milliseconds while the page is seen.  Of arguments that are null nothing is asked.
 */
export function useCall<T>(name: string, args: object | null = {}, { poll }: { poll?: number } = {}): Call<T> {
	const [answer, setAnswer] = useState<{ key: string; data?: T; error?: ApiError }>();
	const [asked, setAsked] = useState(0);
	const key = JSON.stringify([name, args]);
	useEffect(() => {
		if (args === null) return undefined;
		let over = false;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const again = () => {
			if (poll !== undefined && !over) timer = setTimeout(() => (document.hidden ? again() : run()), poll);
		};
		const run = () => call<T>(name, args).then((data) => {
			if (over) return;
			setAnswer({ key, data });
			again();
		}, (error: ApiError) => {
			if (over) return;
			// what was shown stays on the screen
			setAnswer((old) => ({ key, error, ...(old?.key === key && old.data !== undefined && { data: old.data }) }));
			if (error.code === 'offline') again();
		});
		run();
		return () => {
			over = true;
			clearTimeout(timer);
		};
	}, [key, asked, poll]);
	const current = answer?.key === key ? answer : undefined;
	const reload = useCallback(() => setAsked((n) => n + 1), []);
	return { data: current?.data, error: current?.error, loading: args !== null && !current, reload };
}

export interface List<T> {
	rows: T[];
	error: ApiError | undefined;
	loading: boolean;
	/** fetches the next page; undefined where there is none */
	more: (() => void) | undefined;
	reload: () => void;
}

/** A list that comes in pages, by key: {"rows": [...], "next": text or null}. */
export function useList<T>(name: string, args: object | null = {}): List<T> {
	const key = JSON.stringify([name, args]);
	const [asked, setAsked] = useState(0);
	const [list, setList] = useState<{ key: string; rows: T[]; next: string | null; error?: ApiError }>();
	const [loading, setLoading] = useState(args !== null);
	const turn = useRef(0);

	const fetchPage = useCallback((after: string | null, before: T[]) => {
		const mine = ++turn.current;
		setLoading(true);
		call<{ rows: T[]; next: string | null }>(name, after === null ? args! : { ...args, after }).then(
			({ rows, next }) => { if (mine === turn.current) setList({ key, rows: [...before, ...rows], next }); },
			(error: ApiError) => { if (mine === turn.current) setList({ key, rows: before, next: after, error }); },
		).finally(() => { if (mine === turn.current) setLoading(false); });
	}, [key]);

	useEffect(() => {
		if (args !== null) fetchPage(null, []);
		return () => { turn.current++; };
	}, [key, asked]);

	const current = list?.key === key ? list : undefined;
	return {
		rows: current?.rows ?? [],
		error: current?.error,
		loading: args !== null && (loading || !current),
		more: current?.next ? () => fetchPage(current.next, current.rows) : undefined,
		reload: useCallback(() => setAsked((n) => n + 1), []),
	};
}

export interface Action<A extends unknown[], T> {
	run: (...args: A) => Promise<T | undefined>;
	busy: boolean;
	error: ApiError | undefined;
	clear: () => void;
}

/** Something that a button does: busy meanwhile, with the error it ended with.  One that is cancelled is none. */
export function useAction<A extends unknown[], T>(action: (...args: A) => Promise<T>): Action<A, T> {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<ApiError>();
	const latest = useRef(action);
	latest.current = action;
	const run = useCallback(async (...args: A) => {
		setBusy(true);
		setError(undefined);
		try {
			return await latest.current(...args);
		} catch (failure) {
			const known = asApiError(failure);
			if (known.code !== 'cancelled') setError(known);
			return undefined;
		} finally {
			setBusy(false);
		}
	}, []);
	return { run, busy, error, clear: useCallback(() => setError(undefined), []) };
}
