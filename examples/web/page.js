// The page: it collects the context for each refresh, and does what the outcome asks for.
import { Collector, passkeyEvidence } from '/client/browser.js';

const $ = (id) => document.getElementById(id);
let pretended = {};
const collector = new Collector({ more: async () => pretended });

async function post(path, body) {
	const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
	return response.json();
}

let factor;

async function show(answer) {
	const { status, error, over, allowedFactors } = answer;
	const loggedIn = !over;
	$('login').hidden = loggedIn;
	$('account').hidden = !loggedIn;
	if (status === 'require') {
		[factor] = allowedFactors; // a real application lets its user choose
		$('factor').textContent = factor.label ?? factor.type;
		const sent = await post('/challenge', { factorId: factor.id });
		if (sent.status !== 'sent' && sent.error !== 'slow_down') return show(sent); // slow_down: a code is on its way
		if (sent.publicKey) return show(await post('/prove', { factorId: factor.id, evidence: await passkeyEvidence(sent.publicKey) }));
	}
	$('proof').hidden = status !== 'require' && error !== 'wrong code';
	$('outcome').textContent = error && status === 'deny' ? `deny: ${error}` : status;
}

async function login(event) {
	event.preventDefault();
	const { name, password } = event.target.elements;
	await show(await collector.refresh((context) => post('/login', { name: name.value, password: password.value, context })));
}

const refresh = () => collector.refresh((context) => post('/refresh', { context }));

async function refreshAs(changes) {
	pretended = changes;
	await show(await refresh());
	pretended = {};
}

$('login').addEventListener('submit', login);
$('refresh').addEventListener('click', () => refreshAs({}));
$('new-device').addEventListener('click', () => refreshAs({ device_id: crypto.randomUUID() }));
$('elsewhere').addEventListener('click', () => refreshAs({ time_zone: 'Antarctica/Troll' }));
$('logout').addEventListener('click', async () => { await post('/logout', {}); await show({ status: 'logged out', over: true }); });
$('proof').addEventListener('submit', async (event) => {
	event.preventDefault();
	await show(await post('/prove', { factorId: factor.id, evidence: $('code').value }));
});
