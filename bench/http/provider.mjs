// The peer: oidc-provider with the same client, API, lifetimes and kind of token
// as the pgtoken it is measured against.
//
//   node provider.mjs PORT CHAINS FAMILIES RECORD
//
// CHAINS: a file that gets the refresh tokens of FAMILIES new families.
// RECORD: on = each answer of the token endpoint waits for a ledger row and an
//         audit row, which oidc-provider itself does not write.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { Provider } from 'oidc-provider';

import { Adapter, pool } from './adapter.mjs';

const [port, chains, wanted, record] = process.argv.slice(2);
const resource = 'https://api.example';
const day = 24 * 60 * 60;

// a key that is there at the start costs nothing later
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter: Adapter,
    jwks: { keys: [jwk] },
    cookies: { keys: ['not used by the token endpoint'] },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    // pgtoken does not look users up either
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: true,
    ttl: { AccessToken: 300, ClientCredentials: 300, RefreshToken: 14 * day, Grant: 30 * day },
    features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
            enabled: true,
            defaultResource: () => resource,
            useGrantedResource: () => true,
            getResourceServerInfo: () => ({
                audience: resource,
                scope: 'read write',
                accessTokenFormat: 'jwt',
                accessTokenTTL: 300,
                jwt: { sign: { alg: 'ES256' } },
            }),
        },
    },
});

// What pgtoken writes in the same transaction comes here after it.
async function recordToken(ctx, next) {
    await next();
    if (ctx.oidc?.route !== 'token' || ctx.status !== 200) return;
    const { client, params, entities: { Grant: grant, AccessToken, ClientCredentials } } = ctx.oidc;
    const { jti, scope } = AccessToken ?? ClientCredentials;
    await pool.query({
        name: 'record',
        text: `WITH entered AS (
                INSERT INTO peer.issued (jti, grant_id, client_id, subject, scope, expires_at)
                VALUES ($1, $2::text, $3::text, $4::text, $5, now() + $6 * interval '1 second')
            )
            INSERT INTO peer.audit (event, grant_id, client_id, subject, context) VALUES ($7, $2, $3, $4, $8)`,
        values: [jti, grant?.jti, client.clientId, grant?.accountId, scope, ctx.body.expires_in, params.grant_type,
            { ip: ctx.ip, user_agent: ctx.get('user-agent') }],
    });
}

if (record === 'on') provider.use(recordToken);

// what an authorization code flow would have left behind
async function newFamily(client, accountId) {
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope('offline_access');
    grant.addResourceScope(resource, 'read write');
    const grantId = await grant.save();
    return new provider.RefreshToken({
        accountId, authTime: Math.floor(Date.now() / 1000), client, grantId, gty: 'authorization_code',
        resource, rotations: 0, scope: 'read write offline_access',
    }).save();
}

const client = await provider.Client.find('web');
const families = [];
for (let i = 0; i < Number(wanted); i++) families.push(await newFamily(client, `user-${i}`));
writeFileSync(chains, JSON.stringify(families), { mode: 0o600 });

const server = provider.listen(Number(port), '127.0.0.1', () => console.log('provider: listening'));
process.once('SIGTERM', () => server.close(() => pool.end()));
