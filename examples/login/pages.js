// The pages; no scripts but those that speak to passkeys and print. Every form
// carries the browser's CSRF token.
import { IMAGES } from './files.js';
import { html } from './html.js';
import { qrCode } from './qr.js';
import { spanOf, textsOf } from './texts.js';

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
 */
export function contentSecurityPolicy(leadsTo, frames = []) {
	const targets = ["'self'", ...sourceOf(leadsTo)];
	const framed = [...new Set(frames.flatMap(sourceOf))];
	return `default-src 'none'; script-src 'self'; style-src 'self'; img-src ${IMAGES}; form-action ${targets.join(' ')}; ` +
		(framed.length > 0 ? `frame-src ${framed.join(' ')}; ` : '') + "frame-ancestors 'none'; base-uri 'none'";
}

// OpenID Connect Core, section 3.1.2.1; any other is shown like page
const DISPLAYS = ['page', 'popup', 'touch'];

/** @param above what stands over the title; wide: what has much to show takes more of a wide screen */
function page(title, content, { language = 'en', display = 'page', above, wide = false } = {}) {
	return `<!doctype html>
${html`<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<link rel="stylesheet" href="/style.css"></head>
<body class="${wide ? 'wide' : DISPLAYS.find((known) => known === display) ?? 'page'}"><main>${above}<h1>${title}</h1>
${content}
</main></body></html>`}
`;
}

const hidden = (fields) => Object.entries(fields).filter(([, value]) => value)
	.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);

const form = (action, fields, content, look) => html`<form method="post" action="${action}"${attributes({ class: look })}>${hidden(fields)}${content}</form>`;

/** the two of a decision do not look alike */
const decide = (yes, no) => html`
<p class="buttons"><button class="primary" name="decision" value="allow">${yes}</button>
<button name="decision" value="deny">${no}</button></p>`;

/** what scopes mean, for whom they mean it, and what programs call them */
const scopeList = (scopes) => html`<ul class="scopes">${scopes.map(({ scope, description, language, resource }) => html`<li>${description && html`<span lang="${language}">${description}</span> `}<code>${scope}</code>${resource
	&& html` (${resource})`}</li>`)}</ul>`;

/** what is asked for beyond scopes (RFC 9396), as the client has written it: a page of yours says it in words */
const detailsList = (details = []) => details.map(({ description, detail }) => html`
${description && html`<p>${description}</p>`}<pre>${JSON.stringify(detail, null, 2)}</pre>`);

// which APIs the scopes are for
const resourceList = (resources, at) => resources?.length > 0 && html`<p>${at} ${resources.map(({ resource, name }) => name ?? resource).join(', ')}</p>`;

// pgtoken takes no other from a client; a page that relied on that alone would run what slipped through
const webUri = (uri) => (uri && URL.canParse(uri) && ['https:', 'http:'].includes(new URL(uri).protocol) ? uri : null);

/**
 * What went wrong, where the focus is when the page opens.
 * @param field the id of the one that it is about
 */
const problem = (text, field) => text && html`<p class="error" id="problem" role="alert" tabindex="-1" autofocus>${field ? html`<a href="#${field}">${text}</a>` : text}</p>`;

const attributes = (all) => Object.entries(all).filter(([, value]) => value || value === 0)
	.map(([name, value]) => (value === true ? html` ${name}` : html` ${name}="${value}"`));

/**
 * A field to type into, under its label.
 * @param wrong is it what the problem is about?  That has the focus then
 * @param more attributes of the input
 */
const field = (label, name, { wrong, hint, type = 'text', autofocus, ...more } = {}) => html`
<div class="field"><label for="${name}">${label}</label>${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
<input${attributes({ type, id: name, name, ...more, required: true, autofocus: autofocus && !wrong, 'aria-invalid': wrong && 'true',
		'aria-describedby': [hint && `${name}-hint`, wrong && 'problem'].filter(Boolean).join(' ') })}></div>`;

/** of one-time codes: digits, or those of a recovery code */
const codeField = (label, more) => field(label, 'code', { class: 'code', autocomplete: 'one-time-code', autofocus: true, autocapitalize: 'none', spellcheck: 'false', ...more });

const cancel = (csrf, transactionId, t) => transactionId
	&& form('/consent', { csrf, transaction_id: transactionId, decision: 'deny' }, html`<button>${t.cancel}</button>`, 'all');
const query = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value)).toString();

/** the client's logo, or its first letter: its name stands in the text */
const brand = (name, logo) => name && html`<p class="brand">${logo ? html`<img src="${logo}" alt="" width="56" height="56" referrerpolicy="no-referrer">`
	: html`<span class="monogram" aria-hidden="true">${[...name.trim()][0]?.toUpperCase()}</span>`}</p>
`;

/** the client's pages, as it names them (OpenID Connect Registration, section 2): {site, policy, terms}, URIs */
const aboutClient = (about, t) => {
	const links = [['site', t.site], ['policy', t.policy], ['terms', t.terms]].filter(([kind]) => webUri(about?.[kind]));
	return links.length > 0 && html`<p class="about">${links.map(([kind, text]) => html`<a href="${about[kind]}" rel="noreferrer">${text}</a> `)}</p>`;
};

/**
 * @param to {transaction_id} or {user_code} or {}: what comes after the login
 * @param logo see logoOf; about: see aboutClient
 * @param t see textsOf
 */
export function loginPage({ csrf, to, hint, client, logo, about, failed, display, t = textsOf() }) {
	return page(t.logIn, html`
${client && html`<p>${t.toContinue} <b>${client}</b></p>`}
${problem(failed && t.wrongPassword, 'name')}
${form('/login', { csrf, ...to }, html`
${field(t.name, 'name', { value: hint, autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', autofocus: true, wrong: failed })}
${field(t.password, 'password', { type: 'password', autocomplete: 'current-password' })}
<label class="check"><input type="checkbox" name="keep" value="yes"> ${t.keep}</label>
<button class="primary">${t.logIn}</button>`, 'all')}
${cancel(csrf, to.transaction_id, t)}
${!to.user_code && html`<p><a href="/sign-up?${query(to)}">${t.signUp}</a></p>`}
${aboutClient(about, t)}`, { language: t.language, display, above: brand(client, logo) });
}

/**
 * @param fields {name, fullName, email}: what is known of them
 * @param error {text, field}: what is wrong with which of them, by its id
 */
export function signUpPage({ csrf, transactionId, fields, error, display, t = textsOf() }) {
	const wrong = (id) => ({ maxlength: 200, wrong: error?.field === id });
	return page(t.signUp, html`
${problem(error?.text, error?.field)}
${form('/sign-up', { csrf, transaction_id: transactionId }, html`
${field(t.name, 'name', { value: fields.name, autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', autofocus: !error, ...wrong('name') })}
${field(t.password, 'password', { type: 'password', autocomplete: 'new-password', ...wrong('password') })}
${field(t.fullName, 'full_name', { value: fields.fullName, autocomplete: 'name', ...wrong('full_name') })}
${field(t.email, 'email', { value: fields.email, autocomplete: 'email', inputmode: 'email', ...wrong('email') })}
<button class="primary">${t.signUp}</button>`, 'all')}
${cancel(csrf, transactionId, t)}
<p><a href="/login?${query({ transaction_id: transactionId, instead: transactionId && 'yes' })}">${t.haveAccount}</a></p>`, { language: t.language, display });
}

/** @param mayGoWithout the client would like it, and could do without */
export function secondFactorPage({ csrf, transactionId, failed, mayGoWithout, display, t = textsOf() }) {
	return page(t.secondFactor, html`
<p>${t.codeSent} <a href="/mailbox" target="_blank">${t.mailbox}</a>.</p>
${problem(failed && t.wrongCode, 'code')}
${form('/second-factor', { csrf, transaction_id: transactionId }, html`
${codeField(t.code, { inputmode: 'numeric', wrong: failed })}
<button class="primary">${t.goOn}</button>`, 'all')}
${mayGoWithout && form('/second-factor', { csrf, transaction_id: transactionId, decision: 'without' }, html`<button>${t.without}</button>`, 'all')}
${cancel(csrf, transactionId, t)}`, { language: t.language, display });
}

/**
 * A client that has registered itself, or that a document describes, says its own name, which could
 * be anybody's: who is behind it is the host of the document, and where the code goes.
 */
const strangerWarning = (client, t) => client.origin && html`
<p class="warning">${t.stranger} ${client.host && html`${t.strangerHost} <b>${client.host}</b>. `}${client.redirects_to_device
	? t.strangerDevice : client.redirect_host && html`${t.strangerLeadsTo} <b>${client.redirect_host}</b>.`}</p>`;

const aboutOf = (client) => ({ site: client.client_uri, policy: client.policy_uri, terms: client.tos_uri });

/** what is asked about, and what is known of it */
const askedFor = (shown, t) => html`
${scopeList(shown.scopes)}
${detailsList(shown.authorization_details)}
${shown.claims && html`<p>${t.wouldKnow} ${shown.claims.join(', ')}</p>`}
${resourceList(shown.resources, t.at)}
${shown.agreed_before.length > 0 && html`<details><summary>${t.before}</summary>${scopeList(shown.agreed_before)}</details>`}
<p>${shown.lifetime ? html`${t.holds} ${spanOf(shown.lifetime, t.language)}.` : t.holdsOn}</p>
${aboutClient(aboutOf(shown.client), t)}`;

/** @param shown what pgtoken.consent_page has returned, all of which the page shows; logo: see logoOf */
export function consentPage({ csrf, transactionId, shown, logo, display, t = textsOf() }) {
	const scope = shown.scopes.map((asked) => asked.scope);
	return page(t.allowAccess, html`
${strangerWarning(shown.client, t)}
<p><b>${shown.client.name}</b> ${t.wouldLike}</p>
${askedFor(shown, t)}
${form('/consent', { csrf, transaction_id: transactionId, page_id: shown.page_id, scope: [...new Set(scope)].join(' ') }, decide(t.allow, t.deny))}`,
	{ language: t.language, display, above: brand(shown.client.name, logo) });
}

export function deviceCodePage({ csrf, userCode, error, t = textsOf() }) {
	return page(t.typeDevice, html`
${problem(error, 'user_code')}
${form('/device', { csrf }, html`
${field(t.typeCode, 'user_code', { value: userCode, hint: t.typeHint, class: 'code capitals', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', autofocus: true, wrong: Boolean(error) })}
<button class="primary">${t.goOn}</button>`, 'all')}`, { language: t.language });
}

/**
 * Asks also when the code came in the address: the user must know the device (RFC 8628, section 5.4).
 * @param shown what pgtoken.device_consent_page has returned
 */
export function deviceConsentPage({ csrf, shown, logo, t = textsOf() }) {
	return page(t.connectDevice, html`
${strangerWarning(shown.client, t)}
<p>${t.deviceShows} <b>${shown.user_code}</b>. ${t.deviceRuns} <b>${shown.client.name}</b> ${t.deviceWants}</p>
${askedFor(shown, t)}
<p>${t.deviceBefore}</p>
${form('/device/answer', { csrf, user_code: shown.user_code, page_id: shown.page_id }, decide(t.allow, t.deny))}`,
	{ language: t.language, above: brand(shown.client.name, logo) });
}

export function logoutPage({ csrf, transactionId, client, logo, name, t = textsOf() }) {
	return page(t.logOutTitle, html`
<p>${client ? html`<b>${client}</b> ${t.logOutAsks} ` : `${t.logOutYou} `}<b>${name}</b>${client ? t.logOutAsked : t.logOutWanted}</p>
${form('/logout', { csrf, transaction_id: transactionId }, decide(t.logOut, t.stay))}`, { language: t.language, above: brand(client, logo) });
}

/**
 * Front-channel logout: each client hears of it in a frame of its own.  When all are there the script goes on,
 * without it the link does; and after a while whatever they do.
 * @param frames URIs of clients; next: where to go afterwards, or null
 */
export function goodbyePage({ frames, next, t = textsOf() }) {
	return page(t.loggedOut, html`
<p>${next ? t.takenBack : t.areLoggedOut}</p>
${next && html`<p><a href="${next}" data-next>${t.goOn}</a></p>`}
${frames.map((uri) => html`<iframe src="${uri}" title="logout at a client" sandbox="allow-scripts allow-same-origin" referrerpolicy="no-referrer"></iframe>
`)}${next && html`<script src="/goodbye.js"></script>`}`, { language: t.language });
}

/** @param applications [{client_id, uri}]: where each of them begins a login */
export function homePage({ csrf, name, consents, applications }) {
	return page('Your account', html`
<p>Logged in as <b>${name}</b>.</p>
${applications.length > 0 && html`<h2>Your applications</h2>
<ul class="menu">${applications.map(({ client_id: client, uri }) => html`<li><a href="${uri}">${client}</a></li>`)}</ul>`}
${consents.length > 0 && html`<h2>Who has access</h2>`}
${consents.map(({ client_id: client, scopes, until }, i) => form('/consent/withdraw', { csrf, client_id: client }, html`
<p class="head"><span><b id="client-${i}">${client}</b>: ${scopes.join(', ')}${until && html`, until ${until}`}</span> <button aria-describedby="client-${i}">Withdraw</button></p>
${scopes.length > 1 && html`<details><summary aria-describedby="client-${i}">Withdraw a part</summary><p class="actions">${scopes.map((scope) => html`<button name="scope" value="${scope}" aria-describedby="client-${i}">${scope}</button> `)}</p></details>`}`, 'card'))}
<h2>Your sign-in</h2>
<ul class="menu">
<li><a href="/sessions">Where you are signed in</a></li>
<li><a href="/factors">Your factors</a></li>
<li><a href="/mailbox">Your mailbox</a></li>
<li><a href="/device">Connect a device</a></li>
<li><a href="/logout">Log out</a></li>
</ul>`, { wide: true });
}

const timeOf = (date) => html`<time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`;

const BACK = html`<p><a href="/">Back</a></p>`;
const BACK_TO_FACTORS = html`<p><a href="/factors">Back</a></p>`;

/**
 * Buttons of one name say by aria-describedby which of them they are.
 * @param sessions as sessions_of gives them: device and addresses are what others have sent
 */
export function sessionsPage({ csrf, sessions }) {
	return page('Where you are signed in', html`
${sessions.length === 0 && html`<p>No application has access in your name.</p>`}
${sessions.length > 0 && html`<ul class="cards">${sessions.map((session, i) => html`<li data-current="${session.is_current}"><p id="session-${i}"><b>${session.device ?? 'An unknown device'}</b>${session.is_current && ' (this device)'}: ${session.client_names.join(', ')}<br>
Signed in ${timeOf(session.created_at)}${session.first_address && ` from ${session.first_address}`}${session.amr?.length > 0 && ` (${session.amr.join(', ')})`}<br>
Last used ${timeOf(session.last_used_at)}${session.last_address && session.last_address !== session.first_address && ` from ${session.last_address}`}
${session.act && html`<br>Support acts in your name here.`}</p>
${form('/sessions/end', { csrf, session_id: session.session_id }, html`<button aria-describedby="session-${i}">End</button>`)}</li>`)}</ul>`}
${sessions.some((session) => session.is_current) && sessions.length > 1 && form('/sessions/end-others', { csrf }, html`<button class="primary">Sign out everywhere else</button>`)}
${BACK}`, { wide: true });
}

/** @param registration options for the browser to make a passkey with */
export function factorsPage({ csrf, factors, registration }) {
	const has = (type) => factors.some((factor) => factor.factor_type === type && factor.state === 'active');
	return page('Your factors', html`
<p>What you can be asked for when your password is not enough.</p>
${factors.length > 0 && html`<ul class="cards">${factors.map(({ factor_id: id, factor_type: type, label, state, created_at: since }, i) => html`<li><span id="factor-${i}"><b>${label ?? type}</b>${state !== 'active' && html` (${state})`}<br>
<span class="quiet">since ${timeOf(since)}</span></span>
${form('/factors/remove', { csrf, factor_id: id }, html`<button aria-describedby="factor-${i}">Remove</button>`)}</li>`)}</ul>`}
<h2>Add another</h2>
<form method="post" action="/factors/webauthn" data-webauthn="${JSON.stringify({ create: registration })}">${hidden({ csrf })}
<input type="hidden" name="credential_id"><input type="hidden" name="alg"><input type="hidden" name="public_key">
<p class="error" role="alert"></p><button class="primary">Add a passkey or security key</button></form>
<div class="actions">${form('/factors/totp', { csrf }, html`<button>Add an authenticator app</button>`)}
${!has('email') && form('/factors/email', { csrf }, html`<button>Add codes by mail</button>`)}
${form('/factors/recovery', { csrf }, html`<button>${has('recovery_code') ? 'Make new recovery codes' : 'Make recovery codes'}</button>`)}</div>
${BACK}
<script src="/webauthn.js"></script>`, { wide: true });
}

// as people read it, and without the gaps when it is copied
const inFours = (text) => text.match(/.{1,4}/g).map((four) => html`<span>${four}</span>`);

/** @param secret, uri are shown once: after a wrong code the app has them, or all begins anew */
export function totpPage({ csrf, factorId, secret, uri, wrong }) {
	return page('Authenticator app', html`
${problem(wrong && 'The code is not right. Please type the one that the app shows now.', 'code')}
${secret && html`<p>Scan this with the app:</p>
${qrCode(uri, 'QR code for an authenticator app; the secret below says the same')}
<p>Or open the <a href="${uri}">link</a> on the device that has the app, or type this secret into it:</p>
<p><code class="secret" id="secret">${inFours(secret)}</code></p>`}
${form('/factors/totp/activate', { csrf, factor_id: factorId }, html`
${codeField('The code that it shows', { inputmode: 'numeric', wrong })}
<button class="primary">Activate</button>`, 'all')}
${BACK_TO_FACTORS}`);
}

/** shown once: the database has no more than their hashes */
export function recoveryPage({ codes }) {
	return page('Recovery codes', html`
<p>Each of these is good once, for when you have nothing else at hand. They are shown now and never again: print them, or write them down, and keep them where your password is not. Older ones are good no more.</p>
<ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>
<p><button type="button" class="primary" data-print hidden>Print</button></p>
${BACK_TO_FACTORS}
<script src="/print.js"></script>`, { wide: true });
}

export function mailboxPage({ mails }) {
	return page('Your mailbox', html`
${mails.length === 0 && html`<p>No mail.</p>`}
${mails.length > 0 && html`<ul class="cards">${mails.map(({ code, client_id: client }) => html`<li><span>Your code for <b>${client}</b> is <code>${code}</code></span></li>`)}</ul>`}
<p><a href="/mailbox">Look again</a> · <a href="/">Back</a></p>`);
}

/** @param next [href, text] of where to go from here */
export function messagePage(title, message, { next, t = textsOf() } = {}) {
	return page(title, html`<p>${message}</p>
${next && html`<p><a href="${next[0]}">${next[1]}</a></p>`}`, { language: t.language });
}
