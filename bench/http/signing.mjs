// jose and jsonwebtoken in process: CPU time of claims to token, and of token to
// claims with issuer, audience and expiry checked.  Keys are imported once.
//
//   node signing.mjs [MILLISECONDS]     the length of one turn
//
// Prints lines of "sign|read ALG LIBRARY MICROSECONDS".  The claims are those
// that ../signing.c has the core sign.
import { createSecretKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';

import { importJWK, jwtVerify, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';

const milliseconds = Number(process.argv[2] ?? 100);
const issuer = 'https://bench.example';
const audience = 'https://api.example';
const header = { typ: 'at+jwt', kid: 'k'.repeat(43) };

function claims() {
    const now = Math.floor(Date.now() / 1000);
    return {
        iss: issuer, sub: 'user-123456', aud: audience, client_id: 'web', scope: 'read write offline_access',
        jti: 'j'.repeat(38), grant_id: '01890a5d-ac96-774b-bcce-b302099a8057', auth_time: now, iat: now, exp: now + 3600,
    };
}

function keysOf(alg) {
    if (alg === 'HS256') {
        const key = createSecretKey(randomBytes(32));
        return { privateKey: key, publicKey: key };
    }
    if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
    return alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

// CryptoKeys, which spare jose to make them of something else
async function joseSides(alg, { privateKey, publicKey }) {
    const imported = (key) => (alg === 'HS256'
        ? webcrypto.subtle.importKey('raw', key.export(), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
        : importJWK(key.export({ format: 'jwk' }), alg));
    const [secret, open] = [await imported(privateKey), await imported(publicKey)];
    return {
        sign: () => new SignJWT(claims()).setProtectedHeader({ alg, ...header }).sign(secret),
        read: (token) => jwtVerify(token, open, { algorithms: [alg], issuer, audience, typ: 'at+jwt' }),
    };
}

function jsonwebtokenSides(alg, { privateKey, publicKey }) {
    return {
        sign: () => jsonwebtoken.sign(claims(), privateKey, { algorithm: alg, header: { alg, ...header } }),
        read: (token) => jsonwebtoken.verify(token, publicKey, { algorithms: [alg], issuer, audience }),
    };
}

/** microseconds of CPU of this process, its threads included, per call */
async function measure(call, length) {
    const start = process.cpuUsage();
    const end = performance.now() + length;
    let n = 0;
    do {
        for (let i = 0; i < 10; i++) await call();
        n += 10;
    } while (performance.now() < end);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / n;
}

for (const alg of ['ES256', 'EdDSA', 'RS256', 'HS256']) {
    const keys = keysOf(alg);
    const libraries = { jose: await joseSides(alg, keys) };
    // it knows no EdDSA
    if (alg !== 'EdDSA') libraries.jsonwebtoken = jsonwebtokenSides(alg, keys);
    for (const [library, { sign, read }] of Object.entries(libraries)) {
        const token = await sign();
        for (const [what, call] of [['sign', sign], ['read', () => read(token)]]) {
            await measure(call, milliseconds); // Node compiles what it runs often
            console.log(what, alg, library, (await measure(call, milliseconds)).toFixed(2));
        }
    }
}
