// What pages ask for beside themselves: the style, scripts, logos. Read once, by
// name, so that no address leads to another file.
import { readdirSync, readFileSync } from 'node:fs';

const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
// for who opens one by itself: a picture may have scripts, too
const POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox";

const LOGOS = readdirSync(new URL('logos/', import.meta.url)).filter((name) => name.endsWith('.svg')).map((name) => `logos/${name}`);

/** @param names in this folder */
export function addFiles(app, names) {
	for (const name of names) {
		const content = readFileSync(new URL(name, import.meta.url));
		app.get(`/${name}`, (request, reply) => reply.type(TYPES[name.split('.').at(-1)])
			.headers({ 'Cache-Control': 'max-age=300', 'Content-Security-Policy': POLICY }).send(content));
	}
}

export const addLogos = (app) => addFiles(app, LOGOS);

// an operator who knows all clients, or to whom a profile of OpenID Connect matters, may say so
const ANYWHERE = process.env.LOGIN_LOGOS === 'anywhere';

/** where images of pages may come from */
export const IMAGES = ANYWHERE ? "'self' https:" : "'self'";

/**
 * A logo_uri is whatever a client says: shown from where it leads to, somebody else would learn who is
 * about to log in where, from which address, and could show another picture at any time. So the
 * logos that are shown are files of this application, put here by who has looked at them, unless
 * LOGIN_LOGOS is "anywhere".
 * @param baseUrl the application's own URL
 * @returns path of the file, or the URL, or null
 */
export function logoOf(uri, baseUrl) {
	if (!uri || !URL.canParse(uri)) return null;
	const { origin, pathname, protocol } = new URL(uri);
	if (ANYWHERE && protocol === 'https:') return uri;
	return origin === new URL(baseUrl).origin && LOGOS.includes(pathname.slice(1)) ? pathname : null;
}
