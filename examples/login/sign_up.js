// A new account: what prompt=create asks for (Initiating User Registration), and
// what the login page leads to.
import { signUpPage } from './pages.js';
import { textsOf } from './texts.js';

const FIELD_MAX = 200;

export function addSignUp(app, { database, browsers, show, redirect, authorization }) {
	const ask = (reply, { csrf, transactionId, request, fields, error }) => show(reply.code(error ? 400 : 200),
		signUpPage({ csrf, transactionId, fields: { name: request?.login_hint, ...fields }, error, t: textsOf(request?.ui_locales), display: request?.display }),
		request ? authorization.leadsTo(request) : null);

	app.get('/sign-up', async (request, reply) => {
		const { transaction_id: transactionId } = request.query;
		const asked = await authorization.open(transactionId);
		if (transactionId && !asked) return authorization.gone(reply);
		const { csrf } = await browsers.of(request, reply);
		return ask(reply, { csrf, transactionId, request: asked });
	});

	app.post('/sign-up', async (request, reply) => {
		const { transaction_id: transactionId, name = '', password = '', full_name: fullName = '', email = '' } = request.body;
		const asked = await authorization.open(transactionId);
		if (transactionId && !asked) return authorization.gone(reply);
		const t = textsOf(asked?.ui_locales);
		const again = async (error) => {
			const { csrf } = await browsers.of(request, reply);
			return ask(reply, { csrf, transactionId, request: asked, fields: { name, fullName, email }, error });
		};

		const wrong = Object.entries({ name, password, full_name: fullName, email }).find(([, text]) => text === '' || text.length > FIELD_MAX);
		if (wrong) return again({ text: t.incomplete, field: wrong[0] });
		const subject = await database.signUp({ login: name, password, name: fullName, email });
		if (!subject) return again({ text: t.nameTaken, field: 'name' });
		const browser = await browsers.logIn(request, reply, subject);
		return asked ? authorization.proceed(reply, browser, transactionId, asked) : redirect(reply, '/');
	});
}
