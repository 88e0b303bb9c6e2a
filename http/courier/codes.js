// One-time codes: work of the kind 'code'.  Mail for addresses of mail where there is
// a mail server, and for everything else a program of the operator's, which knows how
// to send text messages.  A code is in no log and in no error.
import { createHmac } from 'node:crypto';
import { rootCertificates } from 'node:tls';

import { createTransport } from 'nodemailer';

import { deliver } from './deliver.js';
import { Failure, refusal } from './failure.js';
import { fill } from './template.js';

const MAIL_TIMEOUT = 20_000; // milliseconds; mail servers let strangers wait on purpose

// one mailbox, without names, comments, lists, routes or line ends; what is only hinted at (j***@example.com) is none
const ADDRESS = /^[^\s\p{C}@<>()[\]\\,;:"*]{1,64}@[\p{L}\p{N}.-]{1,255}$/u;

/** what nodemailer throws; its messages quote the server, and that may quote the mail */
function mailFailure(error) {
	const said = error.responseCode ? `the mail server answered ${error.responseCode}` : `no mail could be sent: ${error.code ?? error.name}`;
	// of the recipient or the mail; what is wrong with the login may be mended in time
	const isFinal = error.responseCode >= 500 && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE');
	return new Failure(said, { permanent: isFinal });
}

function makeMailer({ host, port, secure, requireTLS, auth, from, template }, ca) {
	const transport = createTransport({ host, port, secure, requireTLS, auth, tls: ca && { ca: [...rootCertificates, ca] },
		connectionTimeout: MAIL_TIMEOUT, greetingTimeout: MAIL_TIMEOUT, socketTimeout: MAIL_TIMEOUT, dnsTimeout: MAIL_TIMEOUT, disableFileAccess: true, disableUrlAccess: true });
	const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'courier';
	return async ({ work_id: id, request }) => {
		if (!ADDRESS.test(request.address ?? '')) throw refusal('the address is none of mail');
		const { subject, text } = fill(template, request);
		try {
			// a second attempt is the same mail
			await transport.sendMail({ from, to: { name: '', address: request.address }, subject, text, messageId: `<${id}@${domain}>`,
				headers: { 'Auto-Submitted': 'auto-generated' }, signal: AbortSignal.timeout(MAIL_TIMEOUT) });
		} catch (error) {
			throw mailFailure(error);
		}
		return { status: 250 };
	};
}

/** signed as www.standardwebhooks.com says: the receiver can tell who has sent it, when, and whether he has had it */
function makeHook({ url, secret }, guard, timeout) {
	return ({ work_id: id, request }) => {
		const { subject, factor_type, address, code, issuer, client_id, client_name, expires_at } = request;
		const body = JSON.stringify({ subject, factor_type, address, code, issuer, client_id, client_name, expires_at });
		const time = Math.floor(Date.now() / 1000);
		const signature = createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64');
		return deliver(guard, { url, content_type: 'application/json', body, traceparent: request.traceparent }, { timeout, trusted: true,
			headers: { 'Webhook-Id': id, 'Webhook-Timestamp': String(time), 'Webhook-Signature': `v1,${signature}` } });
	};
}

/**
 * @param config {smtp, webhook}, each may be null
 * @returns (work) => result; work.request: {issuer, subject, factor_type, address, code, client_id, client_name, expires_at}
 */
export function makeCodes({ smtp, webhook }, { guard, timeout, ca }) {
	const mail = smtp && makeMailer(smtp, ca);
	const hook = webhook && makeHook(webhook, guard, timeout);
	return async (work) => {
		const { factor_type: type, expires_at: expires } = work.request;
		if (Date.parse(expires) <= Date.now()) throw refusal('the code has expired');
		const send = type === 'email' && mail ? mail : hook;
		// another courier may have one
		if (!send) throw new Failure(`there is no way for codes of ${type}: COURIER_CODE_WEBHOOK`);
		return send(work);
	};
}
