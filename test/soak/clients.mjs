// Honest clients: each remembers what it was answered, and where an answer is lost asks
// again with the same token.  What they remember is the journal, which the database is
// held against; it lies outside of it, in a file as well, and has hashes only.
import { createHash } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';

import { Lost, Session, throughFastcgi, throughGateway } from './world.mjs';

const FAMILIES = 6;
const ROUTES = { sql: 4, gateway: 4, fastcgi: 3 };
const ACTS = { refresh: 60, twice: 8, issue: 12, revoke: 8, blacklist: 5, introspect: 12, verify: 6 };
const SUBJECTS = 200;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
const kidOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url')).kid;

/** what a refresh token says of itself */
function parse(token) {
	const bytes = Buffer.from(token.slice('pgtrt_'.length), 'base64url');
	const id = bytes.subarray(1, 17).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
	return { grantId: id, generation: bytes.readUInt32BE(17), hash: sha256(bytes.subarray(21)) };
}

export class Client {
	constructor(soak, number) {
		this.soak = soak;
		this.name = number % 2 ? 'app' : 'backend';
		this.secret = this.name === 'backend' ? soak.secret : undefined;
		this.session = new Session(soak.world.database, 'app');
		this.ask = { gateway: throughGateway(soak.world), fastcgi: throughFastcgi(soak.world) };
		this.families = [];
	}

	async run() {
		while (!this.soak.ending) {
			const { random } = this.soak;
			const act = this.families.length < FAMILIES ? 'issue' : random.weighted(ACTS);
			await this[act](random.of(this.families));
			await later(this.soak.burst ? random.between(0, 5) : random.between(0.4, 1.6) * this.soak.pause);
		}
	}

	/** until an answer has come; attempt(n) */
	async persist(what, attempt) {
		const began = Date.now();
		for (let n = 1; ; n++) {
			try {
				const answer = await this.soak.gate.through(() => attempt(n));
				this.soak.count(what);
				return answer;
			} catch (error) {
				if (!(error instanceof Lost)) {
					this.soak.fault(`${what} ended with ${error.code ?? ''} ${error.message}`);
					return undefined;
				}
				this.soak.count(`${what} lost`);
				if (Date.now() - began > 20 * 60_000) {
					this.soak.fault(`${what} was asked for twenty minutes in vain: ${error.message}`);
					return undefined;
				}
			}
			await later(this.soak.random.between(50, 500));
		}
	}

	// --- what a client is told, and remembers --------------------------------------

	post(route, target, form) {
		const headers = { 'content-type': 'application/x-www-form-urlencoded' };
		const fields = { ...form };
		if (this.secret) headers.authorization = `Basic ${Buffer.from(`${this.name}:${this.secret}`).toString('base64')}`;
		else fields.client_id = this.name;
		return this.ask[route]({ method: 'POST', target, headers, body: new URLSearchParams(fields).toString() });
	}

	/** {decision, error, refresh_token, access_token} of one request */
	async refreshOnce(family) {
		if (family.route === 'sql') {
			return await this.session.row('SELECT decision, error, refresh_token, access_token FROM pgtoken.refresh_grant($1, $2, $3)',
				[family.token, this.name, this.secret ?? null]);
		}
		const { status, body } = await this.post(family.route, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: family.token });
		if (status !== 200 && status !== 400 && status !== 401) throw new Error(`status ${status}: ${body.slice(0, 200)}`);
		return { decision: status === 200 ? 'allow' : 'deny', ...JSON.parse(body) };
	}

	/** an answer with tokens has arrived: with it the service has promised that it is on disk */
	remember(family, answer, what) {
		const held = parse(answer.refresh_token);
		const claims = claimsOf(answer.access_token);
		Object.assign(family, held, {
			token: answer.refresh_token, access: answer.access_token, jti: claims.jti, expires: claims.exp, kid: kidOf(answer.access_token), blacklisted: false,
		});
		this.soak.journal.answer(what, family);
	}

	// --- acts --------------------------------------------------------------------------

	async issue() {
		const { random } = this.soak;
		if (this.families.length >= 2 * FAMILIES) return;
		const answer = await this.persist('issue', () => this.session.row(
			'SELECT decision, error, refresh_token, access_token FROM pgtoken.issue_tokens($1, $2, $3)',
			[this.name, `user-${Math.floor(random.next() * SUBJECTS)}`, 'openid read offline_access']));
		if (!answer) return;
		if (answer.decision !== 'allow') return void this.soak.fault(`issue was refused: ${answer.error}`);
		const family = { client: this.name, route: random.weighted(this.soak.routes ?? ROUTES), pending: false };
		this.remember(family, answer, 'issue');
		this.families.push(family);
		this.soak.families.set(family.grantId, family);
	}

	async refresh(family, what = 'refresh', times = 1) {
		// from here on the database may be one generation ahead of the client
		family.pending = true;
		const answers = await Promise.all(Array.from({ length: times }, () => this.persist(`${what} by ${family.route}`, () => this.refreshOnce(family))));
		if (answers.includes(undefined)) return;
		const refused = answers.find(({ decision }) => decision !== 'allow');
		if (refused) {
			this.forget(family);
			family.pending = false;
			family.over = true;
			if (family.lost) return;
			return void this.soak.fault(`an honest client was refused: family ${family.grantId}, generation ${family.generation}: ${refused.error}`);
		}
		const tokens = new Set(answers.map(({ refresh_token: token }) => token));
		if (tokens.size > 1) this.soak.fault(`one token was exchanged for ${tokens.size}: family ${family.grantId}`);
		const before = family.generation;
		for (const answer of answers) this.remember(family, answer, what);
		if (family.generation !== before + 1) this.soak.fault(`family ${family.grantId} went from ${before} to ${family.generation}`);
		family.pending = false;
	}

	/** two requests at once with one token, as of two tabs: one successor for both */
	twice(family) { return this.refresh(family, 'refresh twice', family.route === 'sql' ? 1 : 2); }

	forget(family) { this.families.splice(this.families.indexOf(family), 1); }

	async revoke(family) {
		this.forget(family);
		family.ending = 'asked';
		const answer = await this.persist(`revoke by ${family.route}`, async () => {
			if (family.route === 'sql') {
				await this.session.rows('SELECT FROM pgtoken.revoke_family($1::text, $2)', [family.token, 'soak']);
				return true;
			}
			const { status, body } = await this.post(family.route, '/oauth2/revoke', { token: family.token });
			if (status !== 200) throw new Error(`status ${status}: ${body.slice(0, 200)}`);
			return true;
		});
		if (!answer) return;
		family.ending = 'answered';
		this.soak.journal.event('grant.revoked', family.grantId);
	}

	/** its access token only: the family lives on */
	async blacklist(family) {
		const { access, grantId, jti } = family;
		family.blacklisted = 'asked';
		const answer = await this.persist('blacklist', () => this.session.rows('SELECT FROM pgtoken.blacklist_token($1, $2)', [access, 'soak']));
		if (!answer) return;
		if (family.jti === jti) family.blacklisted = 'answered';
		this.soak.journal.event('blacklist.created', grantId, jti);
	}

	async introspect(family) {
		const active = await this.persist(`introspect by ${family.route}`, async () => {
			if (family.route === 'sql') return (await this.session.row(`SELECT pgtoken.introspect($1) ->> 'active' = 'true' AS active`, [family.token])).active;
			// a public client may not ask
			if (!this.secret) return true;
			const { status, body } = await this.post(family.route, '/oauth2/introspect', { token: family.token });
			if (status !== 200) throw new Error(`status ${status}: ${body.slice(0, 200)}`);
			return JSON.parse(body).active;
		});
		if (active === false && !family.lost) this.soak.fault(`the refresh token of a living family is not active: ${family.grantId}`);
	}

	async verify(family) {
		const { access, expires, blacklisted, kid } = family;
		const answer = await this.persist('verify', () => this.session.row('SELECT pgtoken.verify_access_token($1) IS NOT NULL AS holds', [access]));
		if (!answer || family.lost || expires < Date.now() / 1000 + 1 || this.soak.retired.has(kid)) return;
		if (blacklisted === 'answered' && answer.holds) this.soak.fault(`a blacklisted access token holds: family ${family.grantId}`);
		if (!blacklisted && !answer.holds) this.soak.fault(`an access token that was answered does not hold: family ${family.grantId}`);
	}
}
