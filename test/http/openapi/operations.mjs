// What docs/openapi.json says of each endpoint: the table it is made of, with the paths and
// methods that src/endpoints/door.c has.  Parameters and members as docs/http.md,
// registration.md, account.md, signals.md, console.md and metrics.md tell them.

const string = { type: 'string' };
const integer = { type: 'integer' };
const boolean = { type: 'boolean' };
const uri = { type: 'string', format: 'uri' };
const seconds = { type: 'integer', minimum: 0, description: 'seconds' };
const time = { type: 'integer', description: 'seconds since 1970' };
const list = (items = string) => ({ type: 'array', items });
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false });
const open = (properties, required = []) => ({ type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: true });
const ref = (name) => ({ $ref: `#/components/schemas/${name}` });
const described = (schema, description) => ({ ...schema, description });

/** name => description, or [description, schema]; one that ends in ! must be there */
const parameters = (all) => Object.fromEntries(Object.entries(all).map(([name, said]) => [name,
	Array.isArray(said) ? described(said[1], said[0]) : described(string, said)]));

const scope = ['scopes, separated by spaces', string];
const resource = ['an API (RFC 8707); may be repeated', string];
const audience = ['another word for resource; may be repeated', string];

// what any request of a client may have beside its own parameters
const authentication = parameters({
	client_id: 'of a client that does not authenticate by Basic',
	client_secret: 'client_secret_post',
	client_assertion: 'a JWT (RFC 7523): private_key_jwt, client_secret_jwt',
	client_assertion_type: ['', { const: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }],
});

const authorization = parameters({
	client_id: 'of a client with the grant type authorization_code',
	response_type: ['', { const: 'code' }],
	redirect_uri: ['as registered', uri],
	scope, resource, audience,
	state: 'comes back with the answer; at most 4096 bytes',
	nonce: 'comes back in the ID token; at most 1024 bytes',
	code_challenge: 'PKCE (RFC 7636)',
	code_challenge_method: ['', { const: 'S256' }],
	request_uri: 'of a pushed request, or of a request object that the client has registered',
	request: 'a request object (RFC 9101)',
	claims: 'single claims, as JSON (OpenID Connect Core section 5.5)',
	response_mode: ['how the answer comes', { enum: ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'] }],
	prompt: 'none, login, consent, select_account, create',
	max_age: ['seconds since the user has logged in', { type: 'string', pattern: '^[0-9]+$' }],
	id_token_hint: 'an ID token of this client: nobody but its subject',
	dpop_jkt: 'thumbprint of the key that must redeem the code (RFC 9449 section 10)',
	authorization_details: 'JSON (RFC 9396)',
	acr_values: 'for the login page', login_hint: 'for the login page', ui_locales: 'for the login page', display: 'for the login page',
	registration: 'refused: registration_not_supported', claims_locales: 'passed over',
});

const token = parameters({
	grant_type: ['what for; the metadata list those that are on', string],
	code: 'authorization_code', redirect_uri: ['authorization_code: as authorize was given it', string], code_verifier: 'authorization_code: PKCE',
	refresh_token: 'refresh_token',
	device_code: 'urn:ietf:params:oauth:grant-type:device_code',
	subject_token: 'token exchange (RFC 8693)', subject_token_type: 'token exchange', actor_token: 'token exchange', actor_token_type: 'token exchange',
	requested_token_type: 'token exchange',
	assertion: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
	username: 'password', password: 'password',
	scope, resource, audience,
	authorization_details: 'JSON (RFC 9396)',
	acr_values: 'refresh_token: what an API has asked for (RFC 9470)', max_age: 'refresh_token: likewise, seconds',
	session_id: 'of the client\'s collection of device data: a part of the context', device_id: 'of the client\'s device: a part of the context',
	transaction_id: 'goes on after a step-up',
});

// --- what comes back ------------------------------------------------------------------

export const schemas = {
	Error: described(object({ error: ref('ErrorName'), error_description: { type: 'string', pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]*$' } }, ['error']),
		'RFC 6749 section 5.2. The reason is in the audit; it is told to nobody'),
	Required: described(object({ error: { const: 'mfa_required' }, error_description: string, transaction_id: string, expires_in: seconds,
		factors: { type: 'array', minItems: 1, items: object({ factor_id: { type: 'string', format: 'uuid' }, factor_type: ref('FactorType'), label: string }, ['factor_id', 'factor_type']) },
		step_up_challenge_endpoint: uri, complete_challenge_endpoint: uri }), 'another factor must be proved first; the same request goes on with transaction_id'),
	FactorType: { enum: ['email', 'sms', 'totp', 'webauthn', 'recovery_code', 'external'] },
	Tokens: described(object({ access_token: string, token_type: { enum: ['Bearer', 'DPoP', 'N_A'] }, expires_in: seconds, scope: string, refresh_token: string,
		id_token: string, issued_token_type: string, authorization_details: { type: 'array', items: open({ type: string }, ['type']) } },
	['access_token', 'token_type', 'expires_in']), 'RFC 6749 section 5.1'),
	Introspection: described(open({ active: boolean, scope: string, client_id: string, sub: string, aud: { type: ['string', 'array'] }, iss: string, exp: time, iat: time,
		token_type: string, jti: string, cnf: { type: 'object' }, act: { type: 'object' } }, ['active']), 'RFC 7662 section 2.2, and claims of the application\'s own'),
	Claims: described(open({ sub: string }, ['sub']), 'OpenID Connect Core section 5.3.2'),
	Pushed: described(object({ request_uri: string, expires_in: seconds }), 'RFC 9126 section 2.2'),
	Device: described(object({ device_code: string, user_code: string, verification_uri: uri, verification_uri_complete: uri, expires_in: seconds, interval: integer }), 'RFC 8628 section 3.2'),
	Challenge: described(object({ factor_id: { type: 'string', format: 'uuid' }, factor_type: ref('FactorType'), expires_in: seconds, public_key: { type: 'object' }, complete_challenge_endpoint: uri },
		['factor_id', 'factor_type', 'expires_in']), 'public_key: options for navigator.credentials.get(), byte strings in base64url'),
	Completed: object({ completed: { const: true }, factor_id: { type: 'string', format: 'uuid' }, factor_type: ref('FactorType'), acr: string }, ['completed', 'factor_id', 'factor_type']),
	Keys: object({ keys: { type: 'array', items: open({ kty: string, kid: string, alg: string, use: string }, ['kty', 'kid', 'alg']) } }),
	ApiMetadata: described(open({ resource: uri, authorization_servers: list(uri), scopes_supported: list(), bearer_methods_supported: list(), resource_name: string }, ['resource', 'authorization_servers']), 'RFC 9728 section 2'),
	StatusLists: described(object({ status_lists: list(uri) }), 'draft-ietf-oauth-status-list, section 9.3'),
	Sessions: object({ sessions: { type: 'array', items: described({ ...object({ id: string, current: boolean, clients: { type: 'array', items: { type: 'object', properties: { client_id: string }, required: ['client_id'],
		patternProperties: { '^client_name(#.*)?$': string }, additionalProperties: false } }, scope: string,
	device: string, first_address: string, last_address: string, created_at: time, auth_time: time, last_used_at: time, expires_at: time, acr: string, amr: list(), offline: boolean, acted_for: boolean },
	['id', 'current', 'clients', 'scope', 'created_at', 'last_used_at', 'expires_at', 'offline', 'acted_for']) }, 'members that are not known are left out') }, next: described(string, 'after, of the next page') }, ['sessions']),
	Ended: object({ ended: { type: 'integer', minimum: 0 } }),
	ClientMetadata: described(open({ client_name: string, redirect_uris: list(), grant_types: list(), response_types: list(), token_endpoint_auth_method: string, scope: string,
		application_type: string, jwks_uri: uri, jwks: { type: 'object' }, software_statement: string }), 'RFC 7591 section 2; docs/http.md, Clients, has all members. Those that are not known are ignored'),
	Registration: described(open({ client_id: string, client_secret: string, client_secret_expires_at: integer, client_id_issued_at: time, registration_access_token: string, registration_client_uri: uri },
		['client_id', 'registration_client_uri']), 'RFC 7591 section 3.2.1, and all the client\'s metadata'),
	SignalsMetadata: described(open({ spec_version: string, issuer: uri, jwks_uri: uri, delivery_methods_supported: list(), configuration_endpoint: uri, status_endpoint: uri, verification_endpoint: uri }, ['issuer']), 'Shared Signals Framework section 7.1'),
	StreamRequest: open({ stream_id: string, delivery: open({ method: string, endpoint_url: string, authorization_header: string }), events_requested: list(), description: { type: ['string', 'null'] } }),
	Stream: open({ stream_id: string, iss: uri, aud: { type: ['string', 'array'] }, delivery: open({ method: string, endpoint_url: string }, ['method']), events_supported: list(), events_requested: list(), events_delivered: list(), description: string }, ['stream_id', 'iss', 'aud', 'delivery']),
	StreamStatus: open({ stream_id: string, status: { enum: ['enabled', 'paused', 'disabled'] }, reason: string }, ['stream_id', 'status']),
	PollRequest: open({ maxEvents: integer, returnImmediately: boolean, ack: list(), setErrs: { type: 'object' } }),
	Poll: object({ sets: { type: 'object', additionalProperties: string }, moreAvailable: boolean }),
	ConsoleConfiguration: object({ issuer: uri, client_id: string, resource: uri, scopes: list(), version: string }),
	ConsoleError: described(object({ error: string, error_description: string, sqlstate: string, detail: string, hint: string, factor_ids: list() }, []), 'factor_ids: which of them would do as a proof'),
	Live: object({ live: { const: true } }),
	Ready: object({ ready: boolean, missing: list(), late: list() }),
};

// --- the endpoints ----------------------------------------------------------------------

const json = (schema) => ({ 'application/json': schema });
const jwt = (type) => ({ [type]: string });
const error = json(ref('Error'));
const page = { 'text/html': string, ...error };
const none = null;

const formOf = (...all) => ({ 'application/x-www-form-urlencoded': open(Object.assign({}, ...all)) });
const jsonOf = (name) => json(ref(name));

// of every endpoint; what each adds
const common = { 404: error, 405: error, 503: error };
const formed = { 400: error, 413: error, 415: error };
const client = { ...formed, 401: error };
// a challenge of WWW-Authenticate, without a body
const challenged = { 400: none, 401: none, 403: none };
const found = { 303: none, 400: page, 404: page, 405: page, 413: page, 415: page, 503: page };

/**
 * path => its name for people, and for each method {id, query, body, answers}; answers: status => content,
 * null: without a body.  security: how the caller shows who he is.
 */
export const operations = {
	'/.well-known/openid-configuration': { tag: 'metadata', summary: 'Metadata of the issuer (OpenID Connect Discovery section 4)',
		GET: { id: 'openid_configuration', answers: { ...common, 200: jsonOf('Metadata') } } },
	'/.well-known/oauth-authorization-server': { tag: 'metadata', summary: 'The same (RFC 8414). Of an issuer with a path also inserted before it',
		GET: { id: 'oauth_authorization_server', answers: { ...common, 200: jsonOf('Metadata') } } },
	'/oauth2/jwks': { tag: 'metadata', summary: 'Public keys (RFC 7517)', GET: { id: 'jwks', answers: { ...common, 200: { 'application/json': ref('Keys'), 'application/jwk-set+json': ref('Keys') } } } },
	'/.well-known/oauth-protected-resource{api}': { tag: 'metadata', summary: 'Metadata of an API (RFC 9728); api: its path, empty where it has none',
		GET: { id: 'oauth_protected_resource', answers: { ...common, 200: jsonOf('ApiMetadata') } } },
	'/oauth2/resource_metadata': { tag: 'metadata', summary: 'The same, of the API that resource names',
		GET: { id: 'resource_metadata', query: parameters({ resource: ['the API', string] }), answers: { ...common, 400: error, 200: jsonOf('ApiMetadata') } } },
	'/oauth2/status_lists': { tag: 'metadata', summary: 'URLs of all status lists', GET: { id: 'status_lists', answers: { ...common, 200: jsonOf('StatusLists') } } },
	'/oauth2/status_lists/{period}/{list}': { tag: 'metadata', summary: 'A status list',
		GET: { id: 'status_list', query: parameters({ time: 'not supported: 501' }), answers: { ...common, 400: error, 501: error, 200: jwt('application/statuslist+jwt') } } },
	'/oauth2/authorize': { tag: 'authorization', summary: 'Where a client sends the browser (RFC 6749 section 4.1.1)',
		GET: { id: 'authorize', query: authorization, answers: { ...found, 200: { 'text/html': string } } },
		POST: { id: 'authorize_by_post', body: formOf(authorization), answers: { ...found, 200: { 'text/html': string } } } },
	'/oauth2/answer': { tag: 'authorization', summary: 'A page that posts an answer to its client, once',
		GET: { id: 'answer', query: parameters({ answer: 'as the redirect has it' }), answers: { ...found, 200: { 'text/html': string } } } },
	'/oauth2/logout': { tag: 'authorization', summary: 'Where a client sends the browser to log out (OpenID Connect RP-Initiated Logout)',
		...Object.fromEntries(['GET', 'POST'].map((method) => {
			const all = parameters({ id_token_hint: 'an ID token of the client', client_id: 'in place of the hint', post_logout_redirect_uri: ['one of the client\'s', string],
				state: 'comes back', ui_locales: 'for the page', logout_hint: 'ignored' });
			return [method, method === 'GET' ? { id: 'logout', query: all, answers: found } : { id: 'logout_by_post', body: formOf(all), answers: found }];
		})) },
	'/oauth2/par': { tag: 'authorization', summary: 'Pushed authorization requests (RFC 9126)', security: 'client',
		POST: { id: 'push', body: formOf(authorization, authentication), answers: { ...common, ...client, 201: jsonOf('Pushed') } } },
	'/oauth2/device_authorization': { tag: 'authorization', summary: 'Codes for a device (RFC 8628 section 3.1)', security: 'client',
		POST: { id: 'device_authorization', body: formOf(parameters({ scope, resource, audience, authorization_details: 'JSON (RFC 9396)', acr_values: 'for the page' }), authentication), answers: { ...common, ...client, 200: jsonOf('Device') } } },
	'/oauth2/token': { tag: 'tokens', summary: 'Tokens, for a code, a refresh token, an assertion and so on (RFC 6749 section 3.2)', security: 'client',
		POST: { id: 'token', body: formOf(token, authentication), answers: { ...common, ...client, 200: jsonOf('Tokens'), 403: json({ anyOf: [ref('Required'), ref('Error')] }), 500: error } } },
	'/oauth2/challenge': { tag: 'tokens', summary: 'Step-up: the user has chosen a factor', security: 'client',
		POST: { id: 'challenge', body: formOf(parameters({ transaction_id: 'as mfa_required has it', factor_id: 'one of factors' }), authentication), answers: { ...common, ...client, 403: error, 200: jsonOf('Challenge') } } },
	'/oauth2/complete_challenge': { tag: 'tokens', summary: 'Step-up: the user proves it', security: 'client',
		POST: { id: 'complete_challenge', body: formOf(parameters({ transaction_id: 'as mfa_required has it', factor_id: 'one of factors', code: 'of email, sms, totp, recovery_code',
			client_data_json: 'WebAuthn, base64url', authenticator_data: 'WebAuthn, base64url', signature: 'WebAuthn, base64url', id: 'WebAuthn: of the credential' }), authentication),
		answers: { ...common, ...client, 403: error, 200: jsonOf('Completed') } } },
	'/oauth2/revoke': { tag: 'tokens', summary: 'Revocation (RFC 7009)', security: 'client',
		POST: { id: 'revoke', body: formOf(parameters({ token: 'a refresh token, with its family, or an access token', token_type_hint: 'not needed' }), authentication), answers: { ...common, ...client, 200: none } } },
	'/oauth2/introspect': { tag: 'tokens', summary: 'Introspection (RFC 7662), signed where it is asked for (RFC 9701)', security: 'client',
		POST: { id: 'introspect', body: formOf(parameters({ token: 'of this client, or for an API that it is', token_type_hint: 'not needed' }), authentication),
			answers: { ...common, ...client, 200: { ...jsonOf('Introspection'), ...jwt('application/token-introspection+jwt') } } } },
	'/oauth2/userinfo': { tag: 'tokens', summary: 'Claims of the user (OpenID Connect Core section 5.3)', security: 'token',
		GET: { id: 'userinfo', answers: { ...common, ...challenged, 200: { ...jsonOf('Claims'), ...jwt('application/jwt') }, 500: error } },
		POST: { id: 'userinfo_by_post', body: formOf(parameters({ access_token: 'where it is not in the header (RFC 6750 section 2.2)' })), answers: { ...common, ...formed, ...challenged, 200: { ...jsonOf('Claims'), ...jwt('application/jwt') }, 500: error } } },
	'/oauth2/sessions': { tag: 'account', summary: 'Where the user is signed in', security: 'token',
		GET: { id: 'sessions', query: parameters({ limit: ['1 to 100, 50 unless told', string], after: 'next of the page before', ui_locales: 'languages for names of clients' }), answers: { ...common, ...challenged, 400: error, 200: jsonOf('Sessions') } } },
	'/oauth2/sessions/{session}': { tag: 'account', summary: 'Ends one of them', security: 'token', DELETE: { id: 'end_session', answers: { ...common, ...challenged, 204: none } } },
	'/oauth2/sessions/end_others': { tag: 'account', summary: 'Ends all but that of the token', security: 'token', POST: { id: 'end_others', answers: { ...common, ...challenged, 413: error, 415: error, 200: jsonOf('Ended') } } },
	'/oauth2/register': { tag: 'registration', summary: 'A client registers itself (RFC 7591)', security: 'registration',
		POST: { id: 'register', body: jsonOf('ClientMetadata'), answers: { ...common, ...client, 403: error, 429: error, 201: jsonOf('Registration') } } },
	'/oauth2/register/{client_id}': { tag: 'registration', summary: 'Its registration (RFC 7592)', security: 'registration',
		GET: { id: 'registration', answers: { ...common, 401: error, 403: error, 429: error, 200: jsonOf('Registration') } },
		PUT: { id: 'change_registration', body: jsonOf('ClientMetadata'), answers: { ...common, ...client, 403: error, 429: error, 200: jsonOf('Registration') } },
		DELETE: { id: 'end_registration', answers: { ...common, 401: error, 403: error, 429: error, 204: none } } },
	'/.well-known/ssf-configuration': { tag: 'signals', summary: 'Where signals are had (Shared Signals Framework section 7.1)', GET: { id: 'ssf_configuration', answers: { ...common, 200: jsonOf('SignalsMetadata') } } },
	'/oauth2/signals/streams': { tag: 'signals', summary: 'The receiver\'s streams', security: 'token',
		GET: { id: 'streams', query: parameters({ stream_id: 'one of them' }), answers: { ...common, ...client, 403: error, 200: json({ anyOf: [ref('Stream'), list(ref('Stream'))] }) } },
		POST: { id: 'create_stream', body: jsonOf('StreamRequest'), answers: { ...common, ...client, 403: error, 409: error, 201: jsonOf('Stream') } },
		PATCH: { id: 'change_stream', body: jsonOf('StreamRequest'), answers: { ...common, ...client, 403: error, 200: jsonOf('Stream') } },
		PUT: { id: 'replace_stream', body: jsonOf('StreamRequest'), answers: { ...common, ...client, 403: error, 200: jsonOf('Stream') } },
		DELETE: { id: 'delete_stream', query: parameters({ stream_id: 'which' }), answers: { ...common, ...client, 403: error, 204: none } } },
	'/oauth2/signals/status': { tag: 'signals', summary: 'A stream\'s status', security: 'token',
		GET: { id: 'stream_status', query: parameters({ stream_id: 'which' }), answers: { ...common, ...client, 403: error, 200: jsonOf('StreamStatus') } },
		POST: { id: 'set_stream_status', body: json(open({ stream_id: string, status: string, reason: string })), answers: { ...common, ...client, 403: error, 200: jsonOf('StreamStatus') } } },
	'/oauth2/signals/verification': { tag: 'signals', summary: 'Asks for a verification event', security: 'token',
		POST: { id: 'verify_stream', body: json(open({ stream_id: string, state: string })), answers: { ...common, ...client, 403: error, 429: error, 204: none } } },
	'/oauth2/signals/poll/{stream_id}': { tag: 'signals', summary: 'Fetches signals (RFC 8936)', security: 'token',
		POST: { id: 'poll', body: jsonOf('PollRequest'), answers: { ...common, ...client, 403: error, 200: jsonOf('Poll') } } },
	'/oauth2/console': { tag: 'console', summary: 'Leads to the console\'s page', GET: { id: 'console_home', answers: { ...found, 308: none, 302: none, 301: none } } },
	'/oauth2/console/': { tag: 'console', summary: 'The console\'s page', GET: { id: 'console', query: parameters({ code: 'of its own sign-in', state: 'likewise', iss: 'likewise', error: 'likewise', error_description: 'likewise' }), answers: { ...found, 200: { 'text/html': string } } } },
	'/oauth2/console/configuration': { tag: 'console', summary: 'Where the console finds itself', GET: { id: 'console_configuration', answers: { ...common, 200: jsonOf('ConsoleConfiguration') } } },
	'/oauth2/console/{file}': { tag: 'console', summary: 'A file of the console', GET: { id: 'console_file', answers: { ...found, 200: { 'text/javascript': string, 'text/css': string, 'image/svg+xml': string, 'text/html': string } } } },
	'/oauth2/console/api/{function}': { tag: 'console', summary: 'What a function of the console answers; docs/console.md has them', security: 'token',
		POST: { id: 'console_call', body: json(open({})), answers: { 200: json({}), 400: jsonOf('ConsoleError'), 401: jsonOf('ConsoleError'), 403: jsonOf('ConsoleError'), 404: jsonOf('ConsoleError'), 405: error, 409: jsonOf('ConsoleError'), 413: error, 415: error, 500: jsonOf('ConsoleError'), 503: error } } },
	'/live': { tag: 'service', summary: 'It runs', GET: { id: 'live', answers: { 200: jsonOf('Live'), 405: page } } },
	'/ready': { tag: 'service', summary: 'Requests can be answered, or what is missing', GET: { id: 'ready', answers: { 200: jsonOf('Ready'), 503: jsonOf('Ready'), 405: page } } },
	'/metrics': { tag: 'service', summary: 'Metrics, in Prometheus\' text format or OpenMetrics', security: 'token', GET: { id: 'metrics', answers: { 200: { 'text/plain': string, 'application/openmetrics-text': string }, 401: none, 403: none, 405: page } } },
};

// a route of door.c that is written otherwise there: what follows it has a name
export const named = { '/oauth2/status_lists/': '{period}/{list}', '/oauth2/sessions/': '{session}', '/oauth2/register/': '{client_id}',
	'/oauth2/signals/poll/': '{stream_id}', '/oauth2/console/api/': '{function}' };

export const tags = { metadata: 'What the service says of itself', authorization: 'Login and consent', tokens: 'Tokens', account: 'A person\'s sessions',
	registration: 'Clients that register themselves', signals: 'What ends is told', console: 'For those who run it', service: 'Of no issuer, and at every host' };
