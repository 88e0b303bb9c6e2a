// The page.  It shows what the worker of tokens.js fetches, and has no token itself: what a
// script that got into the page could take away with it is not here, nor in any storage.
const worker = new Worker('tokens.js', { type: 'module' });
const waiting = new Map();
let asked = 0;

worker.addEventListener('message', ({ data: { id, result, error } }) => {
	const { resolve, reject } = waiting.get(id);
	waiting.delete(id);
	if (error) reject(Object.assign(new Error(error), { signedOut: error === 'signed out' }));
	else resolve(result);
});
const ask = (method, ...values) => new Promise((resolve, reject) => {
	waiting.set(++asked, { resolve, reject });
	worker.postMessage({ id: asked, method, values });
});

const of = (id) => document.getElementById(id);
const show = (inside, problem = '') => {
	of('inside').hidden = !inside;
	of('outside').hidden = inside;
	of('problem').textContent = problem;
};

async function list() {
	const tasks = await ask('fetch', 'GET', '/tasks?order=id');
	of('tasks').replaceChildren(...tasks.map(({ id, title, done }) => {
		const item = document.createElement('li');
		const label = item.appendChild(document.createElement('label'));
		const box = label.appendChild(Object.assign(document.createElement('input'), { type: 'checkbox', checked: done }));
		label.append(` ${title}`);
		box.addEventListener('change', guarded(() => ask('fetch', 'PATCH', `/tasks?id=eq.${id}`, { done: box.checked })));
		return item;
	}));
}

/** what a click does; a session that has ended elsewhere has ended here */
const guarded = (action) => async (event) => {
	event?.preventDefault();
	try {
		await action(event);
	} catch (error) {
		if (error.signedOut) sessionStorage.removeItem('signed in');
		show(!error.signedOut, error.signedOut ? 'Please sign in again.' : error.message);
	}
};

/** to the login page, and back with a code: what is kept meanwhile is of use to nobody who has not got that as well */
async function begin(more = {}) {
	const { url, login } = await ask('begin', more);
	sessionStorage.setItem('login', JSON.stringify(login));
	location.assign(url);
}

of('sign-in').addEventListener('click', guarded(() => begin()));
of('sign-out').addEventListener('click', guarded(async () => {
	sessionStorage.removeItem('signed in');
	location.assign(await ask('signOut'));
}));
of('add').addEventListener('submit', guarded(async ({ target }) => {
	await ask('fetch', 'POST', '/tasks', { title: target.elements.title.value });
	target.reset();
	await list();
}));

guarded(async () => {
	const answer = Object.fromEntries(new URLSearchParams(location.search));
	history.replaceState(null, '', '/');
	if (answer.code || answer.error) {
		const login = JSON.parse(sessionStorage.getItem('login'));
		sessionStorage.removeItem('login');
		sessionStorage.removeItem('signed in');
		if (!login || login.state !== answer.state) return show(false, 'This page has not asked for that.');
		if (answer.error) return show(false, answer.error === 'login_required' ? '' : answer.error);
		of('name').textContent = await ask('redeem', answer.code, login);
		sessionStorage.setItem('signed in', 'yes');
		show(true);
		return list();
	}
	// loaded again: the worker's tokens are gone, and the login page knows who it was
	if (sessionStorage.getItem('signed in')) return begin({ prompt: 'none' });
	return show(false);
})();
