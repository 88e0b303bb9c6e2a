// Takes work, does it, says what became of it.
import { setTimeout as later } from 'node:timers/promises';

import { NoConnection } from '../gateway/database.js';
import { readTraceparent } from '../gateway/log.js';
import { failed, failureOf } from './failure.js';

const AT_ONCE = 10; // works that are taken by one statement
const BUSY = 4; // works of a host from which on it gets no more until one is done
const OWN = 'code'; // the receiver of one-time codes
const SOON = 100; // milliseconds until a second look, where work is due and there was none to be taken
const REPORTS = [500, 1000, 2000, 4000, 8000, 15_000]; // milliseconds between attempts to tell a result

/** for logs: a host, whatever stands where it should */
const hostOf = (receiver) => String(receiver).replace(/^.*@/s, '').replace(/[^\x21-\x7e]/g, '?').slice(0, 100);

/** work of some kinds, apart from all other: receivers who are slow to one kind keep no other waiting */
class Lane {
	#slots;
	#onRoom;
	#held = new Set();
	isShort = false; // something was left that could be taken when a work is done

	/** onRoom(): it was short, and is so no longer */
	constructor(kinds, slots, onRoom) {
		this.kinds = kinds;
		this.#slots = slots;
		this.#onRoom = onRoom;
	}

	get held() { return [...this.#held]; }

	/** takes what there is; start(work) => promise of its end.  Returns how much it was */
	async fill(database, start, isOpen) {
		let taken = 0;
		while (isOpen()) {
			const busy = this.#busy();
			const room = Math.min(this.#slots - this.#held.size, AT_ONCE);
			this.isShort = room === 0 || busy.length > 0;
			if (room === 0) break;
			const works = await database.take(this.kinds, room, busy);
			taken += works.length;
			for (const work of works) this.#hold(work, start(work));
			if (works.length < room) break;
		}
		return taken;
	}

	#hold({ receiver }, ended) {
		const entry = { receiver, ended };
		this.#held.add(entry);
		entry.ended = ended.finally(() => {
			this.#held.delete(entry);
			if (this.isShort) this.#onRoom();
		});
	}

	#busy() {
		const counts = new Map();
		// what goes our own way is not a host's
		for (const { receiver } of this.#held) if (receiver !== OWN) counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
		return [...counts].filter(([, count]) => count >= BUSY).map(([receiver]) => receiver);
	}
}

/**
 * @param database of database.js
 * @param does {kind: (work) => promise of its result}; a result that is thrown is a failure
 * @param lanes lists of kinds
 * @param settings {concurrency: of each lane, poll: milliseconds after which there is a look in any case}
 * @param log {complain, tell} of ../gateway/log.js
 * @returns {wake(): there may be work, stop(): takes no more and resolves when all is done and told}
 */
export function makeWorker({ database, does, lanes: kinds, settings: { concurrency, poll }, log }) {
	const lanes = kinds.map((list) => new Lane(list, concurrency, () => wake()));
	let stopping = false;
	let looking = null; // the look that goes on
	let again = false;
	let failing = false; // and it was said
	let timer;
	let soon = SOON;

	/** tells it until the database has heard it, or may have given the work to another */
	async function report(work, result) {
		for (let i = 0; ; i++) {
			try {
				return await database.done(work, result);
			} catch (error) {
				if (!(error instanceof NoConnection)) throw error;
				if (i === REPORTS.length) throw error;
				await later(REPORTS[i]);
			}
		}
	}

	async function run(work) {
		const what = `${work.kind} ${work.work_id} to ${hostOf(work.receiver)}, attempt ${work.attempt}`;
		// of the request that has caused it; nothing else of what is sent
		const named = { request_id: work.request?.request_id, trace_id: readTraceparent(work.request?.traceparent)?.traceId, work_id: work.work_id, kind: work.kind,
			receiver: hostOf(work.receiver), attempt: work.attempt };
		const begun = performance.now();
		const result = await Promise.resolve(work).then(does[work.kind]).catch((error) => failed(failureOf(error)));
		try {
			const became = await report(work, result);
			// when that is, the database says
			if (became === 'again') wake();
			const ms = Math.round(performance.now() - begun);
			const ended = { ...named, became: became ?? 'lost', duration_ms: ms };
			if (result.error) log.complain(`${what}: ${result.error} (${ended.became})`, { ...ended, error: result.error });
			else log.tell(`${what}: ${result.status} ${ms} ms (${ended.became})`, { ...ended, status: result.status });
		} catch (error) {
			// whoever takes it next does it again
			log.complain(`${what}: could not be told: ${error.code ?? error.message}`, { ...named, error: String(error.code ?? error.message) });
		}
	}

	async function look() {
		let taken = 0;
		do {
			again = false;
			for (const lane of lanes) taken += await lane.fill(database, run, () => !stopping);
		} while (again && !stopping);
		const next = await database.next();
		failing = false;
		// due, and yet not to be had: it is others', or a receiver's who is busy
		soon = taken > 0 || next === null || next > 0 ? SOON : Math.min(soon * 2, poll);
		return next === null ? poll : Math.min(Math.max(next, soon), poll);
	}

	/** there may be work: what is due and not to be had does not keep it from being looked for soon */
	function wake() {
		soon = SOON;
		lookNow();
	}

	function lookNow() {
		if (stopping) return;
		again = true;
		if (looking) return;
		clearTimeout(timer);
		looking = look().catch((error) => {
			if (!failing) log.complain(`cannot take work: ${error.cause?.code ?? error.code ?? error.message}`);
			failing = true;
			return Math.min(5000, poll);
		}).then((wait) => {
			looking = null;
			if (stopping) return;
			if (again) lookNow();
			else timer = setTimeout(lookNow, wait);
		});
	}

	return {
		wake,
		async stop() {
			stopping = true;
			clearTimeout(timer);
			await looking;
			await Promise.all(lanes.flatMap((lane) => lane.held.map(({ ended }) => ended)));
		},
	};
}
