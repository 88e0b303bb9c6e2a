// The client's page: what it knows about whoever has logged in.
import { html } from '../login/html.js';

export const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const page = (content, look = '') => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Example client</title>
<link rel="stylesheet" href="/style.css"></head>
<body class="${look}"><main><h1>Example client</h1>
${content}
</main></body></html>
`;

/** where the focus is when the page opens */
const problem = (error) => error && html`<p class="error" role="alert" tabindex="-1" autofocus>That did not work: ${error}</p>`;

const table = (id, values) => html`<table id="${id}">${Object.entries(values).map(([name, value]) => html`
<tr><th scope="row">${name}</th><td>${typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>`)}</table>`;

export const welcomePage = (message) => page(html`
${message && html`<p>${message}</p>`}
<p>Nobody is logged in.</p>
<p><a class="primary" href="/login">Log in</a></p>`);

/** claims and what userinfo said; tokens are shown to nobody */
export const accountPage = ({ claims, userinfo, scope, refreshes, notes, error }) => page(html`
${problem(error)}
<p>Logged in as <b>${claims.sub}</b>; scope <code>${scope}</code>; refreshed ${refreshes} times.</p>
<h2>ID token</h2>${table('claims', claims)}
<h2>Userinfo</h2>${table('userinfo', userinfo)}
${notes && html`<h2>API</h2>${table('notes', notes)}`}
<form method="post" action="/refresh"><p class="actions"><button class="primary">Refresh</button>
<button name="acr_values" value="mfa">Prove another factor</button></p></form>
<p><a href="/notes">Ask the API</a> · <a href="/logout">Log out</a></p>`, 'wide');

/** the refresh waits: which of his factors will the user prove? */
export const factorsPage = ({ factors, error }) => page(html`
<p>To go on, prove that it is you.</p>
${problem(error)}
${factors.map(({ factor_id: id, factor_type: type, label }) => html`
<form method="post" action="/step-up" class="all"><button name="factor_id" value="${id}">${label ?? type}</button></form>`)}
<p><a href="/">Back</a></p>`);

/** it waits no longer: nothing was refreshed */
export const overPage = (error) => page(html`
${problem(error)}
<p>Nothing was refreshed. <a href="/">Back</a></p>`);

/** a code, or what the browser's authenticator says to the options */
export const evidencePage = ({ factor: { factor_id: id, factor_type: type, label }, publicKey }) => page(html`
<p><b>${label ?? type}</b></p>
${publicKey ? html`
<form method="post" action="/step-up/complete" class="all" data-webauthn="${JSON.stringify({ get: publicKey })}">
<input type="hidden" name="factor_id" value="${id}"><input type="hidden" name="id"><input type="hidden" name="client_data_json">
<input type="hidden" name="authenticator_data"><input type="hidden" name="signature">
<p class="error" role="alert"></p><button class="primary">Use the passkey or security key</button></form>
<script src="/webauthn.js"></script>` : html`
<form method="post" action="/step-up/complete" class="all"><input type="hidden" name="factor_id" value="${id}">
<div class="field"><label for="code">Code</label>
<input type="text" id="code" name="code" class="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus></div>
<button class="primary">Continue</button></form>`}
<p><a href="/step-up">Back</a></p>`);
