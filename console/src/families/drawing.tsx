// The lineage, drawn: the newest at the top.  Generations stand on the trunk; what was
// answered again, refused or reused branches off where its token came from.  The drawing is
// for the eye alone: the rows beside it say the same.
import { useState } from 'preact/hooks';

import { Badge, Button, Time } from '../components';
import { Details } from './details';
import { type Entry, type Family, isAnswer } from './types';
import { cameFrom, minted, moved, title } from './words';

const ROW = 60;
const TRUNK = 16;
const LANES: Partial<Record<Entry['kind'], number>> = { retry: 38, refusal: 58, reuse: 76 };
const WIDTH = 90;

const middle = (index: number) => index * ROW + ROW / 2;

/** from where a token came to where it went: along the trunk's side, up in the lane */
function branch(from: number, to: number, lane: number, known: boolean): string {
	if (!known) return `M${lane} ${from}V${to}`;
	const bend = Math.min(26, from - to);
	return `M${TRUNK} ${from}C${TRUNK} ${from - bend / 2} ${lane} ${from - bend / 2} ${lane} ${from - bend}V${to}`;
}

function Branches({ rows, height }: { rows: Entry[]; height: number }) {
	/** where the generation stands that was presented: that of its first answer */
	const place = new Map<number, number>();
	rows.forEach((entry, i) => {
		if ((entry.kind === 'issue' || entry.kind === 'refresh') && entry.generation !== undefined) place.set(entry.generation, i);
	});
	return (
		<>
			{rows.map((entry, i) => {
				const lane = LANES[entry.kind];
				if (lane === undefined || entry.presented === null) return null;
				const origin = place.get(entry.presented);
				// what has not been fetched comes from below
				const known = origin !== undefined && origin > i;
				return <path key={entry.event_id} class={`branch ${entry.kind}${known ? '' : ' unseen'}`} d={branch(known ? middle(origin) : height, middle(i), lane, known)} />;
			})}
		</>
	);
}

function Mark({ entry, y, current }: { entry: Entry; y: number; current: boolean }) {
	const x = LANES[entry.kind] ?? TRUNK;
	switch (entry.kind) {
		case 'issue':
		case 'refresh':
			return <circle class={current ? 'mark generation current' : 'mark generation'} cx={x} cy={y} r={current ? 7 : 5.5} />;
		case 'retry':
			return <circle class="mark retry" cx={x} cy={y} r={4.5} />;
		case 'refusal':
			return <path class="mark refusal" d={`M${x - 4.5} ${y - 4.5}l9 9m0 -9l-9 9`} />;
		case 'reuse':
			return <path class="mark reuse" d={`M${x - 6} ${y - 6}l12 12m0 -12l-12 12`} />;
		case 'revoke':
			return <path class="mark revoke" d={`M${x - 9} ${y}h18`} />;
		default:
			return <path class="mark event" d={`M${x} ${y - 5}l5 5l-5 5l-5 -5z`} />;
	}
}

function Graph({ rows, family, more }: { rows: Entry[]; family: Family; more: boolean }) {
	const height = rows.length * ROW;
	const trunk = rows.map((entry, i) => ({ entry, i })).filter(({ entry: { kind } }) => LANES[kind] === undefined);
	const top = trunk[0]?.i;
	const last = trunk[trunk.length - 1]?.i;
	return (
		<svg class="graph" width={WIDTH} height={height} viewBox={`0 0 ${WIDTH} ${height}`} aria-hidden="true">
			{top !== undefined && last !== undefined && <path class="trunk" d={`M${TRUNK} ${middle(top)}V${more ? height : middle(last)}`} />}
			<Branches rows={rows} height={height} />
			{rows.map((entry, i) => (
				<Mark key={entry.event_id} entry={entry} y={middle(i)}
					current={family.state === 'active' && entry.kind !== 'retry' && isAnswer(entry) && entry.generation === (family.generation ?? 0)} />
			))}
		</svg>
	);
}

/** more: there are older ones that have not been fetched */
export function Drawing({ rows, family, more, marked }: { rows: Entry[]; family: Family; more: boolean; marked?: number | undefined }) {
	const [open, setOpen] = useState<Entry>();
	return (
		<div class="drawing">
			<Graph rows={rows} family={family} more={more} />
			<ol class="entries" aria-label="Lineage, the newest first">
				{rows.map((entry, i) => (
					<li key={entry.event_id} class={`entry ${entry.kind}${marked !== undefined && entry.generation === marked && entry.retry === 0 ? ' marked' : ''}`}>
						<div class="entry-what">
							<Button kind="quiet" onClick={() => setOpen(entry)} aria-haspopup="dialog">{title(entry)}</Button>
						</div>
						<div class="entry-more">
							<Time at={entry.at} />
							{moved(rows, i) && <Badge tone="warn">other address</Badge>}
							{entry.judged && <Badge tone="info">judged</Badge>}
							<span class="entry-text">{[cameFrom(entry), isAnswer(entry) ? minted(entry) : ''].filter(Boolean).join(' · ')}</span>
						</div>
					</li>
				))}
			</ol>
			{open && <Details entry={open} close={() => setOpen(undefined)} />}
		</div>
	);
}
