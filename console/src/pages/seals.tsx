// Seals of the audit: what there is, and whether the rows are still what was sealed.
import { useState } from 'preact/hooks';

import { Badge, Button, call, Card, Confirm, ErrorBox, Facts, Id, ListTable, Loading, Notice, Page, Section, Table, Time, useAction, useCall, useList } from '../components';
import { duration, number, plural } from '../format';
import { useMay } from '../whoami';

interface Key { kid: string; alg: string; state: string; created_at: string; activated_at: string | null; retired_at: string | null; retire_reason: string | null }
interface Sealing { keys: Key[]; seals: number | null; last: string | null; interval_seconds: number; leaves_by_courier: boolean; retired: { table: string; month: string; retired_at: string; rows: number }[] }
interface Seal { number: number; chain: string; made_at: string; rows: number; first_at: string | null; last_at: string | null; kid: string; hash: string }
interface Finding { number: number | null; rows: number; ok: boolean; finding: string | null; event_id: string | null; redacted_by: string | null }
interface Verified { number: number; verified_at: string; ok: boolean; findings: Finding[] }

const eventLink = (id: string) => `#/audit/events/${encodeURIComponent(id)}`;

function Result({ of }: { of: Verified }) {
	return (
		<div class="stack" role="group" aria-label="Result of the verification">
			<Notice tone={of.ok ? 'good' : 'bad'}>
				<p><strong>{of.ok ? `The rows of seal ${of.number} are what was sealed.` : `Seal ${of.number}: something is not what was sealed.`}</strong></p>
				<p>Looked at by this database, <Time at={of.verified_at} />. Only a seal that has left this machine proves anything against who rules it.</p>
			</Notice>
			<Table caption="Findings" rows={of.findings} rowKey={(row) => JSON.stringify(row)} columns={[
				{ title: 'Seal', head: true, cell: ({ number: n }) => n ?? 'none yet' },
				{ title: 'Rows', numeric: true, cell: ({ rows }) => number(rows) },
				{ title: 'State', cell: ({ ok }) => <Badge tone={ok ? 'good' : 'bad'}>{ok ? 'in order' : 'broken'}</Badge> },
				{ title: 'Finding', cell: ({ finding }) => finding ?? 'as sealed' },
				{ title: 'Event', cell: ({ event_id: id, redacted_by: by }) => (
					<span class="row">{id && <a href={eventLink(id)}>first row</a>}{by && <a href={eventLink(by)}>redaction</a>}{!id && !by && <span class="muted">none</span>}</span>
				) },
			]} />
		</div>
	);
}

export default function Seals() {
	const may = useMay();
	const sealing = useCall<Sealing>('audit_sealing');
	const list = useList<Seal>('audit_seals');
	const verify = useAction((args: object) => call<Verified>('verify_seal', args));
	const [verified, setVerified] = useState<Verified>();
	const [asked, setAsked] = useState(false);
	const run = async (args: object) => setVerified(await verify.run(args));
	const state = sealing.data;
	const active = state?.keys.find((key) => key.state === 'active');
	const late = state && active && state.last && state.interval_seconds > 0 && Date.now() - Date.parse(state.last) > state.interval_seconds * 1000;
	return (
		<Page title="Seals" lead="A seal shows tampering with the audit, to who holds one that has left this machine."
			actions={<>
				{active && may('seal_audit') && <Button onClick={() => setAsked(true)}>Seal now</Button>}
				{list.rows.length > 0 && may('verify_seal') && <Button kind="primary" busy={verify.busy} onClick={() => run({})}>Verify the last</Button>}
			</>}>
			<ErrorBox error={verify.error} />
			{verify.busy && <Loading what="Hashing the rows of the seal" />}
			{verified && !verify.busy && <Section title="Verification"><Result of={verified} /></Section>}
			<Section title="Keys and state">
				{sealing.loading ? <Loading /> : <ErrorBox error={sealing.error} retry={sealing.reload} />}
				{state && !active && <Notice tone="warn"><p>The audit is not sealed: a change of it by who rules this machine would not show. SELECT pgtoken.create_audit_key() begins with it.</p></Notice>}
				{late && <Notice tone="warn"><p>The last seal is older than {duration(state.interval_seconds)}, which health() calls too old where events wait.</p></Notice>}
				<div class="stack">
					{state && <Card><Facts of={[
						['Last seal', state.seals === null ? null : <>{state.seals}, <Time at={state.last} /></>],
						['Seals leave this machine', state.leaves_by_courier ? 'by the courier' : 'by nobody that is known here: export_audit_seals() gives them to a file'],
					]} /></Card>}
					{state && state.keys.length > 0 && <Table caption="Audit keys" rows={state.keys} rowKey={({ kid }) => kid} columns={[
						{ title: 'Key', head: true, cell: ({ kid }) => <Id value={kid} short /> },
						{ title: 'Algorithm', cell: ({ alg }) => alg },
						{ title: 'State', cell: ({ state: of }) => <Badge tone={of === 'active' ? 'good' : 'neutral'}>{of}</Badge> },
						{ title: 'Signs since', cell: ({ activated_at: at }) => <Time at={at} /> },
						{ title: 'Retired', cell: ({ retired_at: at, retire_reason: reason }) => (at ? <span><Time at={at} />{reason && `: ${reason}`}</span> : null) },
					]} />}
				</div>
			</Section>
			<Section title="Seals">
				<ListTable list={list} caption="Seals, the newest first" rowKey={({ number: n }) => String(n)} empty="There is no seal." columns={[
					{ title: 'Seal', head: true, cell: ({ number: n }) => n },
					{ title: 'Made', cell: ({ made_at: at }) => <Time at={at} /> },
					{ title: 'Rows', numeric: true, cell: ({ rows }) => number(rows) },
					{ title: 'Events from', cell: ({ first_at: at }) => (at ? <Time at={at} absolute /> : <span class="muted">none</span>) },
					{ title: 'to', cell: ({ last_at: at }) => (at ? <Time at={at} absolute /> : <span class="muted">none</span>) },
					{ title: 'Hash', cell: ({ hash }) => <Id value={hash} short /> },
					...(may('verify_seal') ? [{ title: 'Verify', cell: ({ number: n }: Seal) => <Button onClick={() => run({ number: n })} aria-label={`Verify seal ${n}`}>Verify</Button> }] : []),
				]} />
			</Section>
			{state && state.retired.length > 0 && (
				<Section title="Retired months">
					<Table caption="Months whose rows are gone with their partition" rows={state.retired} rowKey={({ table, month, retired_at: at }) => `${table} ${month} ${at}`} columns={[
						{ title: 'Month', head: true, cell: ({ table, month }) => `${table} ${month}` },
						{ title: 'Retired', cell: ({ retired_at: at }) => <Time at={at} /> },
						{ title: 'What stays', cell: ({ rows }) => `${plural(rows, 'row')} of reused families` },
					]} />
				</Section>
			)}
			{asked && (
				<Confirm title="Seal the audit now?" label="Seal" danger={false} close={() => setAsked(false)} action={() => call('seal_audit')} done={() => {
					list.reload();
					sealing.reload();
				}}>
					<p>It covers all that was written by transactions that are over. Maintenance does so each time it runs.</p>
				</Confirm>
			)}
		</Page>
	);
}
