// What happened lately, and what wants doing.
import { useState } from 'preact/hooks';

import { Badge, Button, call, Card, Empty, ErrorBox, Loading, Page, Section, Table, Tabs, useAction, useCall } from '../components';
import { TimeChart } from '../components/chart';
import { number, plural, shortNumber } from '../format';
import { useMay, useWhoAmI } from '../whoami';

type Kind = 'sign_in' | 'client_token' | 'refresh' | 'retry' | 'refusal' | 'challenge';

interface Overview {
	range: string;
	step: number;
	times: number[];
	missing: number;
	series: Record<Kind, (number | null)[]>;
	totals: Record<Kind, number>;
	reasons: { reason: string; events: number; explanation: string | null }[];
}

interface Check {
	name: string;
	ok: boolean;
	detail: string;
	runbook: string;
	action: string | null;
}

const RANGES: [string, string][] = [['hour', 'Last hour'], ['day', 'Last day'], ['month', 'Last 30 days']];
const POLL: Record<string, number> = { hour: 15_000, day: 60_000 };

const FIGURES: [Kind, string, string][] = [
	['sign_in', 'Sign-ins', 'first tokens of a session'],
	['refresh', 'Refreshes', 'rotations of a refresh token'],
	['retry', 'Retries', 'of an answer that got lost'],
	['client_token', 'Of clients themselves', 'tokens of nobody’s session'],
	['challenge', 'Step-ups asked for', 'answered mfa_required'],
	['refusal', 'Refusals', 'with an event in the audit'],
];

const ACTIONS: Record<string, string> = { maintain: 'Run maintenance', seal_audit: 'Seal the audit now' };

export default function OverviewPage() {
	const [range, setRange] = useState('day');
	const { issuer } = useWhoAmI();
	const may = useMay();
	return (
		<Page title="Overview" lead={issuer}>
			{may('health') && <Health />}
			<Section title="What happened">
				<Tabs label="Over what time" open={range} onOpen={setRange}
					tabs={RANGES.map(([id, title]) => ({ id, title, content: () => <Happened key={id} range={id} /> }))} />
			</Section>
		</Page>
	);
}

function Happened({ range }: { range: string }) {
	const poll = POLL[range];
	const { data, error, reload } = useCall<Overview>('overview', { range }, poll ? { poll } : {});
	if (!data) return error ? <ErrorBox error={error} retry={reload} /> : <Loading />;
	const { times, series, totals, reasons, missing } = data;
	return (
		<div class="stack">
			<ErrorBox error={error} retry={reload} />
			{missing > 0 && (
				<p class="notice warn" role="status">
					{plural(missing, 'step')} of the chart {missing === 1 ? 'has' : 'have'} not been counted yet; maintenance does it. Until then the figures lack {missing === 1 ? 'it' : 'them'}.
				</p>
			)}
			<dl class="figures">
				{FIGURES.map(([kind, title, hint]) => (
					<div key={kind}>
						<dt>{title}</dt>
						<dd><span class="figure" title={number(totals[kind])}>{shortNumber(totals[kind])}</span><span class="muted">{hint}</span></dd>
					</div>
				))}
			</dl>
			<div class="grid wide">
				<Card>
					<TimeChart title="Tokens" times={times} series={[
						{ title: 'Refreshes', color: '--chart-1', values: series.refresh },
						{ title: 'Sign-ins', color: '--chart-2', values: series.sign_in },
						{ title: 'Of clients', color: '--chart-5', values: series.client_token },
					]} />
				</Card>
				<Card>
					<TimeChart title="Refused, asked for more, retried" times={times} series={[
						{ title: 'Refusals', color: '--chart-3', values: series.refusal },
						{ title: 'Step-ups', color: '--chart-4', values: series.challenge },
						{ title: 'Retries', color: '--chart-5', values: series.retry },
					]} />
				</Card>
			</div>
			<section aria-labelledby="reasons">
				<h3 id="reasons">Why requests were refused</h3>
				<Table caption="Refusals by reason" rows={reasons} rowKey={({ reason }) => reason} empty="Nothing was refused in this time." columns={[
					{ title: 'Reason', head: true, cell: ({ reason }) => <code>{reason || 'none given'}</code> },
					{ title: 'Times', numeric: true, cell: ({ events }) => number(events) },
					{ title: 'What it means', cell: ({ explanation }) => explanation ?? <span class="muted">it explains itself</span> },
				]} />
			</section>
		</div>
	);
}

function Health() {
	const { data, error, reload } = useCall<{ checks: Check[] }>('health');
	const [all, setAll] = useState(false);
	const wanting = data?.checks.filter(({ ok }) => !ok) ?? [];
	const shown = all ? data?.checks ?? [] : wanting;
	return (
		<Section title="What wants doing" actions={data && (
			<>
				<Button kind="quiet" aria-pressed={all} onClick={() => setAll(!all)}>{all ? 'Only what wants doing' : `All ${plural(data.checks.length, 'check')}`}</Button>
				<Button onClick={reload}>Look again</Button>
			</>
		)}>
			<ErrorBox error={error} retry={reload} />
			{!data && !error && <Loading />}
			{data && shown.length === 0 && <Empty>Nothing. All {plural(data.checks.length, 'check')} are in order.</Empty>}
			{shown.length > 0 && <ul class="checks">{shown.map((check) => <CheckLine key={check.name} check={check} done={reload} />)}</ul>}
		</Section>
	);
}

function CheckLine({ check: { name, ok, detail, runbook, action }, done }: { check: Check; done: () => void }) {
	const may = useMay();
	const [said, setSaid] = useState<string>();
	const act = useAction(async () => {
		const answer = await call<{ steps?: { step: string; detail: string }[] }>(action!);
		setSaid(answer.steps ? answer.steps.map(({ step, detail: what }) => `${step}: ${what}`).join('; ') || 'There was nothing to do.' : 'Done.');
		done();
	});
	return (
		<li>
			<p class="row">
				<Badge tone={ok ? 'good' : 'warn'}>{ok ? 'in order' : 'to do'}</Badge>
				<strong>{name}</strong>
			</p>
			<div>
				<p>{detail}</p>
				<p class="muted">Runbook: <code>{runbook}</code></p>
				<ErrorBox error={act.error} />
				{said && <p class="notice good" role="status">{said}</p>}
			</div>
			{!ok && action && ACTIONS[action] && may(action) && <p><Button busy={act.busy} onClick={() => act.run()}>{ACTIONS[action]}</Button></p>}
		</li>
	);
}
