// The console as a client of the issuer: authorization code with PKCE, tokens bound to a
// key of this browser (DPoP), refresh tokens that rotate.  Everything goes to the
// console's own origin; no cookie of the issuer is read, sent or needed.
//
// The access token is in the memory of a tab alone.  All tabs share one family, whose
// refresh token is in storage.ts: a lock of the browser keeps two of them from presenting
// the same one, which would be its reuse.
import * as oauth from 'oauth4webapi';

import { ApiError, asApiError, cancelled } from './errors';
import { load, remove, replace, save, type Stored } from './storage';

export interface Configuration {
	issuer: string;
	client_id: string;
	resource: string;
	scopes: string[];
	version: string;
}

export interface Factor {
	factor_id: string;
	factor_type: string;
	label?: string | null;
}

/** What the person is asked for while a call waits. */
export interface Question {
	factors: Factor[];
	/** why it is asked again */
	notice: string | undefined;
	expiresAt: number;
	challenge(factorId: string): Promise<Record<string, unknown>>;
	/** rejects with the ApiError of a wrong code, which may be followed by another */
	complete(factorId: string, evidence: Record<string, string>): Promise<void>;
	cancel(): void;
}

export type State =
	| { name: 'starting' }
	| { name: 'signed_out'; notice?: string }
	| { name: 'signed_in' }
	| { name: 'over'; notice: string }
	| { name: 'failed'; error: ApiError };

interface Begun {
	verifier: string;
	nonce: string;
	hash: string;
}

// --- what others watch -----------------------------------------------------------

type Listener = () => void;
const listeners = new Set<Listener>();
let state: State = { name: 'starting' };
let question: Question | undefined;
let waiting = false;

const tell = () => { for (const listener of [...listeners]) listener(); };

function become(next: State): void {
	state = next;
	tell();
}

function ask(next: Question | undefined): void {
	question = next;
	tell();
}

function setWaiting(next: boolean): void {
	waiting = next;
	tell();
}

export const watch = (listener: Listener) => {
	listeners.add(listener);
	return () => { listeners.delete(listener); };
};
export const currentState = () => state;
export const currentQuestion = () => question;
/** another tab has its person prove a factor, and this one cannot refresh meanwhile */
export const isWaiting = () => waiting;

// --- the issuer --------------------------------------------------------------------

/** the console's own address: its redirect URI, and where its API is */
export const home = new URL('./', location.href.replace(/[?#].*$/, ''));

const options = location.protocol === 'http:' ? { [oauth.allowInsecureRequests]: true } : {};

let settings: Configuration;
let server: oauth.AuthorizationServer;
let client: oauth.Client;
let proof: oauth.DPoPHandle;
/** of the sign-in that this tab goes by */
let id: string | undefined;
let access: { token: string; until: number } | undefined;

export const configuration = () => settings;

const record = () => `session ${settings.issuer}`;
const begun = (name: string) => `begun ${settings.issuer} ${name}`;
let channel: BroadcastChannel | undefined;

async function readConfiguration(): Promise<void> {
	const response = await fetch(new URL('configuration', home), { cache: 'no-store' });
	if (!response.ok) throw new ApiError(response.status, 'disabled', response.status === 404 ? 'This issuer has no console.' : 'The service does not answer as it should.');
	settings = await response.json() as Configuration;
	const issuer = new URL(settings.issuer);
	server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
	client = { client_id: settings.client_id };
}

/** begins: goes on where a sign-in or another page has left off */
export async function start(): Promise<void> {
	become({ name: 'starting' });
	try {
		if (!globalThis.isSecureContext) throw new ApiError(0, 'insecure', 'The console keeps its key in the browser, which takes HTTPS (or localhost).');
		await readConfiguration();
		listen();
		const query = new URLSearchParams(location.search);
		if (query.has('state') && (query.has('code') || query.has('error'))) await finishSignIn(query);
		else await resume();
	} catch (error) {
		become({ name: 'failed', error: asApiError(error) });
	}
}

function listen(): void {
	channel ??= new BroadcastChannel(`pgtoken-console ${settings.issuer}`);
	channel.onmessage = ({ data }) => {
		if (data === 'signed-out' && (state.name === 'signed_in' || state.name === 'over')) end({ name: 'signed_out', notice: 'You signed out in another tab.' });
		if (data === 'signed-in' && (state.name === 'signed_out' || state.name === 'over')) start();
	};
}

async function resume(): Promise<void> {
	const stored = await load<Stored>(record());
	if (!stored) return become({ name: 'signed_out' });
	id = stored.id;
	proof = oauth.DPoP(client, stored.keys);
	try {
		await accessToken();
		become({ name: 'signed_in' });
	} catch (error) {
		// whoever is told that it is over sees that already
		if (asApiError(error).code !== 'session_over') throw error;
	}
	return undefined;
}

function end(next: State): void {
	access = undefined;
	id = undefined;
	question?.cancel();
	become(next);
}

// --- sign in, sign out ----------------------------------------------------------------

export async function signIn(): Promise<void> {
	const verifier = oauth.generateRandomCodeVerifier();
	const name = oauth.generateRandomState();
	const nonce = oauth.generateRandomNonce();
	const keys = await oauth.generateKeyPair('ES256', { extractable: false });
	await save(begun(name), keys);
	// in this tab alone, and gone with it
	sessionStorage.setItem(begun(name), JSON.stringify({ verifier, nonce, hash: location.hash } satisfies Begun));
	const url = new URL(server.authorization_endpoint!);
	url.search = new URLSearchParams({
		client_id: client.client_id,
		response_type: 'code',
		redirect_uri: home.href,
		scope: ['openid', 'offline_access', ...settings.scopes].join(' '),
		resource: settings.resource,
		state: name,
		nonce,
		code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
		code_challenge_method: 'S256',
		// nobody else can redeem the code (RFC 9449 section 10)
		dpop_jkt: await oauth.DPoP(client, keys).calculateThumbprint(),
	}).toString();
	location.assign(url);
}

async function finishSignIn(query: URLSearchParams): Promise<void> {
	const name = query.get('state')!;
	const text = sessionStorage.getItem(begun(name));
	const keys = await load<CryptoKeyPair>(begun(name));
	sessionStorage.removeItem(begun(name));
	await remove(begun(name));
	const { verifier, nonce, hash } = (text ? JSON.parse(text) : { hash: '' }) as Begun;
	// neither the code nor what was asked stays in the address
	history.replaceState(null, '', home.pathname + hash);
	if (!text) return resume(); // an old address, opened again, or one that somebody else has made
	if (!keys) return become({ name: 'signed_out', notice: 'This browser does not keep the key of a sign-in. A private window may be why.' });
	try {
		const answer = oauth.validateAuthResponse(server, client, query, name);
		proof = oauth.DPoP(client, keys);
		const tokens = await withNonce(async () => oauth.processAuthorizationCodeResponse(server, client,
			await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), answer, home.href, verifier, { ...options, DPoP: proof }),
			{ expectedNonce: nonce, requireIdToken: true }));
		const before = await load<Stored>(record());
		id = crypto.randomUUID();
		await save(record(), kept(tokens, keys));
		channel?.postMessage('signed-in');
		if (before) revoke(before.refreshToken).catch(() => {});
		become({ name: 'signed_in' });
	} catch (error) {
		const refused = explained(error);
		become({ name: 'signed_out', notice: `Signing in was refused: ${refused.description}` });
	}
}

const revoke = async (token: string) => oauth.processRevocationResponse(await oauth.revocationRequest(server, client, oauth.None(), token,
	{ ...options, additionalParameters: { token_type_hint: 'refresh_token' } }));

/** Ends the family, also where another tab goes by it. A refresh that is under way finds nothing to keep its tokens in. */
export async function signOut(): Promise<void> {
	const stored = await load<Stored>(record());
	await remove(record());
	end({ name: 'signed_out' });
	channel?.postMessage('signed-out');
	if (!stored) return;
	await revoke(stored.refreshToken).catch(() => {
		if (state.name === 'signed_out') become({ name: 'signed_out', notice: 'This browser has forgotten the session. The service could not be told: there it ends by its time.' });
	});
}

/** where the login page's own session ends, too */
export const endSessionUrl = () => server?.end_session_endpoint;

// --- tokens ----------------------------------------------------------------------------

/** the server may ask for a nonce of its own, once */
async function withNonce<T>(request: () => Promise<T>): Promise<T> {
	try {
		return await request();
	} catch (error) {
		if (!oauth.isDPoPNonceError(error)) throw error;
		return request();
	}
}

function explained(error: unknown): ApiError {
	if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
		const status = error instanceof oauth.ResponseBodyError ? error.status : 0;
		return new ApiError(status, error.error, error.error_description ?? error.error);
	}
	return asApiError(error);
}

/** before its end an access token is exchanged; of one that lives for seconds when two thirds are over */
const SOON = 15_000;

/** the access token is taken for what it is, the rest is to be stored */
function kept(tokens: oauth.TokenEndpointResponse, keys: CryptoKeyPair): Stored {
	if (!tokens.refresh_token) throw new ApiError(0, 'unexpected', 'The service gave no refresh token.');
	const lifetime = (tokens.expires_in ?? 60) * 1000;
	access = { token: tokens.access_token, until: Date.now() + lifetime - Math.min(SOON, lifetime / 3) };
	return { id: id!, keys, refreshToken: tokens.refresh_token };
}

/** who has signed out has been told */
function gone(notice: string): ApiError {
	if (state.name === 'signed_out') access = undefined;
	else end({ name: 'over', notice });
	return new ApiError(401, 'session_over', notice);
}

/** refreshes; the lock is held. Rejects with session_over where there is nothing left to refresh. */
async function refresh(parameters: Record<string, string> = {}): Promise<void> {
	const stored = await load<Stored>(record());
	if (stored?.id !== id || !stored) throw gone(stored ? 'You signed in again in another tab.' : 'You are signed out.');
	try {
		const tokens = await withNonce(async () => oauth.processRefreshTokenResponse(server, client,
			await oauth.refreshTokenGrantRequest(server, client, oauth.None(), stored.refreshToken,
				{ ...options, DPoP: proof, additionalParameters: parameters })));
		// somebody has signed out meanwhile, here or in another tab: that holds for what has just come, too
		const next = stored.id === id ? kept(tokens, stored.keys) : undefined;
		if (next && await replace(record(), next.id, next)) return;
		if (tokens.refresh_token) revoke(tokens.refresh_token).catch(() => {});
		throw gone('You are signed out.');
	} catch (error) {
		if (!(error instanceof oauth.ResponseBodyError) || !['invalid_grant', 'invalid_client'].includes(error.error)) throw error;
		// and not that of a sign-in in another tab, which has just ended this one
		await replace(record(), stored.id, undefined);
		throw gone('Your session has ended.');
	}
}

/** one tab at a time */
function alone<T>(action: () => Promise<T>): Promise<T> {
	const patience = setTimeout(() => setWaiting(!question), 2000);
	return navigator.locks.request(`pgtoken-console ${settings.issuer}`, async () => {
		clearTimeout(patience);
		if (waiting) setWaiting(false);
		return action();
	});
}

const newest = () => access;
let refreshing: Promise<void> | undefined;

/** one that holds for a while yet; refused: this one does not, whatever its clock says */
export async function accessToken(refused?: string): Promise<string> {
	if (access && access.token !== refused && access.until > Date.now()) return access.token;
	access = undefined;
	refreshing ??= alone(() => refresh()).finally(() => { refreshing = undefined; });
	await refreshing.catch((error) => { throw explained(error); });
	// the newest that there is, whatever the clock says
	return newest()?.token ?? accessToken();
}

/** a POST to the API with the token and a proof of the key */
export const send = (token: string, url: URL, body: string): Promise<Response> => withNonce(() =>
	oauth.protectedResourceRequest(token, 'POST', url, new Headers({ 'content-type': 'application/json', accept: 'application/json' }), body,
		{ ...options, DPoP: proof }));

// --- step-up -----------------------------------------------------------------------------

interface Transaction {
	transaction_id: string;
	expires_in: number;
	factors: Factor[];
	step_up_challenge_endpoint: string;
	complete_challenge_endpoint: string;
}

async function post(endpoint: string, parameters: Record<string, string>): Promise<Record<string, unknown>> {
	// of this service, whatever the answer says
	const url = new URL(endpoint);
	if (url.origin !== new URL(settings.issuer).origin) throw new ApiError(0, 'unexpected', 'The service names an address of another one.');
	const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ client_id: client.client_id, ...parameters }) });
	const json = await response.json().catch(() => ({})) as Record<string, unknown>;
	if (!response.ok) throw new ApiError(response.status, String(json.error ?? 'unexpected'), String(json.error_description ?? 'The service does not answer as it should.'));
	return json;
}

/** the transaction of a refresh that takes a proof; none where it takes none */
async function challenged(parameters: Record<string, string>): Promise<Transaction | undefined> {
	try {
		await refresh(parameters);
		return undefined;
	} catch (error) {
		if (!(error instanceof oauth.ResponseBodyError) || error.error !== 'mfa_required') throw error;
		return error.cause as unknown as Transaction;
	}
}

/** true: proved; false: the transaction is over and another may follow. Rejects when the person does not want to. */
function askPerson(transaction: Transaction, factorIds: string[] | undefined, notice: string | undefined): Promise<string | undefined> {
	const { transaction_id } = transaction;
	const factors = transaction.factors.filter(({ factor_id }) => !factorIds || factorIds.includes(factor_id));
	if (factors.length === 0) return Promise.reject(new ApiError(403, 'access_denied', 'None of your factors can be used here.'));
	return new Promise((resolve, reject) => {
		const done = (settle: () => void) => {
			ask(undefined);
			settle();
		};
		const over = (error: ApiError) => {
			if (error.code === 'expired_token') done(() => resolve('That took too long; here is another try.'));
			else if (error.code === 'access_denied') done(() => resolve('That was wrong too often. Try another factor, or wait a moment.'));
			else return error;
			return error;
		};
		ask({
			factors,
			notice,
			expiresAt: Date.now() + transaction.expires_in * 1000,
			challenge: (factor_id) => post(transaction.step_up_challenge_endpoint, { transaction_id, factor_id })
				.catch((error) => { throw over(asApiError(error)); }),
			complete: (factor_id, evidence) => post(transaction.complete_challenge_endpoint, { transaction_id, factor_id, ...evidence })
				.then(() => done(() => resolve(undefined)), (error) => { throw over(asApiError(error)); }),
			cancel: () => done(() => reject(cancelled())),
		});
	});
}

async function prove(parameters: Record<string, string>, factorIds: string[] | undefined): Promise<void> {
	for (let notice: string | undefined; ;) {
		const transaction = await challenged(parameters);
		if (!transaction) return;
		notice = await askPerson(transaction, factorIds, notice);
		if (notice) continue;
		try {
			await refresh({ ...parameters, transaction_id: transaction.transaction_id });
			return;
		} catch (error) {
			const { code } = explained(error);
			if (code !== 'expired_token' && code !== 'mfa_required') throw error;
			notice = 'That took too long; here is another try.';
		}
	}
}

let proving: Promise<void> | undefined;

/**
 * Has the person prove one of these factors, and the family remember it (RFC 9470).
 * However many calls ask for it at once, it is proved once.
 */
export function stepUp(acrValues: string | undefined, factorIds: string[] | undefined): Promise<void> {
	const parameters = { ...(acrValues && { acr_values: acrValues }), max_age: '0' };
	proving ??= alone(() => prove(parameters, factorIds)).finally(() => { proving = undefined; });
	return proving.catch((error) => { throw explained(error); });
}
