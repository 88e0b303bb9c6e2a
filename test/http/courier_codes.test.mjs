// http/courier: one-time codes by mail and by webhook, and the settings for them.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { makeCodes } from '../../http/courier/codes.js';
import { readConfig } from '../../http/courier/config.js';
import { makeGuard } from '../../http/courier/guard.js';
import { DEFAULT_TEMPLATE, fill, parseTemplate } from '../../http/courier/template.js';
import { startMailServer } from './courier_mail_server.mjs';
import { makeAuthority, readAuthority, startReceiver } from './courier_receiver.mjs';

const PATIENCE = 600_000;
const ID = '01980000-0000-7000-8000-000000000000';
const secret = randomBytes(24);
const SECRET = `whsec_${secret.toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'pgt-codes-'));
after(() => rmSync(folder, { recursive: true }));

const request = (changes) => ({ issuer: 'https://login.example', subject: 'user-1', factor_type: 'email', address: 'user@example.com', code: '123456', client_id: 'shop',
	client_name: 'Shop', expires_at: new Date(Date.now() + 300_000).toISOString(), ...changes });
const work = (changes) => ({ work_id: ID, attempt: 1, kind: 'code', receiver: 'code', request: request(changes) });

/** what sends codes, as the environment says */
function codesOf(env) {
	const config = readConfig({ COURIER_MAIL_FROM: 'Login <login@login.example>', COURIER_WEBHOOK_SECRET: SECRET, ...env });
	return makeCodes(config.codes, { guard: makeGuard(config), timeout: PATIENCE, ca: config.ca });
}

const bodyOf = ({ data }) => data.slice(data.indexOf('\r\n\r\n') + 4).replace(/=\r\n/g, '');
const headersOf = ({ data }) => data.slice(0, data.indexOf('\r\n\r\n')).split(/\r\n(?!\s)/).map((line) => line.replace(/\r\n\s+/g, ' '));
const named = (mail, name) => headersOf(mail).filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());

describe('codes by mail', () => {
	it('a mail of text with the code, who wants to know it, and how long it is good', async () => {
		const server = await startMailServer();
		const send = codesOf({ COURIER_SMTP_URL: `smtp://localhost:${server.port}` });
		assert.deepEqual(await send(work()), { status: 250 });
		const mail = await server.next();
		assert.equal(mail.from, 'login@login.example');
		assert.deepEqual(mail.to, ['user@example.com']);
		assert.deepEqual(named(mail, 'from'), ['Login <login@login.example>']);
		assert.deepEqual(named(mail, 'to'), ['user@example.com']);
		assert.deepEqual(named(mail, 'subject'), ['Your code'], 'a locked screen shows no code');
		assert.deepEqual(named(mail, 'message-id'), [`<${ID}@login.example>`], 'the same when it is sent again');
		assert.deepEqual(named(mail, 'auto-submitted'), ['auto-generated']);
		assert.match(named(mail, 'content-type')[0], /^text\/plain; charset=utf-8$/);
		assert.match(bodyOf(mail), /Your code for Shop is\r\n\r\n {4}123456\r\n/);
		assert.match(bodyOf(mail), /within 5 minutes/);
		await server.close();
	});

	it('Attack shut out: names and addresses that would be headers, recipients or commands of their own', async () => {
		const server = await startMailServer();
		writeFileSync(join(folder, 'mail'), 'Subject: {{client_name}} wants {{subject}} to be you\n\n{{code}} {{client_name}} {{client_id}}\n');
		const send = codesOf({ COURIER_SMTP_URL: `smtp://localhost:${server.port}`, COURIER_MAIL_TEMPLATE: join(folder, 'mail') });
		for (const address of [undefined, null, '', 'user', 'user@', '@example.com', 'a@b@c', 'user@example.com, other@example.com', 'user@example.com;other@example.com',
			'"User" <user@example.com>', '<user@example.com>', 'user@example.com\r\nBcc: other@example.com', 'user@example.com\r\nRCPT TO:<other@example.com>', 'user@exam\nple.com',
			'user @example.com', 'user@example.com\0', 'user@example.com\u2028x', 'group:user@example.com', '(x)user@example.com', '"user"@example.com', 'user@[127.0.0.1]', 'u***@example.com', `${'x'.repeat(65)}@example.com`]) {
			await assert.rejects(send(work({ address })), { permanent: true, message: 'the address is none of mail' });
		}
		const name = 'Shop\r\nBcc: other@example.com\r\n\r\n<b>call 0900</b>\u202e {{code}}\0';
		await send(work({ client_name: name, client_id: 'a\r\n.\r\nMAIL FROM:<x@example.com>', subject: 'u\nX-Injected: 1' }));
		const mail = await server.next();
		assert.deepEqual(mail.to, ['user@example.com']);
		assert.deepEqual(named(mail, 'bcc').concat(named(mail, 'x-injected')), []);
		assert.deepEqual(named(mail, 'subject'), ['Shop Bcc: other@example.com <b>call 0900</b> {{code}} wants u X-Injected: 1 to be you']);
		assert.equal(bodyOf(mail).trim(), '123456 Shop Bcc: other@example.com <b>call 0900</b> {{code}} a . MAIL FROM:<x@example.com>');
		await server.close();
	});

	it('what a mail server refuses for good is not sent again', async () => {
		for (const [command, answer, said, permanent] of [['RCPT', '550 no such user', 550, true], ['RCPT', '450 later', 450, false], ['.', '554 spam', 554, true], ['.', '451 later', 451, false],
			['MAIL', '421 closing', 421, false]]) {
			const server = await startMailServer((heard) => (heard === command ? answer : undefined));
			const send = codesOf({ COURIER_SMTP_URL: `smtp://localhost:${server.port}` });
			await assert.rejects(send(work()), { message: `the mail server answered ${said}`, permanent }, `${command} ${answer}`);
			await server.close();
		}
		await assert.rejects(codesOf({ COURIER_SMTP_URL: 'smtp://localhost:1' })(work()), { message: /^no mail could be sent: E\w+$/, permanent: false });
	});

	it('Attack shut out: a code, or the password of the mail server, in the clear through the network', () => {
		const smtp = (url) => readConfig({ COURIER_SMTP_URL: url, COURIER_MAIL_FROM: 'x@example.com' }).codes.smtp;
		assert.deepEqual(['smtp://u:p%40@mail.example', 'smtps://mail.example', 'smtp://localhost:25', 'smtp://127.0.0.1:25', 'smtp://relay:25?requireTLS=false', 'smtp://localhost.example']
			.map((url) => [smtp(url).port, smtp(url).secure, smtp(url).requireTLS]),
		[[587, false, true], [465, true, true], [25, false, false], [25, false, false], [25, false, false], [587, false, true]]);
		assert.deepEqual(smtp('smtp://u:p%40@mail.example').auth, { user: 'u', pass: 'p@' });
	});

	it('a server without STARTTLS gets nothing', async () => {
		const server = await startMailServer();
		const config = readConfig({ COURIER_SMTP_URL: `smtp://localhost:${server.port}`, COURIER_MAIL_FROM: 'x@example.com' });
		const send = makeCodes({ smtp: { ...config.codes.smtp, requireTLS: true }, webhook: null }, { timeout: PATIENCE });
		await assert.rejects(send(work()), { permanent: false });
		assert.equal(server.mails.length, 0);
		await server.close();
	});
});

describe('templates', () => {
	it('have a subject, the code, and no place that there is not', () => {
		for (const text of ['', 'Hello', 'Subject: x\n{{code}}', 'Subject: \n\n{{code}}', 'Subject: x\n\nno code', 'Subject: {{code}}\n\nno code', 'Subject: x\n\n{{code}} {{secret}}', 'Subject: x\rBcc: y\n\n{{code}}', 'X: y\nSubject: x\n\n{{code}}']) {
			assert.throws(() => parseTemplate(text), /COURIER_MAIL_TEMPLATE/, text);
		}
		assert.deepEqual(parseTemplate('Subject: x \r\n\r\n{{code}}\r\n'), { subject: 'x', text: '{{code}}\r\n' });
		parseTemplate(DEFAULT_TEMPLATE);
	});

	it('name the client as well as they can, and are short', () => {
		const template = parseTemplate('Subject: x\n\n{{code}} {{client_name}} {{minutes}}');
		const text = (changes, now) => fill(template, request({ expires_at: '2026-01-01T00:05:00+00:00', ...changes }), now).text;
		const now = Date.parse('2026-01-01T00:00:01Z');
		assert.equal(text({}, now), '123456 Shop 5');
		assert.equal(text({ client_name: null }, now), '123456 shop 5');
		assert.equal(text({ client_name: null, client_id: null }, now), '123456 https://login.example 5');
		assert.equal(text({ client_name: '𝒮'.repeat(1000) }, now), `123456 ${'𝒮'.repeat(100)} 5`);
		assert.equal(text({}, now + 3_600_000), '123456 Shop 1');
	});
});

describe('codes by webhook', () => {
	it('are signed, so that the receiver knows who has sent them and when, and say all that is known', async (t) => {
		const authority = makeAuthority();
		const receiver = await startReceiver(readAuthority(authority), (_, response) => response.writeHead(202).end());
		// one that is open keeps the process from its end
		t.after(async () => {
			await receiver.close();
			rmSync(authority, { recursive: true });
		});
		const send = codesOf({ COURIER_CODE_WEBHOOK: receiver.url('/codes'), COURIER_CA: join(authority, 'ca.pem') });
		const asked = request({ factor_type: 'sms', address: '+41 79 000 00 00' });
		assert.deepEqual(await send({ ...work(), request: asked }), { status: 202 });
		const [{ url, method, headers, body }] = receiver.seen;
		assert.equal(`${method} ${url} ${headers['content-type']}`, 'POST /codes application/json');
		assert.deepEqual(JSON.parse(body), asked);
		assert.equal(headers['webhook-id'], ID);
		assert.ok(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000) < 600);
		const signature = createHmac('sha256', secret).update(`${ID}.${headers['webhook-timestamp']}.${body}`).digest('base64');
		assert.ok(headers['webhook-signature'] === `v1,${signature}`, 'the signature holds');
	});

	it('mail goes by the mail server where there is one, and nothing else does', async (t) => {
		const server = await startMailServer();
		const receiver = await startReceiver(null, (_, response) => response.end());
		t.after(() => Promise.all([server.close(), receiver.close()]));
		const mailUrl = { COURIER_SMTP_URL: `smtp://localhost:${server.port}` };
		const hook = { COURIER_CODE_WEBHOOK: receiver.url() };
		const sms = work({ factor_type: 'sms', address: '+41 79 000 00 00' });
		assert.deepEqual(await codesOf({ ...mailUrl, ...hook })(work()), { status: 250 });
		assert.deepEqual(await codesOf({ ...mailUrl, ...hook })(sms), { status: 200 });
		assert.deepEqual(await codesOf(hook)(work()), { status: 200 });
		await assert.rejects(codesOf(mailUrl)(sms), { message: /COURIER_CODE_WEBHOOK/, permanent: false });
		assert.equal(server.mails.length, 1);
		assert.equal(receiver.seen.length, 2);
	});

	it('an expired code goes nowhere', async () => {
		await assert.rejects(codesOf({ COURIER_CODE_WEBHOOK: 'https://localhost:1/' })(work({ expires_at: '2026-01-01T00:00:00Z' })), { message: 'the code has expired', permanent: true });
	});

	it('Attack shut out: a webhook in the clear through the network', async () => {
		await assert.rejects(codesOf({ COURIER_CODE_WEBHOOK: 'http://10.0.0.1:8080/' })(work()), { message: /not https/, permanent: true });
	});
});

describe('settings', () => {
	it('what one courier does is what it is told, or can', () => {
		const does = (env) => readConfig(env).does;
		assert.deepEqual(does({}), ['document', 'logout', 'signal', 'seal']);
		assert.deepEqual(does({ COURIER_DOES: 'logout, document logout' }), ['logout', 'document']);
		assert.deepEqual(does({ COURIER_CODE_WEBHOOK: 'https://x.example/', COURIER_WEBHOOK_SECRET: SECRET }), ['document', 'logout', 'signal', 'code', 'seal']);
		assert.equal(readConfig({ PGUSER: '' }).database.user, 'courier');
		assert.deepEqual(readConfig({ COURIER_ALLOW_NETWORKS: '10.0.0.0/8, ::1' }).allowed.length, 2);
	});

	it('mistakes are told in a line, without a secret', () => {
		for (const [env, said] of [
			[{ COURIER_DOES: 'dishes' }, /COURIER_DOES/], [{ COURIER_DOES: 'code' }, /COURIER_SMTP_URL/], [{ COURIER_POLL: '1' }, /COURIER_POLL/], [{ COURIER_LOG: 'yes' }, /COURIER_LOG/],
			[{ COURIER_ALLOW_NETWORKS: 'intranet' }, /COURIER_ALLOW_NETWORKS/], [{ COURIER_DENY_NETWORKS: '10.0.0.0/40' }, /COURIER_DENY_NETWORKS/], [{ COURIER_CA: '/nowhere' }, /COURIER_CA.*ENOENT/],
			[{ COURIER_SMTP_URL: 'smtp://u:hidden@' }, /COURIER_SMTP_URL/], [{ COURIER_SMTP_URL: 'mail.example', COURIER_MAIL_FROM: 'x' }, /COURIER_SMTP_URL/], [{ COURIER_SMTP_URL: 'smtp://u:hidden@mail.example' }, /COURIER_MAIL_FROM/],
			[{ COURIER_SMTP_URL: 'smtp://u:hidden%@mail.example', COURIER_MAIL_FROM: 'x' }, /COURIER_SMTP_URL/],
			...['', 'hidden', 'whsec_', 'whsec_aGlkZGVu'].map((value) => [{ COURIER_CODE_WEBHOOK: 'https://x.example/', COURIER_WEBHOOK_SECRET: value }, /COURIER_WEBHOOK_SECRET/]),
		]) {
			assert.throws(() => readConfig(env), (error) => said.test(error.message) && !/hidden|aGlkZGVu/.test(error.message), JSON.stringify(env));
		}
	});
});
