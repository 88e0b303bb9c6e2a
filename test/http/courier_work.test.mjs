// http/courier/work.js: what is taken when, and what becomes of it, with a database of
// the test's own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { refusal } from '../../http/courier/failure.js';
import { makeWorker } from '../../http/courier/work.js';
import { NoConnection } from '../../http/gateway/database.js';

/** something that is waited for: {promise, resolve} */
function promised() {
	let resolve;
	return { promise: new Promise((done) => { resolve = done; }), resolve };
}

const until = async (isTrue) => { while (!isTrue()) await new Promise((resolve) => { setImmediate(resolve); }); };

/** a queue like the database's: takes give what is due of the kinds, but for who is busy */
function makeQueue(works) {
	const queue = { due: works.map((work, i) => ({ work_id: `w${i}`, attempt: 1, request: {}, ...work })), results: new Map(), takes: [],
		async take(kinds, atMost, busy) {
			queue.takes.push({ kinds, atMost, busy });
			const taken = queue.due.filter(({ kind, receiver }) => kinds.includes(kind) && !busy.includes(receiver)).slice(0, atMost);
			queue.due = queue.due.filter((work) => !taken.includes(work));
			return taken;
		},
		async done({ work_id: id }, result) {
			queue.results.set(id, result);
			return result.error ? 'again' : 'done';
		},
		next: async () => null };
	return queue;
}

const many = (n, work) => Array.from({ length: n }, () => work);
const document = (receiver) => ({ kind: 'document', receiver });

function worker(queue, does, settings = {}) {
	const said = [];
	const made = makeWorker({ database: queue, does, lanes: Object.keys(does).map((kind) => [kind]), settings: { concurrency: 20, poll: 600_000, ...settings },
		log: { complain: (line) => said.push(line), tell: (line) => said.push(line) } });
	return { ...made, said };
}

const well = async () => ({ status: 200 });

describe('work', () => {
	it('all that is due is taken, done and told', async () => {
		const queue = makeQueue(Array.from({ length: 45 }, (_, i) => document(`h${i}.example`)));
		const { wake, stop, said } = worker(queue, { document: well });
		wake();
		await until(() => queue.results.size === 45);
		assert.ok([...queue.results.values()].every(({ status }) => status === 200));
		await stop();
		assert.match(said[0], /^document w\d+ to h\d+\.example, attempt 1: 200 \d+ ms \(done\)$/);
	});

	it('Attack shut out: a receiver who does not answer gets a few slots, and not those of others', async () => {
		const held = promised();
		const queue = makeQueue([...many(30, document('slow.example')), document('fast.example')]);
		const { wake, stop } = worker(queue, { document: async ({ receiver }) => (receiver === 'slow.example' ? held.promise.then(well) : well()) });
		wake();
		await until(() => queue.takes.length > 0 && queue.due.length < 31);
		wake();
		await until(() => queue.results.size === 1);
		assert.deepEqual([...queue.results.keys()], ['w30']);
		assert.ok(queue.takes.some(({ busy }) => busy.includes('slow.example')));
		held.resolve();
		await until(() => queue.results.size === 31);
		await stop();
	});

	it('Attack shut out: many receivers who do not answer to one kind of work leave the other kinds alone', async () => {
		const held = promised();
		const queue = makeQueue([...Array.from({ length: 40 }, (_, i) => ({ kind: 'logout', receiver: `evil${i}.example` })), document('fast.example'), ...many(12, { kind: 'code', receiver: 'code' })]);
		const { wake, stop } = worker(queue, { logout: () => held.promise.then(well), document: well, code: () => held.promise.then(well) });
		wake();
		await until(() => queue.results.size === 1);
		assert.deepEqual([...queue.results.keys()], ['w40']);
		await until(() => queue.due.length === 20);
		assert.ok(queue.due.every(({ kind }) => kind === 'logout'), 'its lane is full; codes go by a way of our own, and wait for no host');
		held.resolve();
		await until(() => queue.results.size === 53);
		await stop();
	});

	it('what is thrown is told as a failure, and only what was meant to be told', async () => {
		const queue = makeQueue([document('a.example'), document('user:hidden@b.example\nx'), document('c.example')]);
		const { wake, stop, said } = worker(queue, { document: async ({ receiver }) => {
			if (receiver === 'a.example') throw refusal('no');
			if (receiver === 'c.example') throw Object.assign(new Error('hidden'), { code: 'ECODE' });
			throw new TypeError('hidden');
		} });
		wake();
		await until(() => queue.results.size === 3);
		assert.deepEqual([...queue.results.values()], [{ error: 'no', permanent: true }, { error: 'it broke: TypeError', permanent: false }, { error: 'it broke: ECODE', permanent: false }]);
		await stop();
		assert.equal(said.length, 3);
		assert.ok(said.every((line) => !/hidden|\n/.test(line)), said.join());
		assert.match(said[1], /^document w1 to b\.example\?x, attempt 1: it broke: TypeError \(again\)$/);
	});

	it('what is to be tried again is looked for when the database says', async () => {
		const queue = makeQueue([document('a.example')]);
		let asked = 0;
		queue.next = async () => (asked++ === 0 ? null : 1);
		const { wake, stop } = worker(queue, { document: async () => {
			if (queue.results.size === 0) {
				queue.due.push({ work_id: 'again', attempt: 2, request: {}, ...document('a.example') });
				throw refusal('not yet');
			}
			return { status: 200 };
		} });
		wake();
		await until(() => queue.results.has('again'));
		await stop();
	});

	it('what is due and not to be had is looked for less and less often', async (t) => {
		t.mock.timers.enable({ apis: ['setTimeout'] });
		const queue = makeQueue([]);
		queue.next = async () => 0;
		const { wake, stop } = worker(queue, { document: well }, { poll: 1000 });
		wake();
		for (const [i, wait] of [200, 400, 800, 1000, 1000].entries()) {
			await until(() => queue.takes.length === i + 1);
			await new Promise((resolve) => { setImmediate(resolve); });
			t.mock.timers.tick(wait - 1);
			await new Promise((resolve) => { setImmediate(resolve); });
			assert.equal(queue.takes.length, i + 1, `not before ${wait} ms`);
			t.mock.timers.tick(1);
		}
		await until(() => queue.takes.length === 6);
		await stop();
	});

	it('Attack shut out: what nobody takes, and is due for ever, does not keep a retry waiting', async (t) => {
		t.mock.timers.enable({ apis: ['setTimeout'] });
		const held = promised();
		const queue = makeQueue([]);
		queue.next = async () => 0;
		const { wake, stop } = worker(queue, { document: async ({ attempt }) => {
			if (attempt > 1) return { status: 200 };
			await held.promise;
			throw refusal('not yet');
		} }, { poll: 30_000 });
		queue.due.push({ work_id: 'one', attempt: 1, request: {}, ...document('a.example') });
		wake();
		const settle = async () => { for (let i = 0; i < 10; i++) await new Promise((resolve) => { setImmediate(resolve); }); };
		for (let i = 0; i < 12; i++) {
			await settle();
			t.mock.timers.tick(30_000);
		}
		held.resolve();
		await until(() => queue.results.has('one'));
		await settle();
		queue.due.push({ work_id: 'two', attempt: 2, request: {}, ...document('a.example') });
		for (let i = 0; i < 10; i++) {
			t.mock.timers.tick(100);
			await settle();
		}
		assert.ok(queue.results.has('two'), 'within a second');
		await stop();
	});

	it('a database that goes away is complained of once, and hears of the result when it is back', async (t) => {
		t.mock.timers.enable({ apis: ['setTimeout'] });
		const queue = makeQueue([document('a.example')]);
		const { take } = queue;
		let away = true;
		queue.take = async (...args) => { if (away) throw new NoConnection('gone'); return take(...args); };
		const { wake, stop, said } = worker(queue, { document: well }, { poll: 1000 });
		wake();
		for (let i = 0; i < 3; i++) {
			for (let j = 0; j < 5; j++) await new Promise((resolve) => { setImmediate(resolve); });
			t.mock.timers.tick(1000);
		}
		assert.deepEqual(said, ['cannot take work: gone']);
		away = false;
		await until(() => { t.mock.timers.tick(1000); return queue.results.size === 1; });
		await stop();
	});

	it('on stop no more is taken than was asked for already', async () => {
		const gate = promised();
		const queue = makeQueue(many(25, { kind: 'code', receiver: 'code' }));
		const { take } = queue;
		queue.take = async (...args) => { await gate.promise; return take(...args); };
		const { wake, stop } = worker(queue, { code: well });
		wake();
		const stopped = stop();
		gate.resolve();
		await stopped;
		assert.equal(queue.results.size, 10);
		assert.equal(queue.due.length, 15);
	});

	it('on stop what is held is done and told, and nothing more is taken', async () => {
		const held = promised();
		const queue = makeQueue(many(3, document('a.example')));
		const { done } = queue;
		const tries = [];
		queue.done = async (...args) => { if (tries.push(args) === 1) throw new NoConnection('gone'); return done(...args); };
		const { wake, stop } = worker(queue, { document: () => held.promise.then(well) });
		wake();
		await until(() => queue.due.length === 0);
		const stopped = stop();
		queue.due.push({ work_id: 'late', attempt: 1, request: {}, ...document('b.example') });
		wake();
		let isOver = false;
		stopped.then(() => { isOver = true; });
		await new Promise((resolve) => { setImmediate(resolve); });
		assert.equal(isOver, false, 'it waits for what it holds');
		held.resolve();
		await stopped;
		assert.deepEqual([...queue.results.keys()].sort(), ['w0', 'w1', 'w2']);
		assert.equal(tries.length, 4, 'what could not be told was told again');
		assert.equal(queue.due.length, 1);
	});
});
