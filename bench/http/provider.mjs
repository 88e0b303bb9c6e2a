// The peer: oidc-provider with the same client, API, lifetimes and kind of token
// as the pgtoken it is measured against.
//
//   node provider.mjs PORT CHAINS FAMILIES MATCH
//
// CHAINS: a file that gets the refresh tokens of FAMILIES new families.
// MATCH: on = what oidc-provider leaves out and can be put around it: a request to
//         the token endpoint is one transaction, a refresh token that is presented
//         is locked, and a ledger row and an audit row are written with the rest.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { Provider } from 'oidc-provider';

import { Adapter, pool, transaction } from './adapter.mjs';

const [port, chains, wanted, match] = process.argv.slice(2);
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

// A refusal commits as well: a refresh token used twice has ended its family.
async function inTransaction(ctx, next) {
    const connection = await pool.connect();
    try {
        await connection.query('BEGIN');
        await transaction.run(connection, next);
        if (ctx.oidc?.route === 'token' && ctx.status === 200) await recordToken(ctx, connection);
        await connection.query(ctx.status < 500 ? 'COMMIT' : 'ROLLBACK');
    } catch (error) {
        await connection.query('ROLLBACK');
        throw error;
    } finally {
        connection.release();
    }
}

async function recordToken(ctx, connection) {
    const { client, params, entities: { Grant: grant, AccessToken, ClientCredentials } } = ctx.oidc;
    const { jti, scope } = AccessToken ?? ClientCredentials;
    await connection.query({
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

if (match === 'on') provider.use(inTransaction);

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
