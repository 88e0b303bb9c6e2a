// A subject that is blocked, as clients and APIs see it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as openid from 'openid-client';

import * as h from './harness.mjs';

const block = (subject, endSessions) => h.value('SELECT pgtoken.block_subject($1, \'test\', end_sessions => $2)', subject, endSessions);
const unblock = (subject) => h.value('SELECT pgtoken.unblock_subject($1)', subject);
const deviceClient = { metadata: { grant_types: ['authorization_code', 'refresh_token', h.DEVICE_GRANT] } };

describe('a subject that is blocked', () => {
	it('is refused at the next request, wherever it comes, and goes on where it stood (attack shut out: an account is taken over, with sessions open everywhere) (C160)', async () => {
		const client = await h.newClient();
		const subject = h.unique('blocked');
		const tokens = await h.newTokens(client, {}, { subject });
		const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource }, { subject });
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200, 'the API has verified the token');
		await block(subject, false);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401, 'the API');
		assert.equal((await h.postAs(client, '/oauth2/introspect', { token: tokens.access_token })).json.active, false, 'introspection');
		assert.equal((await h.postAs(client, '/oauth2/introspect', { token: tokens.refresh_token })).json.active, false, 'of the refresh token');
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
		h.assertError(await h.redeem(client, code), 'invalid_grant');
		assert.ok(await unblock(subject));
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		h.assertTokens(await h.redeem(client, code));
		h.assertTokens(await h.refresh(client, tokens.refresh_token));
	});

	it('reads an error that its library understands, and the audit has the reason', async () => {
		const client = await h.newClient();
		const subject = h.unique('blocked');
		const tokens = await h.newTokens(client, {}, { subject });
		await block(subject, false);
		assert.equal(await h.refusal(openid.refreshTokenGrant(await h.configuration(client), tokens.refresh_token)), 'invalid_grant');
		assert.equal(await h.value('SELECT reason FROM pgtoken.audit_events WHERE grant_id = $1 AND event = \'refresh.refused\'', tokens.grantId), 'subject_blocked');
	});

	it('is sent back by the login page with access_denied, and cannot let a device in', async () => {
		const client = await h.newClient(deviceClient);
		const subject = h.unique('blocked');
		await block(subject, true);
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { state: 'st' }));
		const { redirect_uri: uri, error } = await h.approve(location.searchParams.get('transaction_id'), { subject });
		assert.equal(error, 'access_denied');
		assert.equal(new URL(uri).searchParams.get('error'), 'access_denied');
		assert.equal(new URL(uri).searchParams.get('state'), 'st');
		const { json: device } = await h.postAs(client, '/oauth2/device_authorization', { scope: 'openid' });
		assert.equal(await h.value('SELECT pgtoken.approve_device($1, $2, $2)', device.user_code, subject), 'access_denied');
		// it goes on waiting for somebody else
		assert.equal(await h.value('SELECT pgtoken.approve_device($1, $2, $2)', device.user_code, h.unique('other')), null);
		h.assertTokens(await h.token(client, { grant_type: h.DEVICE_GRANT, device_code: device.device_code }));
	});

	it('has nothing of before when its sessions were ended with it', async () => {
		const client = await h.newClient();
		const subject = h.unique('blocked');
		const tokens = await h.newTokens(client, {}, { subject });
		await block(subject, true);
		assert.ok(await unblock(subject));
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
		await h.newTokens(client, {}, { subject });
	});
});
