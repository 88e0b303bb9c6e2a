// The courier's settings: environment variables, listed in ../../docs/courier.md.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { flag, integer } from '../gateway/config.js';
import { format } from '../gateway/log.js';
import { parseNetwork } from './address.js';
import { DEFAULT_TEMPLATE, parseTemplate } from './template.js';

/** the kinds of work, and those which one of these programs can do as it is configured */
const KINDS = ['document', 'logout', 'signal', 'code', 'seal'];

const words = (text) => (text ?? '').split(/[\s,]+/).filter(Boolean);

function networks(env, name) {
	return words(env[name]).map((text) => {
		const network = parseNetwork(text);
		if (network === null) throw new Error(`${name}: ${JSON.stringify(text)} must be an address or a network, as 10.1.0.0/16`);
		return network;
	});
}

function file(env, name) {
	try {
		return env[name] ? readFileSync(env[name], 'utf8') : undefined;
	} catch (error) {
		throw new Error(`${name}: the file cannot be read: ${error.code}`);
	}
}

/** smtp://user:password@host:port; the parser's own messages would repeat the password */
function smtp(env) {
	if (!env.COURIER_SMTP_URL) return null;
	const url = URL.canParse(env.COURIER_SMTP_URL) ? new URL(env.COURIER_SMTP_URL) : {};
	if ((url.protocol !== 'smtp:' && url.protocol !== 'smtps:') || url.hostname === '') {
		throw new Error('COURIER_SMTP_URL must be smtp://user:password@host:port, or smtps');
	}
	if (!env.COURIER_MAIL_FROM) throw new Error('COURIER_MAIL_FROM must say whom mails come from');
	const secure = url.protocol === 'smtps:';
	const plain = (text) => {
		try {
			return decodeURIComponent(text);
		} catch {
			throw new Error('COURIER_SMTP_URL: % in a user name or password is %25');
		}
	};
	return {
		host: url.hostname.replace(/^\[|\]$/g, ''),
		port: Number(url.port) || (secure ? 465 : 587),
		secure,
		requireTLS: url.searchParams.get('requireTLS') !== 'false' && !/^(localhost|127\..*|\[::1\])$/.test(url.hostname),
		auth: url.username === '' ? undefined : { user: plain(url.username), pass: plain(url.password) },
		from: env.COURIER_MAIL_FROM,
		template: parseTemplate(file(env, 'COURIER_MAIL_TEMPLATE') ?? DEFAULT_TEMPLATE),
	};
}

function webhook(env) {
	if (!env.COURIER_CODE_WEBHOOK) return null;
	const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(env.COURIER_WEBHOOK_SECRET ?? '') ?? [];
	const secret = Buffer.from(encoded ?? '', 'base64');
	if (secret.length < 24) throw new Error('COURIER_WEBHOOK_SECRET must be whsec_ and the base64 of 24 bytes or more');
	return { url: env.COURIER_CODE_WEBHOOK, secret };
}

function kinds(env, isPossible) {
	const does = words(env.COURIER_DOES);
	for (const kind of does) {
		if (!KINDS.includes(kind)) throw new Error(`COURIER_DOES: ${JSON.stringify(kind)} must be one of ${KINDS.join(', ')}`);
		if (!isPossible(kind)) throw new Error('COURIER_DOES: code takes COURIER_SMTP_URL or COURIER_CODE_WEBHOOK');
	}
	return does.length > 0 ? [...new Set(does)] : KINDS.filter(isPossible);
}

export function readConfig(env) {
	const codes = { smtp: smtp(env), webhook: webhook(env) };
	return {
		name: env.COURIER_NAME || `${hostname()}-${process.pid}`,
		does: kinds(env, (kind) => kind !== 'code' || Boolean(codes.smtp || codes.webhook)),
		codes,
		concurrency: integer(env, 'COURIER_CONCURRENCY', 256, 1, 1000),
		poll: integer(env, 'COURIER_POLL', 30_000, 100, 600_000),
		timeout: integer(env, 'COURIER_TIMEOUT', 5000, 100, 20_000),
		allowed: networks(env, 'COURIER_ALLOW_NETWORKS'),
		denied: networks(env, 'COURIER_DENY_NETWORKS'),
		ca: file(env, 'COURIER_CA'),
		log: flag(env, 'COURIER_LOG'),
		logFormat: format(env, 'COURIER_LOG_FORMAT'),
		// everything else about the connection is in libpq's variables (PGHOST and so on)
		database: {
			user: env.PGUSER || 'courier',
			poolSize: 4,
			acquireTimeout: integer(env, 'COURIER_POOL_TIMEOUT', 10_000, 1, 600_000),
			statementTimeout: integer(env, 'COURIER_STATEMENT_TIMEOUT', 30_000, 0, 600_000),
		},
	};
}
