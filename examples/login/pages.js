// The pages; no scripts but the one that speaks to security keys.  Every form
// carries the browser's CSRF token.
import { createHash } from 'node:crypto';

import { html } from './html.js';
import { spanOf, textsOf } from './texts.js';

const STYLE = `
body { font: 16px/1.5 sans-serif; max-width: 28rem; margin: 3rem auto; padding: 0 1rem; }
label { display: block; margin: 0 0 .75rem; }
input[type=text], input[type=password] { box-sizing: border-box; display: block; width: 100%; font: inherit; padding: .3rem; }
button { font: inherit; padding: .3rem 1rem; margin-right: .5rem; }
button.primary { background: #0b57d0; border: 1px solid #0b57d0; border-radius: .2rem; color: #fff; }
li code { color: #666; font-size: .8em; }
body { overflow-wrap: anywhere; }
pre { overflow-x: auto; }
iframe { position: absolute; width: 1px; height: 1px; border: 0; visibility: hidden; }
.error { color: #a00; }
.popup { margin: .5rem auto; }
.touch button, .touch input { padding: .8rem 1rem; }
`;
// the style above and nothing else: an injected one would have another hash
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** where a URI of a client leads, as a policy names it; nothing of it may be taken for more of the policy */
const sourceOf = (uri) => {
	if (!uri || !URL.canParse(uri)) return [];
	const { origin, protocol } = new URL(uri);
	const source = origin === 'null' ? protocol : origin;
	return /[;,\s']/.test(source) ? [] : [source];
};

/**
 * Browsers apply form-action to the redirects that follow a form as well, so
 * where an answer may lead to has to be named.
 * @param leadsTo URI of the client, if there is one
 * @param frames URIs of clients that the page has in frames
 * @param images URIs of clients that the page shows
 */
export function contentSecurityPolicy(leadsTo, frames = [], images = []) {
	const targets = ["'self'", ...sourceOf(leadsTo)];
	const framed = [...new Set(frames.flatMap(sourceOf))];
	return `default-src 'none'; script-src 'self'; style-src 'sha256-${STYLE_HASH}'; form-action ${targets.join(' ')}; ` +
		(framed.length > 0 ? `frame-src ${framed.join(' ')}; ` : '') +
		images.flatMap(sourceOf).map((source) => `img-src ${source}; `).join('') + "frame-ancestors 'none'; base-uri 'none'";
}

// OpenID Connect Core, section 3.1.2.1; any other is shown like page
const DISPLAYS = ['page', 'popup', 'touch'];

function page(title, content, { language = 'en', display = 'page' } = {}) {
	// the style is a constant and must come out byte by byte as it was hashed
	return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html`${title}`}</title>
<style>${STYLE}</style></head>
<body class="${DISPLAYS.includes(display) ? display : 'page'}"><main><h1>${html`${title}`}</h1>
${content}
</main></body></html>
`;
}

const hidden = (fields) => Object.entries(fields).filter(([, value]) => value)
	.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);

const form = (action, fields, content) => html`<form method="post" action="${action}">${hidden(fields)}${content}</form>`;

/** what scopes mean, for whom they mean it, and what programs call them */
const scopeList = (scopes) => html`<ul>${scopes.map(({ scope, description, language, resource }) => html`<li>${description && html`<span lang="${language}">${description}</span> `}<code>${scope}</code>${resource
	&& html` (${resource})`}</li>`)}</ul>`;

/** what is asked for beyond scopes (RFC 9396), as the client has written it: a page of yours says it in words */
const detailsList = (details = []) => details.map(({ description, detail }) => html`
${description && html`<p>${description}</p>`}<pre>${JSON.stringify(detail, null, 2)}</pre>`);

// which APIs the scopes are for
const resourceList = (resources, at) => resources?.length > 0 && html`<p>${at} ${resources.map(({ resource, name }) => name ?? resource).join(', ')}</p>`;

// pgtoken takes no other from a client; a page that relied on that alone would run what slipped through
const webUri = (uri) => (uri && URL.canParse(uri) && ['https:', 'http:'].includes(new URL(uri).protocol) ? uri : null);

const alert = (text) => text && html`<p class="error" role="alert">${text}</p>`;
const cancel = (csrf, transactionId, t) => transactionId
	&& form('/consent', { csrf, transaction_id: transactionId, decision: 'deny' }, html`<button>${t.cancel}</button>`);
const query = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value)).toString();

/** the client, as it describes itself (OpenID Connect Registration, section 2): {logo, site, policy, terms}, URIs */
const aboutClient = (about, t) => about && html`
${webUri(about.logo) && html`<p><img src="${about.logo}" alt="" height="48" referrerpolicy="no-referrer"></p>`}
<p>${[['site', t.site], ['policy', t.policy], ['terms', t.terms]].filter(([kind]) => webUri(about[kind]))
		.map(([kind, text]) => html`<a href="${about[kind]}" rel="noreferrer">${text}</a> `)}</p>`;

/**
 * @param to {transaction_id} or {user_code} or {}: what comes after the login
 * @param about see aboutClient
 * @param t see textsOf
 */
export function loginPage({ csrf, to, hint, client, about, failed, display, t = textsOf() }) {
	return page(t.logIn, html`
${client && html`<p>${t.toContinue} <b>${client}</b></p>`}
${aboutClient(about, t)}
${alert(failed && t.wrongPassword)}
${form('/login', { csrf, ...to }, html`
<label>${t.name} <input type="text" name="name" value="${hint}" autocomplete="username" required autofocus></label>
<label>${t.password} <input type="password" name="password" autocomplete="current-password" required></label>
<label><input type="checkbox" name="keep" value="yes"> ${t.keep}</label>
<button>${t.logIn}</button>`)}
${cancel(csrf, to.transaction_id, t)}
${!to.user_code && html`<p><a href="/sign-up?${query(to)}">${t.signUp}</a></p>`}`, { language: t.language, display });
}

/** @param fields {name, fullName, email}: what is known of them */
export function signUpPage({ csrf, transactionId, fields, error, display, t = textsOf() }) {
	return page(t.signUp, html`
${alert(error)}
${form('/sign-up', { csrf, transaction_id: transactionId }, html`
<label>${t.name} <input type="text" name="name" value="${fields.name}" maxlength="200" autocomplete="username" required autofocus></label>
<label>${t.password} <input type="password" name="password" maxlength="200" autocomplete="new-password" required></label>
<label>${t.fullName} <input type="text" name="full_name" value="${fields.fullName}" maxlength="200" autocomplete="name" required></label>
<label>${t.email} <input type="text" name="email" value="${fields.email}" maxlength="200" autocomplete="email" inputmode="email" required></label>
<button>${t.signUp}</button>`)}
${cancel(csrf, transactionId, t)}
<p><a href="/login?${query({ transaction_id: transactionId, instead: transactionId && 'yes' })}">${t.haveAccount}</a></p>`, { language: t.language, display });
}

/** @param mayGoWithout the client would like it, and could do without */
export function secondFactorPage({ csrf, transactionId, failed, mayGoWithout, display, t = textsOf() }) {
	return page(t.secondFactor, html`
<p>${t.codeSent} <a href="/mailbox" target="_blank">${t.mailbox}</a>.</p>
${alert(failed && t.wrongCode)}
${form('/second-factor', { csrf, transaction_id: transactionId }, html`
<label>${t.code} <input type="text" name="code" autocomplete="one-time-code" inputmode="numeric" required autofocus></label>
<button>${t.goOn}</button>`)}
${mayGoWithout && form('/second-factor', { csrf, transaction_id: transactionId, decision: 'without' }, html`<button>${t.without}</button>`)}
${cancel(csrf, transactionId, t)}`, { language: t.language, display });
}

/**
 * A client that has registered itself, or that a document describes, says its own name, which could
 * be anybody's: who is behind it is the host of the document, and where the code goes.
 */
const strangerWarning = (client, t) => client.origin && html`
<p class="error">${t.stranger} ${client.host && html`${t.strangerHost} <b>${client.host}</b>. `}${client.redirects_to_device
	? t.strangerDevice : client.redirect_host && html`${t.strangerLeadsTo} <b>${client.redirect_host}</b>.`}</p>`;

const aboutOf = (client) => ({ logo: client.logo_uri, site: client.client_uri, policy: client.policy_uri, terms: client.tos_uri });

/** what is asked about, and what is known of it */
const askedFor = (shown, t) => html`
${scopeList(shown.scopes)}
${detailsList(shown.authorization_details)}
${shown.claims && html`<p>${t.wouldKnow} ${shown.claims.join(', ')}</p>`}
${resourceList(shown.resources, t.at)}
${shown.agreed_before.length > 0 && html`<details><summary>${t.before}</summary>${scopeList(shown.agreed_before)}</details>`}
<p>${shown.lifetime ? html`${t.holds} ${spanOf(shown.lifetime, t.language)}.` : t.holdsOn}</p>
${aboutClient(aboutOf(shown.client), t)}`;

/** @param shown what pgtoken.consent_page has returned, all of which the page shows */
export function consentPage({ csrf, transactionId, shown, display, t = textsOf() }) {
	const scope = shown.scopes.map((asked) => asked.scope);
	return page(t.allowAccess, html`
${strangerWarning(shown.client, t)}
<p><b>${shown.client.name}</b> ${t.wouldLike}</p>
${askedFor(shown, t)}
${form('/consent', { csrf, transaction_id: transactionId, page_id: shown.page_id, scope: [...new Set(scope)].join(' ') }, html`
<button class="primary" name="decision" value="allow">${t.allow}</button>
<button name="decision" value="deny">${t.deny}</button>`)}`, { language: t.language, display });
}

export function deviceCodePage({ csrf, userCode, error }) {
	return page('Connect a device', html`
${error && html`<p class="error" role="alert">${error}</p>`}
${form('/device', { csrf }, html`
<label>The code that the device shows
<input type="text" name="user_code" value="${userCode}" autocomplete="off" autocapitalize="characters" required autofocus></label>
<button>Continue</button>`)}`);
}

/**
 * Asks also when the code came in the address: the user must know the device (RFC 8628, section 5.4).
 * @param shown what pgtoken.device_consent_page has returned
 */
export function deviceConsentPage({ csrf, shown, t = textsOf() }) {
	return page(t.connectDevice, html`
${strangerWarning(shown.client, t)}
<p>${t.deviceShows} <b>${shown.user_code}</b>. ${t.deviceRuns} <b>${shown.client.name}</b> ${t.deviceWants}</p>
${askedFor(shown, t)}
<p>${t.deviceBefore}</p>
${form('/device/answer', { csrf, user_code: shown.user_code, page_id: shown.page_id }, html`
<button class="primary" name="decision" value="allow">${t.allow}</button>
<button name="decision" value="deny">${t.deny}</button>`)}`, { language: t.language });
}

export function logoutPage({ csrf, transactionId, client, name }) {
	return page('Log out?', html`
<p>${client ? html`<b>${client}</b> asks whether you, ` : 'Do you, '}<b>${name}</b>, want to log out here and
everywhere you came to from here${client ? '.' : '?'}</p>
${form('/logout', { csrf, transaction_id: transactionId }, html`
<button name="decision" value="allow">Log out</button>
<button name="decision" value="deny">Stay</button>`)}`);
}

/**
 * Front-channel logout: each client hears of it in a frame of its own.  When all are there the script goes on,
 * without it the link does; and after a while whatever they do.
 * @param frames URIs of clients; next: where to go afterwards, or null
 */
export function goodbyePage({ frames, next }) {
	return page('Logged out', html`
<p>${next ? 'You are being taken back.' : 'You are logged out.'}</p>
${next && html`<p><a href="${next}" data-next>Continue</a></p>`}
${frames.map((uri) => html`<iframe src="${uri}" title="logout at a client" sandbox="allow-scripts allow-same-origin" referrerpolicy="no-referrer"></iframe>
`)}${next && html`<script src="/goodbye.js"></script>`}`);
}

/** @param applications [{client_id, uri}]: where each of them begins a login */
export function homePage({ csrf, name, consents, applications }) {
	return page('Your account', html`
<p>Logged in as <b>${name}</b>.</p>
${applications.length > 0 && html`<h2>Your applications</h2>
<ul>${applications.map(({ client_id: client, uri }) => html`<li><a href="${uri}">${client}</a></li>`)}</ul>`}
${consents.length > 0 && html`<h2>Who has access</h2>`}
${consents.map(({ client_id: client, scopes, until }, i) => form('/consent/withdraw', { csrf, client_id: client }, html`
<p><b id="client-${i}">${client}</b>: ${scopes.join(', ')}${until && html`, until ${until}`} <button aria-describedby="client-${i}">Withdraw</button></p>
${scopes.length > 1 && html`<details><summary aria-describedby="client-${i}">Withdraw a part</summary>${scopes.map((scope) => html`<button name="scope" value="${scope}" aria-describedby="client-${i}">${scope}</button> `)}</details>`}`))}
<p><a href="/sessions">Where you are signed in</a></p>
<p><a href="/factors">Your factors</a> · <a href="/mailbox">Your mailbox</a></p>
<p><a href="/device">Connect a device</a></p>
<p><a href="/logout">Log out</a></p>`);
}

const timeOf = (date) => html`<time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`;

/**
 * Buttons of one name say by aria-describedby which of them they are.
 * @param sessions as sessions_of gives them: device and addresses are what others have sent
 */
export function sessionsPage({ csrf, sessions }) {
	return page('Where you are signed in', html`
${sessions.length === 0 && html`<p>No application has access in your name.</p>`}
<ul>${sessions.map((session, i) => html`<li data-current="${session.is_current}"><p id="session-${i}"><b>${session.device ?? 'An unknown device'}</b>${session.is_current && ' (this device)'}: ${session.client_names.join(', ')}<br>
Signed in ${timeOf(session.created_at)}${session.first_address && ` from ${session.first_address}`}${session.amr?.length > 0 && ` (${session.amr.join(', ')})`}<br>
Last used ${timeOf(session.last_used_at)}${session.last_address && session.last_address !== session.first_address && ` from ${session.last_address}`}
${session.act && html`<br>Support acts in your name here.`}</p>
${form('/sessions/end', { csrf, session_id: session.session_id }, html`<button aria-describedby="session-${i}">End</button>`)}</li>`)}</ul>
${sessions.some((session) => session.is_current) && sessions.length > 1 && form('/sessions/end-others', { csrf }, html`<button>Sign out everywhere else</button>`)}
<p><a href="/">Back</a></p>`);
}

/** @param registration options for the browser to register a security key with */
export function factorsPage({ csrf, factors, registration }) {
	return page('Your factors', html`
<p>What you can be asked for when your password is not enough.</p>
<ul>${factors.map(({ factor_id: id, factor_type: type, label, state }, i) => html`<li><span id="factor-${i}">${label ?? type}${state !== 'active' && html` (${state})`}</span>
${form('/factors/remove', { csrf, factor_id: id }, html`<button aria-describedby="factor-${i}">Remove</button>`)}</li>`)}</ul>
${form('/factors/email', { csrf }, html`<button>Add codes by mail</button>`)}
${form('/factors/totp', { csrf }, html`<button>Add an authenticator app</button>`)}
<form method="post" action="/factors/webauthn" data-webauthn="${JSON.stringify({ create: registration })}">${hidden({ csrf })}
<input type="hidden" name="credential_id"><input type="hidden" name="alg"><input type="hidden" name="public_key">
<p class="error" role="alert"></p><button>Add a security key</button></form>
<p><a href="/">Back</a></p>
<script src="/webauthn.js"></script>`);
}

export function totpPage({ csrf, factorId, secret, uri }) {
	return page('Authenticator app', html`
<p>Type this into your app, or open the <a href="${uri}">link</a> on the device that has it:</p>
<p><code id="secret">${secret}</code></p>
${form('/factors/totp/activate', { csrf, factor_id: factorId }, html`
<label>The code that it shows <input type="text" name="code" autocomplete="one-time-code" inputmode="numeric" required autofocus></label>
<button>Activate</button>`)}`);
}

export function mailboxPage({ mails }) {
	return page('Your mailbox', html`
${mails.length === 0 && html`<p>No mail.</p>`}
<ul>${mails.map(({ code, client_id: client }) => html`<li>Your code for <b>${client}</b> is <code>${code}</code></li>`)}</ul>
<p><a href="/mailbox">Look again</a> · <a href="/">Back</a></p>`);
}

export function messagePage(title, message) {
	return page(title, html`<p>${message}</p>`);
}
