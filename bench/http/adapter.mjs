// oidc-provider's storage in PostgreSQL: a table per model, each operation one
// prepared statement.  It commits by itself, because that is what oidc-provider
// asks an adapter for, unless the request has a transaction (see provider.mjs).
// The tables are those of setup.sql.
import { AsyncLocalStorage } from 'node:async_hooks';

import pg from 'pg';

export const pool = new pg.Pool({ max: Number(process.env.POOL_SIZE), application_name: 'bench-peer' });

/** the connection whose transaction a request's statements belong to, where it has one */
export const transaction = new AsyncLocalStorage();

// RefreshToken -> peer.refresh_token
const tableOf = (model) => `peer.${model.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()}`;

const expiryOf = (seconds) => (seconds === undefined ? null : new Date(Date.now() + seconds * 1000));

export class Adapter {
    constructor(model) {
        this.model = model;
        const table = tableOf(model);
        const statement = (operation, text) => [`${model}.${operation}`, text];
        const finding = (column) => `SELECT payload, extract(epoch FROM consumed_at)::bigint::int AS consumed
            FROM ${table} WHERE ${column} = $1`;
        this.statements = {
            upsert: statement('upsert', `INSERT INTO ${table} (id, payload, grant_id, uid, user_code, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE
                SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
                    user_code = excluded.user_code, expires_at = excluded.expires_at`),
            find: statement('find', finding('id')),
            findLocked: statement('findLocked', `${finding('id')} FOR UPDATE`),
            findByUid: statement('findByUid', finding('uid')),
            findByUserCode: statement('findByUserCode', finding('user_code')),
            consume: statement('consume', `UPDATE ${table} SET consumed_at = now() WHERE id = $1`),
            destroy: statement('destroy', `DELETE FROM ${table} WHERE id = $1`),
            revokeByGrantId: statement('revokeByGrantId', `DELETE FROM ${table} WHERE grant_id = $1`),
        };
    }

    async run(operation, ...values) {
        const [name, text] = this.statements[operation];
        return (await (transaction.getStore() ?? pool).query({ name, text, values })).rows[0];
    }

    async look(operation, value) {
        const row = await this.run(operation, value);
        if (row === undefined) return undefined;
        return row.consumed === null ? row.payload : { ...row.payload, consumed: row.consumed };
    }

    async upsert(id, payload, expiresIn) {
        await this.run('upsert', id, payload, payload.grantId, payload.uid, payload.userCode, expiryOf(expiresIn));
    }

    find(id) {
        return this.look(this.model === 'RefreshToken' && transaction.getStore() ? 'findLocked' : 'find', id);
    }

    findByUid(uid) {
        return this.look('findByUid', uid);
    }

    findByUserCode(userCode) {
        return this.look('findByUserCode', userCode);
    }

    async consume(id) {
        await this.run('consume', id);
    }

    async destroy(id) {
        await this.run('destroy', id);
    }

    async revokeByGrantId(grantId) {
        await this.run('revokeByGrantId', grantId);
    }
}
