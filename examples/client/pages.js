// The client's page: what it knows about whoever has logged in.
import { html } from '../login/html.js';

export const contentSecurityPolicy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const page = (content) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Example client</title></head>
<body><h1>Example client</h1>
${content}
</body></html>
`;

const table = (id, values) => html`<table id="${id}">${Object.entries(values).map(([name, value]) => html`
<tr><th>${name}</th><td>${typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>`)}</table>`;

export const welcomePage = (message) => page(html`
${message && html`<p>${message}</p>`}
<p>Nobody is logged in. <a href="/login">Log in</a></p>`);

/** claims and what userinfo said; tokens are shown to nobody */
export const accountPage = ({ claims, userinfo, scope, refreshes, notes }) => page(html`
<p>Logged in as <b>${claims.sub}</b>; scope <code>${scope}</code>; refreshed ${refreshes} times.</p>
<h2>ID token</h2>${table('claims', claims)}
<h2>Userinfo</h2>${table('userinfo', userinfo)}
${notes && html`<h2>API</h2>${table('notes', notes)}`}
<form method="post" action="/refresh"><button>Refresh</button></form>
<p><a href="/notes">Ask the API</a> · <a href="/logout">Log out</a></p>`);
