// What of an HTTP request becomes the context that policies judge, and whose word
// is believed for it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

const client = h.newClient();

/** the context of the family that these bring forth, or of its refresh */
async function contextOf(parameters, options) {
	const maker = await client;
	const { refresh_token: refreshToken, grantId } = await h.newTokens(maker);
	h.assertTokens(await h.refresh(maker, refreshToken, parameters, options));
	return (await h.family(grantId)).context;
}

const proxied = (headers) => ({ base: h.proxyUrl, headers: { 'x-forwarded-for': '192.0.2.7', 'user-agent': 'agent', ...headers } });
const skip = !h.proxyUrl && 'no PROXY_URL';

describe('the context', () => {
	it('has the client\'s own words: user agent, and the device that the form names', async () => {
		const { user_agent: agent, device_id: device, ...rest } = await contextOf({ device_id: 'device-1' }, { headers: { 'user-agent': 'agent/1' } });
		assert.deepEqual([agent, device], ['agent/1', 'device-1']);
		assert.ok(Object.keys(rest).every((name) => name === 'ip'), 'and nothing else');
	});

	it('leaves out what is too long or not printable, and clips the user agent', async () => {
		for (const odd of ['x'.repeat(257), 'ü'.repeat(129), 'a\nb', 'a\u0007', '\u007f', '']) {
			assert.equal((await contextOf({ device_id: odd })).device_id, undefined);
		}
		assert.equal((await contextOf({ device_id: 'ü'.repeat(128) })).device_id, 'ü'.repeat(128));
		assert.equal((await contextOf({}, { headers: { 'user-agent': 'x'.repeat(4000) } })).user_agent.length, 256);
	});

	it('has what the proxy says, numbers as numbers', { skip }, async () => {
		assert.deepEqual(await contextOf({ device_id: 'device-1' }, proxied({ 'x-geo-latitude': '52.52', 'x-geo-longitude': '-13.4', 'x-risk-score': '0.25',
			'x-collected-at': '1767225600', 'x-session-id': 'collection-1', 'x-geo-country': 'DE' })),
		{ user_agent: 'agent', ip: '192.0.2.7', device_id: 'device-1', latitude: 52.52, longitude: -13.4, risk_score: 0.25, collected_at: 1767225600,
			session_id: 'collection-1', country: 'DE' });
	});

	// the attack: a value that makes the service fail, or the policy see something else
	it('leaves out what is malformed, and the request goes on', { skip }, async () => {
		const odd = ['NaN', 'Infinity', '1e3', '1e999999999', '0x10', '+1', '--1', '-', '.', '1.', '.5', '1,5', '1 2', '1.2.3', '1_000', "1'; --", '1'.repeat(16),
			`0.${'1'.repeat(16)}`, '9'.repeat(1000), '\u00b2'];
		for (const value of odd) {
			const context = await contextOf({}, proxied({ 'x-geo-latitude': value, 'x-geo-longitude': value, 'x-risk-score': value, 'x-collected-at': value }));
			assert.deepEqual(Object.keys(context).sort(), ['ip', 'user_agent'], JSON.stringify(value.slice(0, 20)));
		}
		for (const [name, value] of [['x-collected-at', '-1'], ['x-collected-at', '253402300801'], ['x-geo-country', 'x'.repeat(257)], ['x-session-id', 'x'.repeat(300)]]) {
			assert.deepEqual(Object.keys(await contextOf({}, proxied({ [name]: value }))).sort(), ['ip', 'user_agent'], name);
		}
		// a place is two numbers, both in range
		for (const [latitude, longitude] of [['1', undefined], [undefined, '1'], ['90.1', '1'], ['1', '-181'], ['x', '1'], ['1', 'x']]) {
			const place = Object.fromEntries(Object.entries({ 'x-geo-latitude': latitude, 'x-geo-longitude': longitude }).filter(([, value]) => value !== undefined));
			assert.deepEqual(Object.keys(await contextOf({}, proxied(place))).sort(), ['ip', 'user_agent']);
		}
	});

	// the attack: a header that is sent twice, so that the proxy's value is not the one that is read
	it('has no number of a header that came twice', { skip }, async () => {
		const maker = await client;
		const { refresh_token: refreshToken, grantId } = await h.newTokens(maker);
		const headers = new Headers({ ...h.basic(maker.id, maker.secret), 'x-risk-score': '0', 'content-type': 'application/x-www-form-urlencoded' });
		headers.append('x-risk-score', '99');
		const response = await fetch(`${h.proxyUrl}/oauth2/token`, { method: 'POST', headers, body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }) });
		assert.equal(response.status, 200);
		assert.equal((await h.family(grantId)).context.risk_score, undefined);
	});

	// the attack: a thief says that he is where the user is, and no risk at all
	it('does not believe the client what only the proxy may say', async () => {
		const context = await contextOf({ session_id: 'mine', latitude: '1', ip: '192.0.2.1', risk_score: '0' }, { headers: { 'x-geo-latitude': '52.52', 'x-geo-longitude': '13.4',
			'x-risk-score': '0', 'x-collected-at': '1767225600', 'x-session-id': 'mine', 'x-forwarded-for': '192.0.2.1' } });
		for (const name of ['latitude', 'longitude', 'risk_score', 'collected_at', 'session_id']) assert.equal(context[name], undefined, name);
		assert.notEqual(context.ip, '192.0.2.1');
	});

	it('decides by the score that the proxy gives', { skip }, async () => {
		const maker = await h.newClient();
		const { refresh_token: refreshToken } = await h.newTokens(maker);
		await h.withPolicy(maker, [{ rule: 'risk_score', outcome: 'deny', at_least: 80 }], {}, async () => {
			h.assertError(await h.refresh(maker, refreshToken, {}, proxied({ 'x-risk-score': '80' })), 'access_denied', 403);
			h.assertTokens(await h.refresh(maker, refreshToken, {}, proxied({ 'x-risk-score': '79.9' })));
		});
	});

	it('is of headers that are named as they are to be', async () => {
		const good = ['', ' ', 'risk_score=x-risk-score', ' latitude = x-lat , longitude=x_long2 ', Array.from({ length: 16 }, (_, i) => `m${'_'.repeat(i)}=x`).join(',')];
		const bad = ['risk_score', 'risk_score=', '=x', 'Risk=x', 'risk=X-Risk', 'risk=x y', 'a=x,', ',a=x', 'a=x,,b=y', 'a=x;b=y', 'a=x,a=y', 'ip=x', 'user_agent=x', 'a1=x',
			`${'a'.repeat(64)}=x`, `a=${'x'.repeat(64)}`, 'a=x\n', 'ü=x', Array.from({ length: 17 }, (_, i) => `m${'_'.repeat(i)}=x`).join(',')];
		for (const setting of good) await h.rows('SELECT set_config(\'pgtoken.http_context_headers\', $1, true)', setting);
		// the library is loaded, or the setting would be checked when it is
		for (const setting of bad) {
			await assert.rejects(h.rows('SELECT pgtoken.grant_of(\'\'), set_config(\'pgtoken.http_context_headers\', $1, true)', setting), { code: '22023' }, JSON.stringify(setting));
		}
	});
});
