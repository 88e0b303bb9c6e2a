// What the scripts beside this one share: jose, from wherever the caller has
// installed it (PGTOKEN_NODE_MODULES), and JSON on standard input and output.
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const jose = createRequire(join(process.env.PGTOKEN_NODE_MODULES, 'x'))('jose');

/** answer(fn): fn gets what was read as JSON, what it returns is written as JSON */
export async function answer(fn) {
	let text = '';
	for await (const chunk of process.stdin) text += chunk;
	process.stdout.write(JSON.stringify(await fn(JSON.parse(text))) + '\n');
}

/** true when the promise is fulfilled; a refusal by jose is an answer, anything else is not */
export async function holds(promise) {
	try {
		await promise;
		return true;
	} catch (error) {
		if (error instanceof jose.errors.JOSEError) return false;
		throw error;
	}
}
