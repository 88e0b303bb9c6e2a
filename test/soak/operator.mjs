// What an operator does meanwhile: keys, policies, maintenance, seals; and time, which is
// moved in the rows, so that there is something to purge.
import { setTimeout as later } from 'node:timers/promises';

import { Lost, Session } from './world.mjs';

const ACTS = { rotate: 3, policy: 4, maintain: 3, purge: 3, seal: 4 };
// none of these fires for a client that stays where it is
const RULES = [
	[{ rule: 'network_changed', outcome: 'require' }],
	[{ rule: 'user_agent_changed', outcome: 'deny' }, { rule: 'idle', longer_than: 604800, outcome: 'require' }],
	[{ rule: 'concurrent_context', outcome: 'allow' }, { rule: 'impossible_travel', outcome: 'deny' }],
];

export class Operator {
	constructor(soak) {
		this.soak = soak;
		this.session = new Session(soak.world.database, 'operator');
		this.superuser = new Session(soak.world.database, 'postgres');
	}

	async run() {
		while (!this.soak.ending) {
			const act = this.soak.random.weighted(ACTS);
			try {
				await this.soak.gate.through(() => this[act]());
				this.soak.count(act);
			} catch (error) {
				if (!(error instanceof Lost)) this.soak.fault(`${act} ended with ${error.code ?? ''} ${error.message}`);
				this.soak.count(`${act} lost`);
			}
			await later(this.soak.random.between(2_000, 20_000));
		}
	}

	async rotate() {
		const rows = await this.superuser.rows(`SELECT kid FROM pgtoken.signing_keys WHERE state = 'retiring' ORDER BY retiring_at`);
		if (rows.length >= 6) {
			// its tokens are refused from now on
			this.soak.retired.add(rows[0].kid);
			await this.session.rows('SELECT pgtoken.retire_signing_key($1, $2)', [rows[0].kid, 'soak']);
			this.soak.journal.event('signing_key.changed', undefined, rows[0].kid);
		}
		const { kid } = await this.session.row('SELECT pgtoken.rotate_signing_key(force => true) AS kid');
		this.soak.journal.event('signing_key.created', undefined, kid);
	}

	async policy() {
		const { random } = this.soak;
		const [{ version }] = await this.session.rows('SELECT pgtoken.create_policy($1, $2) AS version', ['soak', JSON.stringify(random.of(RULES))]);
		this.soak.journal.event('policy.created', undefined, String(version));
		const shadow = random.next() < 0.3;
		await this.session.rows('SELECT pgtoken.activate_policy($1, $2, $3)', ['soak', version, shadow]);
		if (random.next() < 0.2) await this.session.rows('SELECT pgtoken.deactivate_policy($1)', ['soak']);
	}

	async maintain() {
		await this.session.rows('SELECT FROM pgtoken.maintain()');
	}

	async seal() {
		await this.session.rows('SELECT pgtoken.seal_audit()');
	}

	/** families that were revoked, as if that had been long ago */
	async purge() {
		const ended = [...this.soak.families.values()].filter(({ ending, purged }) => ending === 'answered' && !purged);
		const ids = ended.map(({ grantId }) => grantId);
		for (const family of ended) family.purged = true;
		await this.superuser.rows(`UPDATE pgtoken.grants g SET created_at = g.created_at - interval '500 days', expires_at = g.expires_at - interval '500 days',
			rotated_at = g.rotated_at - interval '500 days', revoked_at = g.revoked_at - interval '500 days' WHERE g.grant_id = ANY ($1::uuid[])`, [ids]);
		await this.session.rows('SELECT FROM pgtoken.maintain()');
		const [{ left }] = await this.superuser.rows('SELECT count(*)::integer AS left FROM pgtoken.grants g WHERE g.grant_id = ANY ($1::uuid[])', [ids]);
		if (left > 0) this.soak.fault(`${left} families that ended long ago are left by maintain()`);
		this.soak.purged += ids.length;
	}
}
