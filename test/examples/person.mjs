// A person with a browser that has no screen: follows redirects, keeps cookies, and fills
// in the forms of examples/login as somebody would who agrees to all that he is asked.
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': '\'', '#x27': '\'', '#34': '"' };
const unescaped = (text) => text.replace(/&(#?\w+);/g, (all, name) => ENTITIES[name] ?? all);

const attribute = (tag, name) => {
	const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag);
	return found && unescaped(found[1]);
};

export class Person {
	#cookies = new Map(); // host name -> Map: a browser does not tell ports apart
	#login;
	#password;
	page; // {url, status, headers, text} of what is on the screen
	asked = []; // login, consent and so on: what for, by the login application

	constructor({ login = process.env.DEMO_LOGIN, password = process.env.DEMO_PASSWORD } = {}) {
		this.#login = login;
		this.#password = password;
	}

	#keep(hostname, lines) {
		const kept = this.#cookies.get(hostname) ?? new Map();
		for (const line of lines) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
			if (value === '' || /max-age=0\b/i.test(line)) kept.delete(name);
			else kept.set(name, value);
		}
		this.#cookies.set(hostname, kept);
	}

	/**
	 * Goes to a page, and on to where it leads.
	 * @param until where to stop, before going there: by default at what is no web page, such as
	 * com.example.notes:/oauth2redirect, which a telephone hands to the application
	 */
	async go(to, { form, until = (url) => !/^https?:/.test(url) } = {}) {
		let url = new URL(to, this.page?.url);
		let body = form && new URLSearchParams(form);
		for (let redirects = 0; redirects < 20; redirects += 1) {
			if (until(url.href)) return (this.page = { url: url.href, status: 0, text: '' });
			const cookie = [...this.#cookies.get(url.hostname) ?? []].map((pair) => pair.join('=')).join('; ');
			// as browsers say it; an application of Django's looks at it
			const origin = body && new URL(this.page.url).origin;
			const response = await fetch(url, { method: body ? 'POST' : 'GET', body, redirect: 'manual', headers: { ...(cookie && { cookie }), ...(origin && { origin }) } });
			this.#keep(url.hostname, response.headers.getSetCookie());
			const location = response.headers.get('location');
			if (!location || response.status < 300 || response.status > 399) {
				return (this.page = { url: url.href, status: response.status, headers: response.headers, text: await response.text() });
			}
			this.page = { url: url.href };
			if (response.status !== 307 && response.status !== 308) body = undefined;
			url = new URL(location, url);
		}
		throw new Error('redirects without an end');
	}

	/** the form that leads there: its hidden fields and its answers, or undefined */
	#form(action) {
		const forms = [...this.page.text.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => form);
		const form = forms.find((text) => attribute(text, 'action') === action);
		return form && Object.fromEntries([...form.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => attribute(tag, 'type') === 'hidden')
			.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')]));
	}

	/** presses the button of that form */
	async press(action, fields = {}, options = {}) {
		const hidden = this.#form(action);
		if (!hidden) throw new Error(`no form leads to ${action} on a page of status ${this.page.status}`);
		return this.go(action, { ...options, form: { ...hidden, ...fields } });
	}

	/** goes to a page and, as long as that is one of the login application's, does what it asks */
	async open(url, options) {
		await this.go(url, options);
		return this.answer(options);
	}

	async answer(options) {
		const answers = [['/login', { name: this.#login, password: this.#password }], ['/consent', { decision: 'allow' }],
			['/device/answer', { decision: 'allow' }], ['/logout', { decision: 'allow' }]];
		for (;;) {
			const asked = this.page.url.startsWith(process.env.LOGIN_URL) && answers.find(([action]) => this.#form(action));
			if (!asked) return this.page;
			this.asked.push(asked[0].slice(1));
			await this.press(...asked, options);
		}
	}
}
