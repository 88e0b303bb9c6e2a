// What the rows of a lineage are called.
import { ago, plain, words } from '../format';
import type { Entry } from './types';

export const KINDS: Record<Entry['kind'], string> = {
	issue: 'Issued', refresh: 'Refreshed', retry: 'Answered again', refusal: 'Refused', reuse: 'Reuse', revoke: 'Revoked', event: 'Changed',
};

export function title(entry: Entry): string {
	switch (entry.kind) {
		case 'issue': return 'Issued generation 0';
		case 'refresh': return `Refreshed ${entry.presented} → ${entry.generation}`;
		case 'retry': return `Answered again ${entry.presented} → ${entry.generation}`;
		case 'refusal': return `Refused${of(entry)}: ${plain(words(entry.reason ?? entry.event ?? ''))}`;
		case 'reuse': return `Reuse of ${entry.presented}`;
		case 'revoke': return `Revoked: ${plain(words(entry.reason ?? 'no reason given'))}`;
		default: return words((entry.event ?? '').replace('.', ' ')) + (entry.reason ? `: ${plain(words(entry.reason))}` : '');
	}
}

const of = ({ presented }: Entry) => (presented === null ? '' : ` ${presented}`);

/** what an answer has minted */
export function minted(entry: Entry): string {
	const expires = entry.access_expires_at ? new Date(entry.access_expires_at) : undefined;
	const over = expires && expires.getTime() < Date.now();
	return [entry.scope, expires && `access token ${over ? 'ended' : 'ends'} ${ago(expires)}`].filter(Boolean).join(' · ');
}

export const cameFrom = ({ context, device }: Entry) => plain([context?.ip, device].filter(Boolean).join(' · '));

/** the entry's address is another one than that of the answer before it */
export function moved(rows: Entry[], index: number): boolean {
	const ip = rows[index]?.context?.ip;
	const before = rows.slice(index + 1).find(({ kind }) => kind === 'issue' || kind === 'refresh');
	return ip !== undefined && before?.context?.ip !== undefined && before.context.ip !== ip;
}
