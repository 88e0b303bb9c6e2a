// The types, held against how the package is used: make console compiles this.
import { clientSecretBasic, contextFromBrowser, HttpClient, privateKeyJwt, SqlClient, StoreError, UnavailableError } from 'pgtoken-client';
import type { Answer, Tokens } from 'pgtoken-client';
import { Collector, passkeyEvidence, tabLock } from 'pgtoken-client/browser';

declare const pool: { query(statement: string, values?: unknown[]): Promise<{ rows: any[] }> };
declare const keys: CryptoKeyPair;

export async function overSql(body: unknown, refreshToken: string): Promise<string> {
  const client = new SqlClient({ db: pool, clientId: 'shop', attempts: 2 });
  const context = contextFromBrowser(body, { ip: '192.0.2.1', user_agent: 'agent' });
  await client.issue(context, { subject: 'user-1', scope: 'openid', authTime: new Date(), lifetime: 3600 });
  const answer = await client.refresh(context, refreshToken, { clientSecret: 'secret' });
  // @ts-expect-error tokens are there only where it was allowed
  answer.tokens;
  switch (answer.status) {
    case 'allow': return answer.tokens.accessToken;
    case 'deny': return answer.over ? 'log in' : answer.error;
    case 'require': {
      const [factor] = answer.allowedFactors;
      if (!factor) return 'no factor';
      const sent = await client.challenge(answer.transactionId, factor.id);
      return sent.status === 'sent' ? sent.code ?? '' : sent.error;
    }
  }
}

export async function overHttp(): Promise<Answer> {
  const client = new HttpClient({ issuer: 'https://login.example.com', clientId: 'shop', authentication: clientSecretBasic('secret'), dpop: keys });
  new HttpClient({ issuer: 'https://login.example.com', clientId: 'shop', authentication: privateKeyJwt({ key: keys.privateKey, kid: 'k' }) });
  // @ts-expect-error who owns the database is not asked over HTTP
  client.issue;
  let kept: Tokens | null = null;
  const session = client.session({ key: 'user', load: () => kept, store: async (tokens) => { kept = tokens; }, lock: tabLock });
  const collector = new Collector({ keep: 60 });
  try {
    const answer = await collector.refresh((context) => session.tokens(context, { minValidity: 60 }));
    if (answer.status !== 'require') return answer;
    const sent = await client.challenge(answer.transactionId, answer.allowedFactors[0]!.id);
    if (sent.status !== 'sent') return sent;
    return await session.prove(answer, sent.factorId, sent.publicKey ? await passkeyEvidence(sent.publicKey) : '123456');
  } catch (error) {
    if (error instanceof UnavailableError) console.error(error.attempts);
    if (error instanceof StoreError) console.error(error.cause);
    for (const { id, current } of await client.sessions('token')) if (!current) await client.endSession('token', id);
    throw error;
  }
}
