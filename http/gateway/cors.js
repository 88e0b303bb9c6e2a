// Cross-origin requests, answered as PostgREST does: any origin may call, but no
// cookie comes along; or, with a list of origins, those and no others.

const EXPOSED = ['Content-Type', 'Date', 'DPoP-Nonce', 'Location', 'Retry-After', 'WWW-Authenticate'].join(', ');
const ALWAYS_ALLOWED = ['Authorization', 'Content-Type', 'Accept', 'DPoP'];

/** sets Access-Control-Allow-Origin where the origin is welcome; says whether it is */
function allowOrigin(request, reply, origins) {
	const { origin } = request.headers;
	if (origins.length > 0) reply.header('Vary', 'Origin');
	if (origin === undefined) return false;
	if (origins.length > 0 && !origins.includes(origin)) return false;
	reply.header('Access-Control-Allow-Origin', origins.length > 0 ? origin : '*');
	return true;
}

export function decorate(request, reply, origins) {
	if (allowOrigin(request, reply, origins)) reply.header('Access-Control-Expose-Headers', EXPOSED);
}

export const isPreflight = ({ method, headers }) =>
	method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

export function preflight(request, reply, origins, methods) {
	if (allowOrigin(request, reply, origins)) {
		const asked = (request.headers['access-control-request-headers'] ?? '').split(',')
			.map((name) => name.trim()).filter((name) => /^[\w-]+$/.test(name));
		reply.header('Access-Control-Allow-Methods', [...methods, 'OPTIONS'].join(', '));
		reply.header('Access-Control-Allow-Headers', [...ALWAYS_ALLOWED, ...asked].join(', '));
		reply.header('Access-Control-Max-Age', '86400');
	}
	return reply.code(204).send();
}
