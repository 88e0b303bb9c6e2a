// One after the other, and the same at the same time once: within this process.
import { UnavailableError } from './errors.js';

/**
 * (key, work) => what work returns, once all work of that key that came before is done.  Who has waited while the service
 * was found to be away is told so at once: each would find the same, and the last would wait for all of them.
 */
export function makeLock() {
	const queues = new Map();
	return (key, work) => {
		const queue = queues.get(key) ?? { tail: Promise.resolve(), waiting: 0, failed: null };
		queues.set(key, queue);
		queue.waiting += 1;
		const came = performance.now();
		const done = queue.tail.then(async () => {
			try {
				if (queue.failed?.at >= came) throw queue.failed.error;
				return await work();
			} catch (error) {
				if (error instanceof UnavailableError) queue.failed ??= { at: performance.now(), error };
				throw error;
			} finally {
				queue.waiting -= 1;
				if (queue.waiting === 0) queues.delete(key);
			}
		});
		queue.tail = done.catch(() => {});
		return done;
	};
}

/** (question, ask) => what ask() resolves to: one answer for all who come with the same question until it is there */
export function makeShared() {
	const asked = new Map();
	return (question, ask) => {
		if (!asked.has(question)) asked.set(question, ask().finally(() => asked.delete(question)));
		return asked.get(question);
	};
}
