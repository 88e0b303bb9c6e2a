/** Seconds since 1970, ISO strings and the like are said where they are meant; names of a context are the server's. */

/** What is known of a request: docs/policies.md#context. Over HTTP a client says session_id and device_id, the issuer sees the rest itself. */
export interface Context {
  ip?: string;
  user_agent?: string;
  session_id?: string;
  device_id?: string;
  collected_at?: number | string;
  time_zone?: string;
  languages?: string[];
  client_hints?: ClientHints;
  latitude?: number;
  longitude?: number;
  risk_score?: number;
  [member: string]: unknown;
}

export interface ClientHints {
  platform?: string;
  mobile?: boolean;
  brands?: string[];
}

export interface Tokens {
  accessToken: string;
  tokenType: string;
  /** seconds, when it was answered */
  expiresIn: number;
  /** milliseconds since 1970, by this machine's clock */
  expiresAt: number;
  /** the successor: the one to present next */
  refreshToken?: string;
  idToken?: string;
  scope?: string;
}

export interface Allowed {
  status: 'allow';
  tokens: Tokens;
  /** over SQL: the family */
  grantId?: string;
}

export interface Denied {
  status: 'deny';
  error: string;
  reason?: string;
  /** the refresh token is good for nothing any more: forget it, and have the user log in */
  over: boolean;
  /** of a challenge: false: the user may try again; true: begin anew, with a refresh without transactionId */
  transactionOver?: boolean;
}

export interface Factor {
  id: string;
  type: 'email' | 'sms' | 'totp' | 'webauthn' | 'recovery_code' | 'external';
  label?: string;
}

/** Nothing was consumed: one of the factors is proved, and the same refresh goes on with the transactionId. */
export interface Required {
  status: 'require';
  error: string;
  reason?: string;
  transactionId: string;
  allowedFactors: Factor[];
  /** seconds that the transaction lives */
  expiresIn: number;
  /** what the refresh goes on with: the context and options that it was judged by */
  context: Context;
  options?: RefreshOptions;
}

export type Answer = Allowed | Denied | Required;

/** of a challenge: it was made, and what the user does with it */
export interface Sent {
  status: 'sent';
  factorId: string;
  factorType: Factor['type'];
  expiresIn: number;
  /** over SQL with deliver 'return': the code, to be sent to the user and to nobody else */
  code?: string;
  /** of a passkey: see passkeyEvidence of pgtoken-client/browser */
  publicKey?: PublicKeyOptions;
}

export interface PublicKeyOptions {
  challenge: string;
  allowCredentials: { id: string; type: string }[];
  [member: string]: unknown;
}

export interface Completed {
  status: 'completed';
  factorId: string;
  factorType: Factor['type'];
  acr: string;
}

export type Challenged = Sent | Denied;
export type Proved = Completed | Denied;

/** What is typed, or the members that the factor needs: docs/http.md#complete_challenge. */
export type Evidence = string | { code: string } | { id?: string; client_data_json: string; authenticator_data: string; signature: string }
  | { verified: boolean; acr?: string; amr?: string[] };

export interface RefreshOptions {
  transactionId?: string;
  scope?: string;
  resource?: string[];
  acrValues?: string[];
  /** seconds */
  maxAge?: number;
}

export interface SqlRefreshOptions extends RefreshOptions {
  clientId?: string;
  clientSecret?: string;
  cnf?: object;
  authorizationDetails?: object[];
}

export interface IssueOptions {
  subject: string;
  clientId?: string;
  scope?: string;
  resource?: string[];
  authTime?: Date;
  acr?: string;
  amr?: string[];
  nonce?: string;
  sessionId?: string;
  claims?: object;
  cnf?: object;
  transactionId?: string;
  authorizationDetails?: object[];
  /** seconds */
  lifetime?: number;
  /** seconds */
  idleLifetime?: number;
  actor?: object;
}

export interface UserSession {
  id: string;
  current: boolean;
  device?: string;
  scope: string;
  clients: { id: string; name?: string }[];
  firstAddress?: string;
  lastAddress?: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  offline: boolean;
}

/** a client to be told that the session has ended; none over HTTP, where the issuer tells them */
export interface ClientToTell {
  clientId: string;
  backchannelLogoutUri: string | null;
  logoutToken: string | null;
  frontchannelLogoutUri: string | null;
}

export interface RetryOptions {
  /** of one request, at most (4) */
  attempts?: number;
  /** milliseconds of the first pause, which doubles, each by chance (200) */
  delay?: number;
  /** milliseconds after which no further attempt begins (25000): less than the client's retry window */
  patience?: number;
}

type Lock = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export interface SessionOptions {
  /** which user's: the application's own name for it */
  key: string;
  /** what is kept, or null; of a login by another library the refreshToken will do */
  load(): Partial<Tokens> | null | Promise<Partial<Tokens> | null>;
  /** keep it, durably, before it resolves; null: forget all */
  store(tokens: Tokens | null): unknown;
  /** instead of the client's own, which is for one process: tabLock of pgtoken-client/browser, or a lock of yours */
  lock?: Lock;
}

/** One user's tokens. All its calls come one after the other. */
export class Session {
  /** those that are kept, where they live another minValidity seconds (30); or else new ones */
  tokens(context: Context, options?: RefreshOptions & { minValidity?: number }): Promise<Answer>;
  /** new ones, in any case */
  refresh(context: Context, options?: SqlRefreshOptions): Promise<Answer>;
  /** the user's evidence, and the refresh goes on */
  prove(required: Required, factorId: string, evidence: Evidence): Promise<Answer>;
  revoke(): Promise<void>;
}

declare abstract class Client<Options, Whose> {
  /** one refresh. Nothing is stored: see session() */
  refresh(context: Context, token: string, options?: Options): Promise<Answer>;
  session(options: SessionOptions): Session;
  answerChallenge(transactionId: string, factorId: string, evidence: Evidence): Promise<Proved>;
  /** a refresh token takes its family along */
  revoke(token: string): Promise<void>;
  sessions(whose: Whose, options?: { uiLocales?: string }): Promise<UserSession[]>;
  endSession(whose: Whose, id: string): Promise<ClientToTell[]>;
}

type Authentication = (client: { clientId: string; issuer: string }) => Credentials | Promise<Credentials>;
interface Credentials { headers?: Record<string, string>; parameters?: Record<string, string> }

export interface HttpOptions extends RetryOptions {
  issuer: string;
  clientId: string;
  /** nothing: a public client */
  authentication?: Authentication;
  /** binds the tokens to this pair of keys (RFC 9449) */
  dpop?: { privateKey: CryptoKey; publicKey: CryptoKey };
  fetch?: typeof fetch;
  /** milliseconds of one attempt (5000) */
  timeout?: number;
}

/** Over HTTP. Sessions are the user's whose access token it is, with the scope pgtoken:sessions. */
export class HttpClient extends Client<RefreshOptions, string> {
  constructor(options: HttpOptions);
  metadata(): Promise<Record<string, unknown>>;
  /** an authorization code, presented once */
  redeem(context: Context, code: { code: string; redirectUri: string; codeVerifier: string; resource?: string[]; transactionId?: string }): Promise<Answer>;
  challenge(transactionId: string, factorId: string): Promise<Challenged>;
  endOtherSessions(accessToken: string): Promise<ClientToTell[]>;
}

export interface SqlOptions extends RetryOptions {
  /** a Pool of pg, or a Client that is in no transaction: each call commits, whatever it answers */
  db: { query(statement: string, values: unknown[]): Promise<{ rows: any[] }> };
  /** of each call that names no other */
  clientId?: string;
  clientSecret?: string;
}

/** Over SQL. Sessions are those of a subject. */
export class SqlClient extends Client<SqlRefreshOptions, string> {
  constructor(options: SqlOptions);
  issue(context: Context, options: IssueOptions): Promise<Answer>;
  challenge(transactionId: string, factorId: string, options?: { deliver?: 'return' | 'outbox' }): Promise<Challenged>;
  revoke(token: string, reason?: string): Promise<void>;
  sessions(subject: string, options?: { current?: string; uiLocales?: string }): Promise<UserSession[]>;
  /** keep: the session that stays */
  endOtherSessions(subject: string, keep: string): Promise<ClientToTell[]>;
}

export function clientSecretBasic(secret: string): Authentication;
export function clientSecretPost(secret: string): Authentication;
export function privateKeyJwt(options: { key: CryptoKey; kid?: string }): Authentication;

/** the context of a browser's request: what it says of itself, cleaned, and what the server has seen of it */
export function contextFromBrowser(collected: unknown, seen?: Context): Context;

export class PgtokenError extends Error {}
/** no answer, however often it was asked: keep the token, and present the same one again */
export class UnavailableError extends PgtokenError { attempts: number }
/** revoke and sessions were refused */
export class RefusedError extends PgtokenError { error: string; reason?: string; status: number }
/** store() has failed: the next refresh with the old token gets the same successor, within the retry window */
export class StoreError extends PgtokenError {}
