// The same request again while its answer is lost.
import { Lost, UnavailableError } from './errors.js';

const LONGEST = 5000; // ms between two attempts, unless the service has asked for more

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * @param ask the request; throws Lost where no answer came
 * @param options attempts: how many at most. delay: ms, of the first pause, which doubles. patience: ms after the first
 *        attempt from which on none begins: past the retry window of the client (30 s of a public one) a token that was
 *        consumed would be taken for a stolen one.
 */
export async function retried(ask, { attempts, delay, patience }) {
	const begun = performance.now();
	for (let n = 1; ; n += 1) {
		try {
			return await ask();
		} catch (error) {
			if (!(error instanceof Lost)) throw error;
			// all of it by chance: those who were cut off together do not come back together
			const pause = Math.max(Math.random() * Math.min(LONGEST, delay * 2 ** (n - 1)), (error.retryAfter ?? 0) * 1000);
			if (n >= attempts || performance.now() - begun + pause > patience) throw new UnavailableError(n, error.cause ?? error);
			await wait(pause);
		}
	}
}
