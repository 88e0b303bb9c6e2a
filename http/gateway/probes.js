// What who runs the service asks, where it lies in several databases: of each, and of all together.
import { setTimeout as later } from 'node:timers/promises';

import { asking } from './door.js';
import { json, refusal } from './errors.js';

const PATIENCE = 1000; // milliseconds for each to say whether it is ready: who asks does not wait for long

const PATHS = ['/ready', '/metrics'];

const NOT_READY = { ready: false, missing: ['database'], late: [] };

const shardOf = (target) => new URLSearchParams(target.replace(/^[^?]*\??/, '')).get('shard');

async function readinessOf(place, shards, request) {
	const answer = shards.only(place, asking(request)).then(({ body }) => JSON.parse(body), () => NOT_READY);
	return Promise.race([answer, later(PATIENCE, NOT_READY, { ref: false })]);
}

/** ready while one of them is: the others' people alone are not served; and of each what it lacks */
async function readiness(shards, request) {
	const said = await Promise.all(shards.all.map(async (place) => ({ place, ...await readinessOf(place, shards, request) })));
	const ready = said.some((one) => one.ready && shards.places.includes(one.place));
	const listed = (member) => said.flatMap((one) => one[member].map((what) => `${one.place.name}: ${what}`));
	return json(ready ? 200 : 503, { ready, missing: listed('missing'), late: listed('late') }, ready ? [] : ['Retry-After', '5']);
}

/** the answer to a request for one of these paths; undefined: it is none, or there is one database and that says it */
export async function probe(shards, path, request) {
	if (!shards.several || !PATHS.includes(path) || !/^(GET|HEAD)$/.test(request.method)) return undefined;
	const name = shardOf(request.target);
	if (name === null && path === '/ready') return readiness(shards, request);
	const place = shards.named(name);
	if (place === undefined) return refusal(404, 'not_found', `of which shard: ${path}?shard=0`);
	return { ...await shards.only(place, asking(request)), shard: place.name };
}
