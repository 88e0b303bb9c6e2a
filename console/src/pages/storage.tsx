// Storage and maintenance: what there is, what goes next, what waits, and maintain().
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Badge, Button, call, Card, Confirm, ErrorBox, Facts, Loading, Notice, Page, Section, Table, Time, useCall } from '../components';
import { bytes, number, plural, words } from '../format';
import { useMay } from '../whoami';

interface Partition {
	parent: string; partition_name: string; holds: 'month' | 'evidence' | 'default' | 'nothing'; month: string | null; row_estimate: number | null; bytes: number | null;
	made_from: string | null; drop_from: string | null; kept_by: string | null;
}
interface TableSize { name: string; bytes: number; index_bytes: number; row_estimate: number; dead_rows: number; vacuumed_at: string | null; purged_at: string | null; retention: string | null; kept_for: string | null }
interface Storage {
	database_bytes: number;
	partitions: Partition[];
	tables: TableSize[];
	retention: Record<string, string | null>;
	tasks: { task: string; updated_at: string | null }[];
	maintained_at: string | null;
	outboxes: { outbox: string; waiting: number; oldest: string | null; given_up: number }[];
	couriers: { courier: string; does: string[]; seen_at: string }[];
	refused: { kept: number; newest: string | null; oldest: string | null; room: number } | null;
}
interface Step { step: string; detail: string | null }

const DAY = 86_400_000;
/** of the tables, the biggest first */
const SHOWN = 12;
const over = (at: string | null) => at !== null && Date.parse(at) <= Date.now();

function NextDrop({ of: { holds, drop_from: at, kept_by: by } }: { of: Partition }) {
	if (holds === 'nothing') return <span class="muted">not there yet</span>;
	if (at === null) return <span class="muted">{holds === 'default' ? 'never dropped' : 'kept for good'}</span>;
	if (!over(at)) return <Time at={at} absolute />;
	return by ? <span>kept by {by}</span> : <Badge tone="warn">by the next run</Badge>;
}

function Made({ of: { holds, made_from: at } }: { of: Partition }) {
	if (holds === 'default') return <span class="muted">always there</span>;
	if (holds !== 'nothing') return <Badge tone="good">there</Badge>;
	return over(at) ? <Badge tone="bad">missing</Badge> : <Time at={at} absolute />;
}

const what = ({ holds, month }: Partition) => {
	if (holds === 'default') return 'what no month takes';
	const name = new Date(month!).toLocaleDateString(undefined, { year: 'numeric', month: 'long', timeZone: 'UTC' });
	return holds === 'evidence' ? `${name}: rows of reused families` : name;
};

const Retention = ({ setting, value }: { setting: string; value: string | null }) =>
	<span title={setting}>{value === null || /^0\s*\D*$/.test(value) ? 'for good' : value}</span>;

export default function StoragePage() {
	const may = useMay();
	const { data, error, loading, reload } = useCall<Storage>('storage', {}, { poll: 60_000 });
	const [asked, setAsked] = useState(false);
	const [steps, setSteps] = useState<Step[]>();
	const strayed = data?.partitions.filter(({ holds, row_estimate: rows }) => holds === 'default' && (rows ?? 0) > 0) ?? [];
	const missing = data?.partitions.filter(({ holds, made_from: at }) => holds === 'nothing' && over(at)) ?? [];
	const [all, setAll] = useState(false);
	const purged = new Set(data?.tasks.map(({ task }) => task));
	const others = data?.tasks.filter(({ task }) => !data.tables.some(({ name }) => name === task)) ?? [];
	const parents = [...new Set(data?.partitions.map(({ parent }) => parent))];
	return (
		<Page title="Storage" lead="What is stored, how long it is kept, and what maintenance does next."
			actions={may('maintain') && <Button kind="primary" onClick={() => setAsked(true)}>Run maintenance</Button>}>
			{loading ? <Loading /> : <ErrorBox error={error} retry={reload} />}
			{steps && (
				<Section title="What maintenance did">
					<Table caption="Steps of maintenance" rows={steps} rowKey={(step) => JSON.stringify(step)} empty="There was nothing to do." columns={[
						{ title: 'Step', head: true, cell: ({ step }) => step },
						{ title: 'Of what', cell: ({ detail }) => detail },
					]} />
				</Section>
			)}
			{data && (
				<>
					{(data.maintained_at === null || Date.now() - Date.parse(data.maintained_at) > 2 * DAY) &&
						<Notice tone="warn"><p>Maintenance has not come to its end for more than two days: it belongs into cron or pg_cron, every day.</p></Notice>}
					{(missing.length > 0 || strayed.length > 0) && <Notice tone="warn"><p>Months are missing or rows lie in the default partition: maintenance puts both right.</p></Notice>}
					<Section title="At a glance">
						<Card><Facts of={[
							['Maintenance came to its end', <Time at={data.maintained_at} />],
							['Database', bytes(data.database_bytes)],
							['Ledger and audit', bytes(data.partitions.reduce((sum, { bytes: n }) => sum + (n ?? 0), 0))],
							['Next to be dropped', (() => {
								const next = data.partitions.filter(({ drop_from: at, kept_by: by, holds }) => holds === 'month' && at !== null && by === null).sort((a, b) => Date.parse(a.drop_from!) - Date.parse(b.drop_from!))[0];
								return next && <>{next.parent} {what(next)}, <NextDrop of={next} /></>;
							})()],
							['Next to be made', (() => {
								const next = data.partitions.filter(({ holds }) => holds === 'nothing').sort((a, b) => Date.parse(a.made_from!) - Date.parse(b.made_from!))[0];
								return next && <>{next.parent} {what(next)}, {over(next.made_from) ? 'now' : <Time at={next.made_from} absolute />}</>;
							})()],
							...Object.entries(data.retention).map(([setting, value]): [string, ComponentChildren] => [words(setting.replace('pgtoken.', '')), <Retention setting={setting} value={value} />]),
						]} /></Card>
					</Section>
					{parents.map((parent) => (
						<Section key={parent} title={`Partitions of ${parent}`}>
							<Table caption={`Months of ${parent}`} rows={data.partitions.filter((p) => p.parent === parent)} rowKey={({ partition_name: name }) => name} columns={[
								{ title: 'Month', head: true, cell: (p) => <span title={p.partition_name}>{what(p)}</span> },
								{ title: 'Size', numeric: true, cell: ({ bytes: n }) => (n === null ? '' : bytes(n)) },
								{ title: 'Rows, about', numeric: true, cell: ({ row_estimate: n }) => (n === null ? '' : number(n)) },
								{ title: 'Made', cell: (p) => <Made of={p} /> },
								{ title: 'Dropped', cell: (p) => <NextDrop of={p} /> },
							]} />
						</Section>
					))}
					<Section title="What waits">
						<Table caption="Outboxes" rows={data.outboxes} rowKey={({ outbox }) => outbox} empty="Nothing waits to be fetched, sent or told." columns={[
							{ title: 'Outbox', head: true, cell: ({ outbox }) => outbox },
							{ title: 'Waiting', numeric: true, cell: ({ waiting }) => number(waiting) },
							{ title: 'Oldest', cell: ({ oldest }) => (oldest ? <Time at={oldest} /> : <span class="muted">none</span>) },
							{ title: 'Given up', numeric: true, cell: ({ given_up: n }) => number(n) },
						]} />
						<Facts of={[
							['Couriers', data.couriers.length > 0 && <ul>{data.couriers.map(({ courier, does, seen_at: at }) => <li key={courier}>{courier} ({does.join(', ')}), heard of <Time at={at} /></li>)}</ul>],
							['Refused requests', data.refused
								? <>{data.refused.kept < 100 ? plural(data.refused.kept, 'request') : 'a hundred and more'} kept, room for {number(data.refused.room)}{data.refused.newest && <>, the newest <Time at={data.refused.newest} /></>}</>
								: 'not kept on this server'],
						]} />
					</Section>
					<Section title="Tables">
						<Table caption="Sizes of tables" rows={all ? data.tables : data.tables.slice(0, SHOWN)} rowKey={({ name }) => name} columns={[
							{ title: 'Table', head: true, cell: ({ name }) => name },
							{ title: 'Size', numeric: true, cell: ({ bytes: n }) => bytes(n) },
							{ title: 'of it indexes', numeric: true, cell: ({ index_bytes: n }) => bytes(n) },
							{ title: 'Rows, about', numeric: true, cell: ({ row_estimate: n }) => number(n) },
							{ title: 'Dead', numeric: true, cell: ({ dead_rows: n }) => number(n) },
							{ title: 'Vacuumed', cell: ({ vacuumed_at: at }) => <Time at={at} /> },
							{ title: 'Purged', cell: ({ name, purged_at: at }) => (purged.has(name) ? <Time at={at} /> : null) },
							{ title: 'Kept', cell: ({ retention: setting, kept_for: value }) => (setting === null ? null : <Retention setting={setting} value={value} />) },
						]} />
						{data.tables.length > SHOWN && <p class="more"><Button onClick={() => setAll(!all)} aria-expanded={all}>{all ? 'The biggest' : `All ${number(data.tables.length)} tables`}</Button></p>}
					</Section>
					<Section title="What else maintenance does">
						<Table caption="When each task was worked on" rows={others} rowKey={({ task }) => task} columns={[
							{ title: 'Task', head: true, cell: ({ task }) => words(task) },
							{ title: 'Worked on', cell: ({ updated_at: at }) => <Time at={at} /> },
						]} />
					</Section>
				</>
			)}
			{asked && (
				<Confirm title="Run maintenance now?" label="Run maintenance" danger={false} close={() => setAsked(false)} done={reload}
					action={async () => setSteps((await call<{ steps: Step[] }>('maintain')).steps)}>
					<p>It gives keys their life, deletes what is over, seals the audit, makes the partitions of the next months and drops those that retention lets go. At the end requests wait for a moment, while partitions are made or dropped.</p>
					<p class="muted">A large backlog is for CALL pgtoken.run_maintenance() in psql.</p>
				</Confirm>
			)}
		</Page>
	);
}
