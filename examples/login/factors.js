// The user's own factors: what he can be asked for when a password is not enough.
import { createHash, randomBytes } from 'node:crypto';

import { addFiles } from './files.js';
import { factorsPage, mailboxPage, messagePage, recoveryPage, totpPage } from './pages.js';

const ALGORITHMS = { '-7': 'ES256', '-8': 'EdDSA', '-257': 'RS256' }; // COSE

/** as an app shows it, and people type it: in groups */
export const withoutGaps = (code) => code.replace(/\s/g, '');

/** @param baseUrl the application's own URL: its host is the relying party */
export function addFactors(app, { database, browsers, mailbox, show, redirect, baseUrl }) {
	const { hostname } = new URL(baseUrl);

	/** what navigator.credentials.create() needs; the key's word is taken without attestation */
	const registration = ({ subject, name }) => ({
		challenge: randomBytes(32).toString('base64url'),
		rp: { id: hostname, name: 'Example login' },
		user: { id: createHash('sha256').update(subject).digest('base64url'), name, displayName: name },
		pubKeyCredParams: Object.keys(ALGORITHMS).map((alg) => ({ type: 'public-key', alg: Number(alg) })),
		authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
	});

	// every page here is for who is logged in
	const forUser = (action) => async (request, reply) => {
		const { csrf, session } = await browsers.of(request, reply);
		return session ? action(request, reply, session, csrf) : redirect(reply, '/login');
	};

	app.get('/factors', forUser(async (request, reply, session, csrf) => {
		const factors = await database.factors(session.subject);
		return show(reply, factorsPage({ csrf, factors, registration: registration(session) }));
	}));

	addFiles(app, ['webauthn.js', 'print.js']);

	app.post('/factors/email', forUser(async (request, reply, session) => {
		await database.enrollFactor(session.subject, 'email', {}, 'Codes by mail');
		return redirect(reply, '/factors');
	}));

	app.post('/factors/recovery', forUser(async (request, reply, session) => {
		const made = await database.enrollFactor(session.subject, 'recovery_code', {}, 'Recovery codes');
		return show(reply, recoveryPage({ codes: made.codes }));
	}));

	app.post('/factors/totp', forUser(async (request, reply, session, csrf) => {
		const made = await database.enrollFactor(session.subject, 'totp', { account: session.name }, 'Authenticator app');
		return show(reply, totpPage({ csrf, factorId: made.factor_id, secret: made.secret, uri: made.otpauth_uri }));
	}));

	app.post('/factors/totp/activate', forUser(async (request, reply, session, csrf) => {
		const { factor_id: factorId, code = '' } = request.body;
		if (await database.activateFactor(session.subject, factorId, withoutGaps(code))) return redirect(reply, '/factors');
		return show(reply.code(400), totpPage({ csrf, factorId, wrong: true }));
	}));

	app.post('/factors/webauthn', forUser(async (request, reply, session) => {
		const { credential_id: credentialId, alg, public_key: publicKey } = request.body;
		if (!credentialId || !publicKey || !ALGORITHMS[alg]) {
			return show(reply.code(400), messagePage('Not possible', 'Your browser has made no passkey: that takes scripts.', { next: ['/factors', 'Back'] }));
		}
		await database.enrollFactor(session.subject, 'webauthn',
			{ credential_id: credentialId, alg: ALGORITHMS[alg], public_key: publicKey }, 'Passkey');
		return redirect(reply, '/factors');
	}));

	app.post('/factors/remove', forUser(async (request, reply, session) => {
		await database.removeFactor(session.subject, request.body.factor_id);
		return redirect(reply, '/factors');
	}));

	app.get('/mailbox', forUser(async (request, reply, session) =>
		show(reply, mailboxPage({ mails: await mailbox.of(session.subject) }))));
}
