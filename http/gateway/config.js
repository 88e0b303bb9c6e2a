// The gateway's settings: environment variables, listed in ../README.md.
import { format } from './log.js';

/** a whole number within limits, or the value given for an unset variable */
export function integer(env, name, fallback, min, max) {
	if (env[name] === undefined || env[name] === '') return fallback;
	const value = Number(env[name]);
	if (!Number.isInteger(value) || value < min || value > max) {
		throw new Error(`${name} must be a whole number from ${min} to ${max}`);
	}
	return value;
}

export function flag(env, name) {
	const value = env[name] ?? 'off';
	if (value !== 'on' && value !== 'off') throw new Error(`${name} must be on or off`);
	return value === 'on';
}

// Names get into statements as they are, so they are plain identifiers.
const isFunctionName = (name) => /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/.test(name);

function apiPaths(env) {
	let paths;
	try {
		paths = JSON.parse(env.GATEWAY_API || '{}');
	} catch {
		throw new Error('GATEWAY_API must be a JSON object {"/path": "schema.function"}');
	}
	for (const [path, name] of Object.entries(paths)) {
		if (!/^\/[\w./-]*$/.test(path) || !isFunctionName(name)) {
			throw new Error(`GATEWAY_API: ${JSON.stringify(path)} must name a function as "schema.function"`);
		}
	}
	return paths;
}

// The user that is not named is the one that PGUSER names, as for a single database.  A URL is in no
// message: it may have a password.
function databases(env, name, user) {
	return (env[name] ?? '').split(/[\s,]+/).filter(Boolean).map((text) => {
		const url = URL.canParse(text) ? new URL(text) : {};
		if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') throw new Error(`${name} must be of URLs as postgresql://host/database`);
		if (url.username === '' && !url.searchParams.has('user')) url.searchParams.set('user', user);
		return url.href;
	});
}

export function readConfig(env) {
	const user = env.PGUSER || 'authenticator';
	const [configuration, ...others] = databases(env, 'GATEWAY_CONFIGURATION', user);
	const shards = databases(env, 'GATEWAY_SHARDS', user);
	if (others.length > 0 || (configuration && shards.length === 0)) throw new Error('GATEWAY_CONFIGURATION must be one, beside GATEWAY_SHARDS');
	if (new Set(shards).size < shards.length) throw new Error('GATEWAY_SHARDS must be different ones');
	return {
		host: env.GATEWAY_HOST || '127.0.0.1',
		port: integer(env, 'GATEWAY_PORT', 3000, 0, 65535),
		api: apiPaths(env),
		apiBodyLimit: integer(env, 'GATEWAY_BODY_LIMIT', 64 * 1024, 1, 16 * 1024 * 1024),
		trustProxy: flag(env, 'GATEWAY_TRUST_PROXY'),
		requestTimeout: integer(env, 'GATEWAY_REQUEST_TIMEOUT', 30_000, 1, 600_000),
		accessLog: flag(env, 'GATEWAY_ACCESS_LOG'),
		log: format(env, 'GATEWAY_LOG'),
		requestIdHeader: env.GATEWAY_REQUEST_ID_HEADER || '',
		// several databases: in the order of their numbers, and the one that has the configuration
		shards,
		configuration,
		// everything else about the connection is in libpq's variables (PGHOST and so on)
		database: {
			user,
			poolSize: integer(env, 'GATEWAY_POOL_SIZE', 10, 1, 1000),
			acquireTimeout: integer(env, 'GATEWAY_POOL_TIMEOUT', 10_000, 1, 600_000),
			statementTimeout: integer(env, 'GATEWAY_STATEMENT_TIMEOUT', 30_000, 0, 600_000),
		},
	};
}
