// How things are written for the reader: in the browser's language of numbers and times,
// and the browser's time zone.
const numbers = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export const number = (n: number) => numbers.format(n);
export const shortNumber = (n: number) => (Math.abs(n) < 10_000 ? numbers.format(n) : compact.format(n));
export const plural = (n: number, one: string, many = `${one}s`) => `${numbers.format(n)} ${n === 1 ? one : many}`;

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60]];

/** "3 minutes ago", "in 2 days" */
export function ago(time: Date, now = Date.now()): string {
	const seconds = (time.getTime() - now) / 1000;
	for (const [unit, length] of UNITS) {
		if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
	}
	return Math.abs(seconds) < 10 ? 'now' : relative.format(Math.trunc(seconds), 'second');
}

/** in the reader's zone, to the minute */
export const moment = (time: Date) => time.toLocaleString(undefined, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });

/** to the millisecond, with the zone, and as UTC besides */
export const exactly = (time: Date) => `${time.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' })} · ${time.toISOString()}`;

/** a length of time in seconds: "2 d 3 h" */
export function duration(seconds: number): string {
	const parts: string[] = [];
	let left = Math.round(seconds);
	for (const [name, length] of [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]] as const) {
		const n = Math.floor(left / length);
		if (n > 0) parts.push(`${n} ${name}`);
		left -= n * length;
		if (parts.length === 2) break;
	}
	return parts.join(' ') || '0 s';
}

export function bytes(n: number): string {
	for (const [unit, size] of [['TB', 2 ** 40], ['GB', 2 ** 30], ['MB', 2 ** 20], ['kB', 2 ** 10]] as const) {
		if (n >= size) return `${(n / size).toFixed(n / size < 10 ? 1 : 0)} ${unit}`;
	}
	return `${n} bytes`;
}

/** what others have written, beside other text in one line: a character that turns the direction round is seen, and does not */
export const plain = (text: string) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);

/** what a member of JSON is called on a page: "client_id" is "client id" */
export const words = (name: string) => name.replaceAll('_', ' ');
