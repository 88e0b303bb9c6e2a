// A policy: its versions, what one would have done, and which of them decides.
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import {
	Badge, Button, ButtonLink, call, Compare, Confirm, Empty, ErrorBox, Id, Json, ListTable, Loading, Notice, Page, Section, Select, Table, Time, type Tone, useCall, useList,
} from '../components';
import { number, plural } from '../format';
import { type PolicyVersion, told } from '../policy_rules';
import { useMay, useWhoAmI } from '../whoami';
import '../styles/keeping.css';

const TONES: Record<PolicyVersion['state'], Tone> = { active: 'good', shadow: 'info', draft: 'neutral', retired: 'neutral' };
const SPANS: [string, string][] = [['1', 'the last hour'], ['24', 'the last day'], ['168', 'the last 7 days'], ['720', 'the last 30 days']];

interface Count { by: 'total' | 'client' | 'rule'; name: string | null; requests: number; allowed: number; challenged: number; denied: number; without_factor: number; changed: number; stricter: number; looser: number }
interface Example { event_id: string; occurred_at: string; event: string; grant_id: string; client_id: string; subject: string | null; decided: string; would_be: string; without_factor: boolean; rules: string[] }
interface Simulated { version: number; since: string; until: string; cut: boolean; counts: Count[]; changes: { decided: string; would_be: string; requests: number }[]; examples: Example[] }
interface Firing { version: number; mode: string; rule: string; outcome: string; requests: number }

const Outcome = ({ of }: { of: string }) => <Badge tone={of === 'deny' ? 'bad' : of === 'require' ? 'warn' : 'good'}>{of}</Badge>;

function Rules({ of }: { of: PolicyVersion }) {
	const scope = [
		[of.on_refresh && 'refreshes', of.on_issue && 'first issues'].filter(Boolean).join(' and '),
		of.client_ids && `of ${of.client_ids.join(', ')}`, of.resources && `for ${of.resources.join(', ')}`, of.grant_types && `by ${of.grant_types.join(', ')}`,
		of.on_deny === 'revoke' && 'a denial ends the family', of.factor_types && `satisfied by ${of.factor_types.join(', ')}`,
	].filter(Boolean).join('; ');
	return (
		<div>
			<ol class="rules">{of.rules.map((rule, i) => <li key={i}>{told(rule)}</li>)}</ol>
			<p class="muted">{scope}</p>
			<details><summary>JSON</summary><Json value={of.rules} label={`Rules of version ${of.version}`} /></details>
		</div>
	);
}

function Simulation({ policy, versions }: { policy: string; versions: PolicyVersion[] }) {
	const { issuer } = useWhoAmI();
	const [version, setVersion] = useState(String(versions[0]!.version));
	const [hours, setHours] = useState('24');
	const [asked, setAsked] = useState<object | null>(null);
	const { data, error, loading, reload } = useCall<Simulated>('simulate_policy', asked);
	const run = () => {
		const next = { issuer, policy, version: Number(version), since: new Date(Date.now() - Number(hours) * 3_600_000).toISOString() };
		setAsked(next);
	};
	const total = data?.counts.find(({ by }) => by === 'total');
	const counts = (by: Count['by'], title: string) => (
		<Table caption={`${title}: what would come of requests`} rows={data!.counts.filter((count) => count.by === by)} rowKey={({ name }) => name ?? ''}
			empty="No request." columns={[
				{ title, head: true, cell: ({ name }) => name },
				{ title: by === 'rule' ? 'Fires in' : 'Judged', numeric: true, cell: ({ requests }) => number(requests) },
				{ title: 'Allowed', numeric: true, cell: ({ allowed }) => number(allowed) },
				{ title: 'Challenged', numeric: true, cell: ({ challenged }) => number(challenged) },
				{ title: 'Denied', numeric: true, cell: ({ denied }) => number(denied) },
				{ title: 'Without a factor', numeric: true, cell: ({ without_factor: n }) => number(n) },
				{ title: 'Stricter than it was', numeric: true, cell: ({ stricter }) => number(stricter) },
				{ title: 'Looser', numeric: true, cell: ({ looser }) => number(looser) },
			]} />
	);
	return (
		<Section title="Simulation" id="simulation">
			<p class="muted">What a version would have decided on the requests that the audit has. Nothing is changed, and nobody is asked for anything.</p>
			<div class="filters">
				<Select label="Version" value={version} options={versions.map((v): [string, string] => [String(v.version), `${v.version} (${v.state})`])} onChange={(event) => setVersion(event.currentTarget.value)} />
				<Select label="Requests of" value={hours} options={SPANS} onChange={(event) => setHours(event.currentTarget.value)} />
				<Button kind="primary" busy={loading} onClick={run}>Simulate</Button>
			</div>
			<ErrorBox error={error} retry={reload} />
			{loading && <Loading what="Judging what is recorded" />}
			{total && total.requests === 0 && <Empty>No request of this time would have been judged by version {data!.version}.</Empty>}
			{data && total && total.requests > 0 && (
				<div class="stack" role="group" aria-label="Result of the simulation">
					<Notice tone={total.stricter > 0 ? 'warn' : 'info'}>
						<p><strong>Version {data.version}: {plural(total.requests, 'request')} judged, {number(total.stricter)} would have come out stricter and {number(total.looser)} looser than they did.</strong></p>
						<p>By this policy alone {number(total.allowed)} allowed, {number(total.challenged)} challenged, {number(total.denied)} denied{total.without_factor > 0 && ` (${number(total.without_factor)} for want of a factor)`}. Stricter and looser count what else judged the requests then.</p>
						{data.cut && <p>Of that time there were more events than are judged for a page: these are the newest 10,000, from <Time at={data.since} absolute /> on. SELECT pgtoken.compare_policy(…) in psql judges as many as you like.</p>}
					</Notice>
					{data.changes.length > 0 && (
						<Table caption="What would have changed" rows={data.changes} rowKey={({ decided, would_be: be }) => `${decided} ${be}`} columns={[
							{ title: 'Was decided', head: true, cell: ({ decided }) => <Outcome of={decided} /> },
							{ title: 'Would be', cell: ({ would_be: be }) => <Outcome of={be} /> },
							{ title: 'Requests', numeric: true, cell: ({ requests }) => number(requests) },
						]} />
					)}
					<h3>By client</h3>
					{counts('client', 'Client')}
					<h3>By rule</h3>
					{counts('rule', 'Rule')}
					<h3>Requests that would have come out otherwise</h3>
					<Table caption="Examples of requests that would have come out otherwise" rows={data.examples} rowKey={({ event_id: id }) => id} empty="None would have." columns={[
						{ title: 'When', cell: ({ occurred_at: at, event_id: id }) => <span><Time at={at} /> <a href={`#/audit/events/${encodeURIComponent(id)}`}>Event</a></span> },
						{ title: 'Client', cell: ({ client_id: id }) => id },
						{ title: 'Subject', cell: ({ subject }) => subject },
						{ title: 'Was', cell: ({ decided }) => <Outcome of={decided} /> },
						{ title: 'Would be', cell: ({ would_be: be, without_factor: without }) => <span><Outcome of={be} />{without && be === 'deny' && <span class="muted"> no factor</span>}</span> },
						{ title: 'Rules that fire', cell: ({ rules }) => rules.join(', ') || <span class="muted">none</span> },
					]} />
				</div>
			)}
		</Section>
	);
}

function Firings({ policy }: { policy: string }) {
	const [hours, setHours] = useState('1');
	// as long as the page shows this span, it is the same one
	const since = useMemo(() => new Date(Date.now() - Number(hours) * 3_600_000).toISOString(), [hours]);
	const { data, error, loading, reload } = useCall<{ since: string; rows: Firing[] }>('policy_firings', { policy, since });
	return (
		<Section title="What has fired">
			<div class="filters"><Select label="In" value={hours} options={SPANS} onChange={(event) => setHours(event.currentTarget.value)} /></div>
			{loading ? <Loading /> : <ErrorBox error={error} retry={reload} />}
			{data && <Table caption="Rules that fired" rows={data.rows} rowKey={(row) => JSON.stringify(row)} empty="None of its rules has." columns={[
				{ title: 'Rule', head: true, cell: ({ rule }) => rule },
				{ title: 'Version', numeric: true, cell: ({ version }) => version },
				{ title: 'Mode', cell: ({ mode }) => <Badge tone={mode === 'active' ? 'good' : 'info'}>{mode}</Badge> },
				{ title: 'Outcome', cell: ({ outcome }) => <Outcome of={outcome} /> },
				{ title: 'Requests', numeric: true, cell: ({ requests }) => number(requests) },
			]} />}
		</Section>
	);
}

interface Asked { title: string; label: string; danger: boolean; text: ComponentChildren; name: string; args: object; away?: boolean }

export default function Policy({ policy }: { policy: string }) {
	const { issuer } = useWhoAmI();
	const may = useMay();
	const [, go] = useLocation();
	const list = useList<PolicyVersion>('policy_versions', { issuer, policy });
	const [asked, setAsked] = useState<Asked>();
	const active = list.rows.find(({ state }) => state === 'active');
	const shadow = list.rows.find(({ state }) => state === 'shadow');
	const used = list.rows.some(({ activated_at: at }) => at !== null);
	// as rollback_policy() chooses; what was only in the shadow never decided
	const previous = list.rows.filter(({ state, activation }) => state !== 'active' && activation !== null).sort((a, b) => b.activation! - a.activation!)[0];
	const before = list.more || !previous ? 'the version that decided before' : `version ${previous.version}, which decided before,`;
	const named = { issuer, policy };
	const comparable = ({ version, rules, state: _state, created_at: _c, activated_at: _a, activation: _n, retired_at: _r, ...rest }: PolicyVersion): Record<string, unknown> =>
		({ ...Object.fromEntries(rules.map((rule, i) => [`rule_${i + 1}`, told(rule)])), ...rest });
	const activate = (of: PolicyVersion): Asked => ({
		title: `Put version ${of.version} in force?`, label: 'Activate', danger: false, name: 'activate_policy', args: { ...named, version: of.version },
		text: active
			? <><p>Version {active.version} retires. Roll back brings it back.</p><Compare caption="What changes" leftTitle={`Version ${active.version}`} rightTitle={`Version ${of.version}`} left={comparable(active)} right={comparable(of)} /></>
			: <p>It decides from the next request on. Nothing of this policy does so far.</p>,
	});
	const actions = list.rows.length > 0 && (
		<>
			{may('create_policy') && <ButtonLink kind="primary" href={`#/policies/${encodeURIComponent(policy)}/draft/${list.rows[0]!.version}`}>New version</ButtonLink>}
			{(previous || list.more) && may('rollback_policy') && <Button onClick={() => setAsked({ title: 'Roll back?', label: 'Roll back', danger: false, name: 'rollback_policy', args: named,
				text: <p>{active ? `Version ${active.version} retires, and ${before} decides again.` : `From the next request on ${before} decides again.`}</p> })}>Roll back</Button>}
			{active && may('deactivate_policy') && <Button kind="danger" onClick={() => setAsked({ title: `Switch ${policy} off?`, label: 'Switch off', danger: true, name: 'deactivate_policy', args: named,
				text: <p>No version of it decides any more. Roll back brings version {active.version} back.</p> })}>Switch off</Button>}
			{!used && may('delete_policy') && !list.more && <Button kind="danger" onClick={() => setAsked({ title: `Delete ${policy}?`, label: 'Delete', danger: true, name: 'delete_policy', args: named, away: true,
				text: <p>All of its drafts go. No version has been in force.</p> })}>Delete</Button>}
		</>
	);
	return (
		<Page title={policy} lead={list.rows.length > 0 ? [active ? `Version ${active.version} decides` : 'No version decides', shadow && `version ${shadow.version} is in the shadow`].filter(Boolean).join(', ') : undefined} actions={actions}>
			<Section title="Versions">
				<ListTable list={list} caption={`Versions of ${policy}`} rowKey={({ version }) => String(version)} columns={[
					{ title: 'Version', head: true, cell: ({ version }) => version },
					{ title: 'State', cell: ({ state }) => <Badge tone={TONES[state]}>{state}</Badge> },
					{ title: 'Rules', cell: (of) => <Rules of={of} /> },
					{ title: 'Made', cell: ({ created_at: at }) => <Time at={at} /> },
					{ title: 'In force', cell: ({ state, activated_at: from, retired_at: to }) => (from ? <span><Time at={from} />{state === 'retired' && <> to <Time at={to} /></>}</span> : <span class="muted">never</span>) },
					...(may('activate_policy') ? [{ title: 'Change', cell: (of: PolicyVersion) => (
						<span class="row">
							{of.state !== 'active' && <Button onClick={() => setAsked(activate(of))} aria-label={`Activate version ${of.version}`}>Activate</Button>}
							{of.state !== 'active' && of.state !== 'shadow' && <Button onClick={() => setAsked({ title: `Try version ${of.version} in the shadow?`, label: 'Into the shadow', danger: false,
								name: 'activate_policy', args: { ...named, version: of.version, shadow: true }, text: <p>It is evaluated and recorded beside what decides, and decides nothing.</p> })} aria-label={`Version ${of.version} into the shadow`}>Shadow</Button>}
							{of.state === 'shadow' && <Button onClick={() => setAsked({ title: 'End the run in the shadow?', label: 'End it', danger: false, name: 'deactivate_policy', args: { ...named, shadow: true },
								text: <p>What decides stays. What was recorded stays.</p> })} aria-label={`End the shadow of version ${of.version}`}>End shadow</Button>}
							{may('create_policy') && <ButtonLink kind="quiet" href={`#/policies/${encodeURIComponent(policy)}/draft/${of.version}`}>Draft from {of.version}</ButtonLink>}
						</span>
					) }] : []),
				]} />
			</Section>
			{list.rows.length > 0 && may('simulate_policy') && <Simulation policy={policy} versions={list.rows} />}
			{used && may('policy_firings') && <Firings policy={policy} />}
			{list.rows.length > 0 && <p class="muted">Policies of <Id value={issuer} /></p>}
			{asked && (
				<Confirm title={asked.title} label={asked.label} danger={asked.danger} close={() => setAsked(undefined)}
					done={asked.away ? () => go('/policies') : list.reload} action={() => call(asked.name, asked.args)}>
					{asked.text}
				</Confirm>
			)}
		</Page>
	);
}
