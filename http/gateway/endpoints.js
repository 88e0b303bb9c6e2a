// Which path is which function of pgtoken_http.  This table is all the gateway
// knows of OAuth.
//
// body: what the function's text argument gets: 'none' (it has no argument),
//       'form' (the body as it came), 'query' (on GET the query string, on POST
//       the body), 'empty' (on GET nothing, on POST the body)
// cors: scripts of other origins may call it; the pages a browser navigates to
//       are not for scripts (RFC 9700, section 2.6)

const read = (path, name) => ({ path, name, methods: ['GET', 'HEAD'], body: 'none', cors: true });
const form = (path, name) => ({ path, name, methods: ['POST'], body: 'form', cors: true });
const both = (path, name, body, cors) => ({ path, name, methods: ['GET', 'POST'], body, cors });

const endpoints = [
	read('/.well-known/openid-configuration', 'pgtoken_http.openid_configuration'),
	read('/.well-known/oauth-authorization-server', 'pgtoken_http.oauth_authorization_server'),
	read('/oauth2/jwks', 'pgtoken_http.jwks'),
	both('/oauth2/authorize', 'pgtoken_http.authorize', 'query', false),
	form('/oauth2/par', 'pgtoken_http.par'),
	form('/oauth2/token', 'pgtoken_http.token'),
	form('/oauth2/revoke', 'pgtoken_http.revoke'),
	form('/oauth2/introspect', 'pgtoken_http.introspect'),
	form('/oauth2/device_authorization', 'pgtoken_http.device_authorization'),
	form('/oauth2/challenge', 'pgtoken_http.challenge'),
	form('/oauth2/complete_challenge', 'pgtoken_http.complete_challenge'),
	both('/oauth2/userinfo', 'pgtoken_http.userinfo', 'empty', true),
	both('/oauth2/logout', 'pgtoken_http.end_session', 'query', false),
];

const WELL_KNOWN = '/.well-known/';

/**
 * The endpoints of an issuer whose URL has a path.  Its metadata is asked for with the
 * well-known part before the path (RFC 8414 section 3.1) and behind it (OpenID Connect
 * Discovery section 4).
 */
export const endpointsBelow = (base) => endpoints.flatMap((endpoint) => {
	const below = { ...endpoint, path: base + endpoint.path };
	return base !== '' && endpoint.path.startsWith(WELL_KNOWN) ? [below, { ...endpoint, path: endpoint.path + base }] : [below];
});
