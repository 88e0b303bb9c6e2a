// Step-up: a refresh was answered mfa_required.  The user chooses one of his
// factors and proves it, at the issuer's two endpoints; then the refresh goes on.
import { addFiles } from '../login/files.js';
import { evidencePage, factorsPage, overPage } from './pages.js';

const EVIDENCE = ['code', 'id', 'client_data_json', 'authenticator_data', 'signature'];
// the transaction is over: the next refresh begins another one
const OVER = ['access_denied', 'expired_token'];

/** @param options {clientId, clientSecret, sessions, show, refresh}; refresh(reply, session, parameters) answers or throws */
export function addStepUp(app, { clientId, clientSecret, sessions, show, refresh }) {
	/** a POST of this client: {status, json} */
	async function ask(endpoint, parameters) {
		const encode = (text) => new URLSearchParams({ '': text }).toString().slice(1);
		const response = await fetch(endpoint, {
			method: 'POST',
			headers: { authorization: `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}` },
			body: new URLSearchParams(parameters),
		});
		return { status: response.status, json: await response.json() };
	}

	/** the refresh waits no longer, or for a factor that can still be proved */
	function failed(reply, session, error) {
		const { stepUp } = session;
		if (!OVER.includes(error)) return show(reply.code(400), factorsPage({ ...stepUp, error }));
		delete session.stepUp;
		return show(reply.code(400), overPage(error));
	}

	// only for a session whose refresh waits
	const waiting = (action) => async (request, reply) => {
		const session = sessions.find(request);
		if (!session?.stepUp) return reply.redirect('/', 303);
		return Date.now() < session.stepUp.until ? action(request, reply, session) : failed(reply, session, 'expired_token');
	};

	addFiles(app, ['style.css', 'webauthn.js']);

	app.get('/step-up', waiting((request, reply, { stepUp }) => show(reply, factorsPage(stepUp))));

	app.post('/step-up', waiting(async (request, reply, session) => {
		const { stepUp } = session;
		const factor = stepUp.factors.find(({ factor_id: id }) => id === request.body.get('factor_id'));
		if (!factor) return reply.redirect('/step-up', 303);
		const { status, json } = await ask(stepUp.challengeEndpoint, { transaction_id: stepUp.transactionId, factor_id: factor.factor_id });
		// slow_down: a code is on its way already
		if (status !== 200 && json.error !== 'slow_down') return failed(reply, session, json.error);
		return show(reply, evidencePage({ factor, publicKey: json.public_key }));
	}));

	app.post('/step-up/complete', waiting(async (request, reply, session) => {
		const { stepUp } = session;
		const evidence = EVIDENCE.map((name) => [name, request.body.get(name)]).filter(([, value]) => value);
		const { status, json } = await ask(stepUp.completeEndpoint,
			[['transaction_id', stepUp.transactionId], ['factor_id', request.body.get('factor_id') ?? ''], ...evidence]);
		if (status !== 200) return failed(reply, session, json.error);
		delete session.stepUp;
		return refresh(reply, session, { ...stepUp.parameters, transaction_id: stepUp.transactionId });
	}));
}
