import type { Answer, Context, PublicKeyOptions } from './index.js';

export { HttpClient, PgtokenError, RefusedError, Session, StoreError, UnavailableError } from './index.js';
export type { Answer, Context } from './index.js';

/** for session({lock}): one tab of the site refreshes at a time */
export function tabLock<T>(key: string, work: () => Promise<T>): Promise<T>;

export class Collector {
  constructor(options?: {
    /** of the device's id (localStorage) */
    storage?: Pick<Storage, 'getItem' | 'setItem'>;
    /** members of the application's own */
    more?: () => Promise<Context>;
    /** seconds that a collection may be used again (0: each refresh has its own) */
    keep?: number;
  });
  collect(): Promise<Context>;
  /** the refresh with a context; again with a new one where a policy has not allowed one that was kept */
  refresh<A extends { status: string; over?: boolean } = Answer>(send: (context: Context) => Promise<A>): Promise<A>;
}

export function passkeyEvidence(publicKey: PublicKeyOptions): Promise<{ id: string; client_data_json: string; authenticator_data: string; signature: string }>;
