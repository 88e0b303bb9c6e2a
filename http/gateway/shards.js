// The databases that the service lies in, one pool each, and which of them a request goes to.
//
// A database that a request is none of says so before it has looked anything up (status 0
// and the header Shard), so that any of them can be asked first, and nothing of the request
// is understood here.  Without GATEWAY_SHARDS there is one, and no other to go to.
import { NoConnection, openPool } from './database.js';

const HOPS = 3; // times that a request is sent on
const AWAY = 1000; // milliseconds in which a database that was away is asked only for what is its own

/** the value of a header among those of an answer; undefined: there is none */
export const headerOf = ({ headers }, name) => {
	const i = headers?.indexOf(name) ?? -1;
	return i < 0 ? undefined : headers[i + 1];
};

/** @param action () => promise; what it throws says which shard it was */
async function at(place, action) {
	try {
		const result = await action();
		place.awayUntil = 0;
		return result;
	} catch (error) {
		error.shard = place.name;
		if (error instanceof NoConnection) place.awayUntil = performance.now() + AWAY;
		throw error;
	}
}

export class Shards {
	#turn = 0;

	/** @param shards their pools, in order; configuration: the pool of the one that has it */
	constructor(shards, configuration = shards[0]) {
		/** is there more than one? */
		this.several = shards.some((pool) => pool !== configuration);
		/** those that hold subjects: {name, pool} */
		this.places = shards.map((pool, i) => ({ pool, index: i, name: this.several ? String(i) : undefined, awayUntil: 0 }));
		this.configuration = this.places.find(({ pool }) => pool === configuration) ?? { pool: configuration, name: 'configuration', awayUntil: 0 };
		this.all = [...new Set([...this.places, this.configuration])];
	}

	/** undefined: there is none of this name */
	named(name) {
		return name === 'configuration' ? this.configuration : this.places.find((place) => place.name === name);
	}

	/** one that is there, with the fewest requests that it has or that wait for it, and in turn among those that are alike */
	#next(left) {
		const now = performance.now();
		const burden = ({ pool, awayUntil }) => (awayUntil > now ? Infinity : pool.totalCount - pool.idleCount + pool.waitingCount);
		this.#turn = (this.#turn + 1) % this.places.length;
		const inTurn = [...left.filter(({ index }) => index >= this.#turn), ...left];
		const chosen = inTurn.reduce((best, place) => (burden(place) < burden(best) ? place : best));
		// whether it has come back is for one request to find out
		if (chosen.awayUntil > 0 && chosen.awayUntil <= now) chosen.awayUntil = now + AWAY;
		return chosen;
	}

	/** asks whichever is there: {place, answer}; one that was never asked, for want of a connection, leaves it to the next */
	async #any(ask) {
		const begun = performance.now();
		for (let left = this.places; ;) {
			const place = this.#next(left);
			left = left.filter((other) => other !== place);
			try {
				return { place, answer: await at(place, () => ask(place.pool, {})) };
			} catch (error) {
				const late = performance.now() - begun > (place.pool.options.connectionTimeoutMillis ?? Infinity);
				if (!error.unasked || left.length === 0 || late) throw error;
			}
		}
	}

	/**
	 * @param ask (pool, told) => answer; told: what the one before has told this one, for the peer
	 * @returns the answer, and shard: whose it is
	 */
	async route(ask) {
		let { place, answer } = await this.#any(ask);
		for (let hops = 0; answer.status === 0; hops += 1) {
			const name = headerOf(answer, 'Shard');
			const next = hops < HOPS ? this.named(name) : undefined;
			if (next === undefined) {
				throw Object.assign(new NoConnection(hops < HOPS ? `there is no shard ${name}` : 'the shards send it from one to the other'), { shard: place.name });
			}
			place = next;
			const told = { routed: true, carried: headerOf(answer, 'Carry') };
			answer = await at(place, () => ask(place.pool, told));
		}
		return { ...answer, shard: place.name };
	}

	/** ask(pool) of this one alone */
	only(place, ask) {
		return at(place, () => ask(place.pool, { routed: true }));
	}

	/** one that is away at the start may come later, unless all of them are; complain(error): which is not there */
	async begin(assertReady, complain) {
		const said = await Promise.allSettled(this.all.map((place) => at(place, () => assertReady(place.pool))));
		const reasons = said.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
		if (reasons.length === said.length) throw reasons[0];
		reasons.forEach(complain);
	}

	end() {
		return Promise.all(this.all.map(({ pool }) => pool.end()));
	}
}

/** config: of config.js */
export function openShards({ database, shards, configuration }) {
	if (shards.length === 0) return new Shards([openPool(database)]);
	const pools = new Map([...shards, ...(configuration ? [configuration] : [])].map((url) => [url, openPool({ ...database, url })]));
	return new Shards(shards.map((url) => pools.get(url)), pools.get(configuration));
}
