// What of an HTTP request becomes request.headers and request.cookies.

/**
 * Names in lower case; a header sent several times is one value joined by ", ",
 * so that the function sees that there were two.  Cookies go their own way.
 */
export function headersOf(raw, config) {
	const headers = {};
	const { rawHeaders } = raw; // name, value, name, value, ...
	for (let i = 0; i < rawHeaders.length; i += 2) {
		const name = rawHeaders[i].toLowerCase();
		const value = rawHeaders[i + 1];
		if (name !== 'cookie') headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
	}
	if (!config.trustProxy) {
		// nobody in between: these are the client's own inventions
		for (const name of [...config.proxyHeaders, 'x-forwarded-for']) delete headers[name];
	}
	return headers;
}

export function cookiesOf(raw) {
	const cookies = {};
	for (const pair of (raw.headers.cookie ?? '').split(';')) {
		const at = pair.indexOf('=');
		if (at > 0) cookies[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
	}
	return cookies;
}

/** path and query string as they came, nothing decoded */
export function splitTarget(url) {
	const at = url.indexOf('?');
	return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) };
}
