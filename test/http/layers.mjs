// The layers that the tests run through, and what each can: the one list.
//
// whole: the whole suite runs through it in make check, through the others only
// their files, and with run.mjs --all everything.  layers/NAME.mjs has
//
//   start({env, root, port, proxyPort}) -> {url, proxyUrl, stop()}
//
// env: how a superuser reaches the database that examples/setup.sql and setup.sql
// were run in; port and proxyPort: where to listen, the second for requests of a
// proxy that is believed.  A layer that cannot start is a failure.
//
// What a layer can, beside what the door needs of all of them:
//   api               serves the functions of schema api below /api
//   stand-in          calls pgtoken_http.handle as any client of the database would
//   octets            hands on header values of any octets as they came
//   repeated headers  hands on a header that came several times as several
//   trace             hands on the method TRACE
//   certificates      says whether it asks for certificates, and not only what came
//   own routes        stands in an application that has routes of its own
//   log               says on its standard error why it answers 500 or 503
//   request id        gives each request an id, for the door, its log and answers of its own
//   proxy id          takes it from a proxy that is believed: X-Request-ID
const TRANSPORT = ['stand-in', 'octets', 'repeated headers', 'trace', 'certificates', 'log', 'request id', 'proxy id'];
const FILES = ['account', 'console_files', 'door', 'transport'];

export const layers = {
	gateway: { whole: true, can: [...TRANSPORT, 'api'] },
	express: { files: FILES, can: [...TRANSPORT, 'own routes'] },
	fastify: { files: FILES, can: [...TRANSPORT, 'own routes'] },
	fastcgi: { files: [...FILES, 'routing'], can: TRANSPORT.filter((ability) => !['log', 'proxy id'].includes(ability)) },
	python: { files: FILES, can: TRANSPORT },
	postgrest: { files: ['account', 'console_files', 'door', 'api', 'client_auth', 'context', 'dpop', 'mcp'], can: ['api'] },
	shell: { files: ['transport'], can: TRANSPORT.filter((ability) => !/ id$/.test(ability)) },
};
