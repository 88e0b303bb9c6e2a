// One after the other, within this process.

/** (key, work) => what work returns, once all work of that key that came before is done */
export function makeLock() {
	const tails = new Map();
	return (key, work) => {
		const done = (tails.get(key) ?? Promise.resolve()).then(work);
		const tail = done.catch(() => {}).then(() => {
			if (tails.get(key) === tail) tails.delete(key);
		});
		tails.set(key, tail);
		return done;
	};
}
