// Why: the refusals, and each of them in one sentence with its evidence.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Badge, Button, ButtonLink, Card, Compare, Empty, ErrorBox, Facts, Id, Json, ListTable, Loading, Page, Section, Table, Tabs, TextField, Time, useCall, useList } from '../components';
import { go, part, toAuditBy, toAuditEvent, toFamily, toFind, toRefusals, toWhy } from '../families/address';
import { harmless } from '../families/handle';
import type { Context, Refusal } from '../families/types';
import { duration, plain, words } from '../format';
import { useMay } from '../whoami';

import '../styles/families.css';

// --- the list -------------------------------------------------------------------------

const BY: Record<string, string> = { family: 'grant_id', client: 'client_id', subject: 'subject' };

interface Request {
	at: string;
	endpoint: string;
	client_id: string | null;
	error: string | null;
	reason: string;
	parameter: string | null;
	received: string | null;
	registered: string | null;
	explanation: string;
	request_id: string | null;
}

function outcome(event: string) {
	const kind = event.slice(event.search(/[._](?=[a-z]+$)/) + 1);
	return kind === 'challenged' ? <span><Badge tone="warn">asked for a factor</Badge></span> : <span><Badge tone={kind === 'reuse' ? 'bad' : 'neutral'}>{kind}</Badge></span>;
}

function WithEvent({ args }: { args: object }) {
	const refusals = useList<Refusal>('refusals', args);
	return (
		<ListTable list={refusals} caption="Refused requests, the newest first" rowKey={(row) => row.event_id} empty={refusals.more ? 'None so far: More goes further back.' : 'Nothing was refused.'} columns={[
			{ title: 'Why', head: true, cell: (row) => <a href={toWhy(row.event_id)}>{row.sentence ?? words(row.reason ?? row.event)}</a> },
			{ title: 'Outcome', cell: (row) => outcome(row.event) },
			{ title: 'When', cell: (row) => <Time at={row.at} /> },
			{ title: 'Client', cell: (row) => row.client_id },
			{ title: 'Subject', cell: (row) => row.subject },
			{ title: 'From', cell: (row) => plain([row.address, row.device].filter(Boolean).join(' · ')) },
		]} />
	);
}

function LastRequests({ clientId }: { clientId: string | undefined }) {
	const requests = useList<Request>('refused', clientId ? { client_id: clientId } : {});
	return (
		<>
			<p class="muted">What anybody can send in any number leaves no event; the last of all refused requests are kept in memory until the server is restarted, with what came beside what is registered.</p>
			<ListTable list={requests} caption="The last refused requests" rowKey={(row) => `${row.at}${row.reason}`} empty="None is kept." columns={[
				{ title: 'Why', head: true, cell: (row) => row.explanation },
				{ title: 'When', cell: (row) => <Time at={row.at} /> },
				{ title: 'Where', cell: (row) => row.endpoint },
				{ title: 'Client', cell: (row) => row.client_id },
				{ title: 'What', cell: (row) => row.parameter },
				{ title: 'Received', cell: (row) => row.received },
				{ title: 'Expected', cell: (row) => row.registered },
				{ title: 'Request', cell: (row) => row.request_id && <Id value={row.request_id} short /> },
			]} />
		</>
	);
}

function Refusals({ by, value }: { by: string | undefined; value: string | undefined }) {
	const [tab, setTab] = useState('events');
	const [since, setSince] = useState('');
	const member = by && BY[by];
	const args = { ...(member && value && { [member]: value }), ...(since && { since: new Date(since).toISOString() }) };
	return (
		<Page title="Why" lead="Every request that was refused, in one sentence; behind each the evidence.">
			<form class="filters" onSubmit={(event) => {
				event.preventDefault();
				const data = new FormData(event.currentTarget);
				const value = (name: string) => harmless(String(data.get(name)));
				const filled = (['family', 'client', 'subject'] as const).find(value);
				const from = String(data.get('since'));
				setSince(Number.isNaN(Date.parse(from)) ? '' : from);
				go(filled ? toRefusals(filled, value(filled)) : '#/why');
			}}>
				<TextField key={`f${by}${value}`} label="Family" name="family" defaultValue={by === 'family' ? value : ''} placeholder="grant_id" />
				<TextField key={`c${by}${value}`} label="Client" name="client" defaultValue={by === 'client' ? value : ''} placeholder="client_id" />
				<TextField key={`s${by}${value}`} label="Subject" name="subject" defaultValue={by === 'subject' ? value : ''} />
				<TextField label="Since" name="since" type="datetime-local" defaultValue={since} />
				<Button type="submit" kind="primary">Show</Button>
			</form>
			<Tabs label="Refusals" open={tab} onOpen={setTab} tabs={[
				{ id: 'events', title: 'In the audit', content: () => <WithEvent args={args} /> },
				{ id: 'requests', title: 'Last requests', content: () => <LastRequests clientId={by === 'client' ? value : undefined} /> },
			]} />
		</Page>
	);
}

// --- one of them ------------------------------------------------------------------------

interface Why {
	event_id: string;
	event: string | null;
	at: string;
	reason: string | null;
	sentence: string | null;
	told: { error: string | null; error_description: string | null } | null;
	client_id: string | null;
	subject: string | null;
	role_name: string | null;
	application_name: string | null;
	request_id: string | null;
	trace_id: string | null;
	detail: Record<string, unknown> | null;
	personal: Record<string, unknown> | null;
	contexts: { request: Context | null; before: Context | null; before_generation: number | null; before_at: string | null };
	reasons: { policy: string | null; version: number | null; mode: string | null; decision: string | null; position: number | null; rule: string | null; outcome: string | null; explanation: string | null }[] | null;
	clock: { what: string; at: string }[];
	presented_generation: number | null;
	current_generation: number | null;
	retry_window: number | null;
	revocation: { event_id: string; at: string; reason: string | null; role_name: string; context: Context | null } | null;
	received: { endpoint: string; error: string | null; parameter: string | null; received: string | null; registered: string | null } | null;
	grant_id: string | null;
	family_state: string | null;
	issuer: string | null;
}

const MOMENTS: Record<string, string> = {
	family_begun: 'The family began', token_issued: 'The token was issued', token_exchanged: 'The token was exchanged for its successor', window_ended: 'Its retry window was over',
	token_ends: 'The token would end by itself', family_revoked: 'The family was ended', not_before: 'What was issued before is refused', family_ends: 'The family ends at the latest',
	presented: 'The request came',
};

const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;
const span = (length: number) => (Math.abs(length) < 1 ? 'less than a second' : duration(Math.abs(length)));

/** what the clock and the numbers say, beyond the sentence */
function findings(why: Why): string[] {
	const at = (what: string) => why.clock.find((moment) => moment.what === what)?.at;
	const found: string[] = [];
	const { presented_generation: presented, current_generation: current } = why;
	const exchanged = at('token_exchanged');
	if (presented !== null && exchanged) found.push(`Generation ${presented} was presented ${span(seconds(exchanged, why.at))} after it had been exchanged.`);
	if (presented !== null && current !== null) {
		if (current - presented > 1) found.push(`Its successor had been used: generation ${current} was current, so that it could be no retry.`);
		else if (why.retry_window === 0) found.push('The client has no retry window.');
		else if (why.retry_window !== null) found.push(`Within ${duration(why.retry_window)} it would have been a retry.`);
	}
	const ends = at('token_ends');
	if (ends && why.reason === 'family_idle') found.push(`It had ended ${span(seconds(ends, why.at))} before.`);
	const latest = at('family_ends');
	if (latest && why.reason === 'family_expired') found.push(`The family had ended ${span(seconds(latest, why.at))} before.`);
	if (why.revocation && !isItsDoing(why.at, why.revocation.at)) found.push(`The family had been ended ${span(seconds(why.revocation.at, why.at))} before: ${plain(words(why.revocation.reason ?? 'no reason given'))}.`);
	return found;
}

/** what this very request has brought about, whose time is a moment before that of its own event */
const isItsDoing = (at: string, when: string) => Math.abs(seconds(when, at)) < 0.05;

function Clock({ clock, at }: { clock: Why['clock']; at: string }) {
	const shown = [...clock];
	const i = shown.findIndex(({ what }) => what === 'family_revoked');
	if (i >= 0 && shown[i + 1]?.what === 'presented' && isItsDoing(at, shown[i]!.at)) shown.splice(i, 2, shown[i + 1]!, shown[i]!);
	return (
		<ol class="clock">
			{shown.map(({ what, at: when }) => {
				const away = seconds(at, when);
				return (
					<li key={what} class={what === 'presented' ? 'now' : away > 0 ? 'after' : undefined}>
						<span class="clock-what">{MOMENTS[what] ?? words(what)}</span>
						<span class="muted">{what === 'presented' ? 'then' : Math.abs(away) < 0.05 && what === 'family_revoked' ? 'by it' : `${span(away)} ${away > 0 ? 'after it' : 'before it'}`}</span>
						<Time at={when} absolute />
					</li>
				);
			})}
		</ol>
	);
}

function Told({ why }: { why: Why }) {
	const may = useMay();
	const inAudit = (filter: 'request_id' | 'trace_id', value: string | null) => value && <Id value={value} {...(may('audit_events') && { href: toAuditBy(filter, value) })} />;
	const facts: [string, ComponentChildren][] = [
		['When', <Time at={why.at} absolute />],
		['Event', <>{why.event}{why.reason && <> <Badge tone="bad">{why.reason}</Badge></>}</>],
		['Client', why.client_id && <Id value={why.client_id} href={toFind(why.client_id)} />],
		['Subject', why.subject && <Id value={why.subject} href={toFind(why.subject)} />],
		['Family', why.grant_id && <Id value={why.grant_id} short href={toFamily(why.grant_id, why.presented_generation ?? undefined)} />],
		['The client was told', why.told?.error ? `${why.told.error}${why.told.error_description ? `: ${why.told.error_description}` : ''}` : undefined],
		['By', [why.role_name, why.application_name].filter(Boolean).join(', ')],
	];
	if (why.request_id) facts.push(['Request', inAudit('request_id', why.request_id)]);
	if (why.trace_id) facts.push(['Trace', inAudit('trace_id', why.trace_id)]);
	return <Card><Facts of={facts} /></Card>;
}

function Evidence({ why }: { why: Why }) {
	const { contexts, reasons, received, revocation } = why;
	const may = useMay();
	const found = findings(why);
	return (
		<Page title="Why" actions={<ButtonLink href="#/why">All refusals</ButtonLink>}>
			<div class="verdict">
				<p class="sentence">{why.sentence ?? 'This event is no refusal.'}</p>
				{found.length > 0 && <ul>{found.map((line) => <li key={line}>{line}</li>)}</ul>}
			</div>
			<Section title="The request"><Told why={why} /></Section>
			{received && (received.parameter || received.received || received.registered) && (
				<Section title="What came, and what was expected">
					<Card><Facts of={[['Parameter', received.parameter], ['Received', received.received && <code>{received.received}</code>], ['Expected', received.registered && <code>{received.registered}</code>]]} /></Card>
				</Section>
			)}
			<Section title="Both contexts">
				{contexts.before
					? <Compare left={contexts.before} right={contexts.request} leftTitle="The answer before" rightTitle="This request" caption="The context of the answer before and that of the refused request" />
					: <Compare left={{}} right={contexts.request} leftTitle="Nothing before it" rightTitle="This request" caption="The context of the refused request" />}
			</Section>
			{reasons && (
				<Section title="What the policies said">
					<Table caption="Rules and their reasons" rows={reasons} rowKey={(row) => JSON.stringify(row)} columns={[
						{ title: 'Rule', head: true, cell: (row) => [row.position, row.rule].filter((x) => x !== null).join(' ') || 'none fired' },
						{ title: 'Policy', cell: (row) => row.policy && <span>{row.policy} {row.version !== null && `version ${row.version}`} {row.mode === 'shadow' && <Badge>shadow</Badge>}</span> },
						{ title: 'Outcome', cell: (row) => row.outcome && <span><Badge tone={row.outcome === 'deny' ? 'bad' : row.outcome === 'require' ? 'warn' : 'good'}>{row.outcome}</Badge></span> },
						{ title: 'Reason', cell: (row) => row.explanation },
					]} />
				</Section>
			)}
			<Section title="The clock"><Card><Clock clock={why.clock} at={why.at} /></Card></Section>
			{revocation && !isItsDoing(why.at, revocation.at) && (
				<Section title="What ended the family">
					<Card><Facts of={[['When', <Time at={revocation.at} absolute />], ['Reason', revocation.reason], ['By the role', revocation.role_name], ['From', [revocation.context?.ip, revocation.context?.user_agent].filter(Boolean).join(' · ')]]} /></Card>
				</Section>
			)}
			<details class="raw">
				<summary>The event, whole</summary>
				{may('audit_events') && <p><a href={toAuditEvent(why.event_id)}>It in the audit</a></p>}
				<Json value={{ event_id: why.event_id, event: why.event, reason: why.reason, detail: why.detail, personal: why.personal }} label="The event" />
			</details>
		</Page>
	);
}

function One({ eventId }: { eventId: string }) {
	const { data, error, reload } = useCall<Why>('why', { event_id: eventId });
	if (!data) return <Page title="Why">{error ? <ErrorBox error={error} retry={reload} /> : <Loading />}</Page>;
	if (data.event === null) return <Page title="Why"><Empty>There is no such event, or it is no longer kept. <a href="#/why">All refusals</a></Empty></Page>;
	return <Evidence why={data} />;
}

export default function WhyPage() {
	const [first, second] = [part(1), part(2)];
	if (first && second === undefined) return <One key={first} eventId={first} />;
	return <Refusals by={first} value={second} />;
}
