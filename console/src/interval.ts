// Lengths of time as the database writes them (ISO 8601, and the settings' own way), in
// words that it takes back as they are.
const DATE: [string, string][] = [['Y', 'year'], ['M', 'month'], ['W', 'week'], ['D', 'day']];
const TIME: [string, string][] = [['H', 'hour'], ['M', 'minute'], ['S', 'second']];
const SETTING: Record<string, string> = { ms: 'millisecond', s: 'second', min: 'minute', h: 'hour', d: 'day' };

const words = (n: string, unit: string) => `${n} ${unit}${n === '1' ? '' : 's'}`;

/** "P1DT12H" is "1 day 12 hours", "30d" is "30 days"; what is neither stays as it is */
export function inWords(interval: string | null | undefined): string {
	if (!interval) return '';
	const setting = /^(-?\d+)(ms|s|min|h|d)$/.exec(interval);
	if (setting) return words(setting[1]!, SETTING[setting[2]!]!);
	if (!/^P[-\dT.YMWDHS]+$/.test(interval)) return interval;
	const [date = '', time = ''] = interval.slice(1).split('T');
	const parts = ([[date, DATE], [time, TIME]] as const).flatMap(([text, units]) => units.flatMap(([letter, unit]) => {
		const n = new RegExp(`(-?[\\d.]+)${letter}`).exec(text)?.[1];
		return n && Number(n) !== 0 ? [words(n, unit)] : [];
	}));
	return parts.join(' ') || '0 seconds';
}
