// A service that lies in two databases, behind the gateway: every flow, with the client on the one
// shard or the other and the subject on either, and afterwards all that a subject has on one.
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import * as h from './harness.mjs';
import { startReceiver } from './courier_receiver.mjs';
import { COURIER, freePorts, GATEWAY, start, stopAll } from './programs.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const DATABASES = ['shards_0', 'shards_1'];
const CB = 'https://client.example/cb';
const PASSWORD = h.unique('password');

const running = [];
const pools = DATABASES.map((database) => new pg.Pool({ database, max: 2, idleTimeoutMillis: 500, allowExitOnIdle: true }));
pools.forEach((pool) => pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {})));
let base;
let listener; // of logout tokens
const subjects = new Set(); // all that something was done for

const rows = async (shard, text, ...values) => (await pools[shard].query(text, values)).rows;
const value = async (shard, text, ...values) => Object.values((await rows(shard, text, ...values))[0] ?? {})[0];

const shardOf = (handle) => value(0, 'SELECT pgtoken.shard_of($1::text, 2)', handle);
const shardOfSubject = (subject) => value(0, 'SELECT pgtoken.shard_of_subject($1, 2)', subject);

/** a name that lies on this shard; of: what stands before a client's name where it is a subject */
async function nameOn(shard, kind, of = '') {
	for (;;) {
		const name = h.unique(kind);
		if (await shardOfSubject(`${of}${name}`) === shard) return name;
	}
}

async function subjectOn(shard) {
	const subject = await nameOn(shard, 'user');
	subjects.add(subject);
	return subject;
}

/** {0: a client there, 1: ...} */
const clients = {};
const SCOPES = ['openid', 'notes:read', 'orders:read'];
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', 'password', h.DEVICE_GRANT, h.EXCHANGE_GRANT];

async function newClient(shard, { key, ...metadata } = {}) {
	const id = await nameOn(shard, 'client', 'client:');
	const given = { grant_types: GRANTS, consent_required: false, post_logout_redirect_uris: [CB], ...metadata, ...(key && { jwks: { keys: [key.publicJwk] }, token_endpoint_auth_method: 'private_key_jwt' }) };
	const secret = await value(0, 'SELECT client_secret FROM pgtoken.create_client($1, $2, $3, $4, offline_access => true, metadata => $5)', id, 'confidential', SCOPES, [CB], given);
	subjects.add(`client:${id}`);
	return { id, secret, key, method: given.token_endpoint_auth_method ?? 'client_secret_basic', redirectUri: CB };
}

const SET_UP = `
CREATE EXTENSION pgtoken;
SELECT pgtoken.maintain();
CREATE FUNCTION public.verify_password(username text, password text, client_id text) RETURNS jsonb LANGUAGE sql
	RETURN CASE WHEN password = '${PASSWORD}' THEN jsonb_build_object('subject', username) END;
CREATE FUNCTION public.claims(text, text, text[], text) RETURNS jsonb LANGUAGE sql RETURN '{"role": "api_user"}'::jsonb;
CREATE SCHEMA api;
CREATE FUNCTION api.where() RETURNS json LANGUAGE sql RETURN json_build_object('at', current_database(), 'subject', pgtoken.subject());
GRANT USAGE ON SCHEMA api TO web_anon, api_user;
GRANT USAGE ON SCHEMA pgtoken_http TO authenticator;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle, pgtoken_http.admit TO authenticator;
GRANT pgtoken_http TO web_anon, api_user;
SELECT pgtoken.create_issuer($$BASE$$);
SELECT pgtoken.update_issuer($$BASE$$, login_uri => $$BASE/login$$, logout_uri => $$BASE/bye$$, verification_uri => $$BASE/device$$,
	password_verifier => 'public.verify_password', claims_function => 'public.claims');
SELECT pgtoken.create_signing_key('ES256');
SELECT pgtoken.create_resource($$BASE/api$$, '{notes:read}');
SELECT pgtoken.create_resource('https://orders.example/api', '{orders:read}')`;

async function setUp() {
	for (const name of [...DATABASES].reverse()) await h.rows(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
	await h.rows(`CREATE DATABASE ${DATABASES[0]} TEMPLATE template0 ENCODING 'UTF8'`);
	for (const statement of SET_UP.replaceAll('$$BASE', `$$${base}`).split(/;\n/)) await rows(0, statement);
}
