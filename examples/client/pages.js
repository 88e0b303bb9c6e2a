// The client's page: what it knows about whoever has logged in.
import { createHash } from 'node:crypto';

import { html } from '../login/html.js';

// tokens' claims are long words, and screens small
const STYLE = 'body { overflow-wrap: anywhere; } th { overflow-wrap: normal; text-align: left; }';

export const contentSecurityPolicy = `default-src 'none'; script-src 'self'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const page = (content) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Example client</title>
<style>${STYLE}</style></head>
<body><main><h1>Example client</h1>
${content}
</main></body></html>
`;

const table = (id, values) => html`<table id="${id}">${Object.entries(values).map(([name, value]) => html`
<tr><th>${name}</th><td>${typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>`)}</table>`;

export const welcomePage = (message) => page(html`
${message && html`<p>${message}</p>`}
<p>Nobody is logged in. <a href="/login">Log in</a></p>`);

/** claims and what userinfo said; tokens are shown to nobody */
export const accountPage = ({ claims, userinfo, scope, refreshes, notes, error }) => page(html`
${error && html`<p role="alert">That did not work: ${error}</p>`}
<p>Logged in as <b>${claims.sub}</b>; scope <code>${scope}</code>; refreshed ${refreshes} times.</p>
<h2>ID token</h2>${table('claims', claims)}
<h2>Userinfo</h2>${table('userinfo', userinfo)}
${notes && html`<h2>API</h2>${table('notes', notes)}`}
<form method="post" action="/refresh"><button>Refresh</button>
<button name="acr_values" value="mfa">Prove another factor</button></form>
<p><a href="/notes">Ask the API</a> · <a href="/logout">Log out</a></p>`);

/** the refresh waits: which of his factors will the user prove? */
export const factorsPage = ({ factors, error }) => page(html`
<p>To go on, prove that it is you.</p>
${error && html`<p role="alert">That did not work: ${error}</p>`}
${factors.map(({ factor_id: id, factor_type: type, label }) => html`
<form method="post" action="/step-up"><button name="factor_id" value="${id}">${label ?? type}</button></form>`)}
<p><a href="/">Back</a></p>`);

/** it waits no longer: nothing was refreshed */
export const overPage = (error) => page(html`
<p role="alert">That did not work: ${error}</p>
<p>Nothing was refreshed. <a href="/">Back</a></p>`);

/** a code, or what the browser's authenticator says to the options */
export const evidencePage = ({ factor: { factor_id: id, factor_type: type, label }, publicKey }) => page(html`
<p>${label ?? type}</p>
${publicKey ? html`
<form method="post" action="/step-up/complete" data-webauthn="${JSON.stringify({ get: publicKey })}">
<input type="hidden" name="factor_id" value="${id}"><input type="hidden" name="id"><input type="hidden" name="client_data_json">
<input type="hidden" name="authenticator_data"><input type="hidden" name="signature">
<p role="alert"></p><button>Use the security key</button></form>
<script src="/webauthn.js"></script>` : html`
<form method="post" action="/step-up/complete"><input type="hidden" name="factor_id" value="${id}">
<label>Code <input type="text" name="code" autocomplete="one-time-code" required autofocus></label>
<button>Continue</button></form>`}`);
