import { useState } from 'preact/hooks';

import { Badge, Button, call, Card, Checkbox, Confirm, Dialog, ErrorBox, Facts, Form, Id, ListTable, Loading, Notice, Page, Section, Select, Table, TextField, Time, type Tone, useAction, useCall, useList } from '../components';
import { fieldError } from '../fields';
import { exactly, number } from '../format';
import { inWords } from '../interval';
import { useMay, useWhoAmI } from '../whoami';
import type { ClientForm } from './client_fields';
import '../styles/set_up.css';

interface Key {
	kid: string;
	alg: string;
	state: 'pending' | 'active' | 'retiring' | 'retired';
	uri: string | null;
	created_at: string;
	activated_at: string | null;
	retiring_at: string | null;
	retires_at: string | null;
	retired_at: string | null;
	retire_reason: string | null;
	published: boolean;
	verifies: 'tokens' | 'nothing yet' | 'id_token_hint' | 'nothing';
}

interface Alg {
	alg: string;
	is_default: boolean;
	active: string | null;
	pending: string | null;
	in_hardware: boolean;
	may_sign_from: string | null;
	successor_at: string | null;
	due_at: string | null;
	retiring: number;
	clients: number;
}

interface AuditKey {
	kid: string;
	alg: string;
	state: string;
	created_at: string;
	activated_at: string | null;
	retired_at: string | null;
	retire_reason: string | null;
}

interface Life {
	now: string;
	settings: Record<'signing_key_lifetime' | 'signing_key_lead_time' | 'signing_key_overlap' | 'signing_key_retiring_period', string>;
	algs: Alg[];
	audit_keys: AuditKey[];
}

const STATE: Record<string, Tone> = { pending: 'info', active: 'good', retiring: 'warn', retired: 'neutral' };
const VERIFIES: Record<Key['verifies'], string> = {
	tokens: 'the tokens it signed', 'nothing yet': 'nothing yet: it waits to sign', id_token_hint: 'its ID tokens, as hints at signing out', nothing: 'nothing',
};

// --- a life as a bar ------------------------------------------------------------------

const at = (time: string | null | undefined) => (time ? new Date(time).getTime() : undefined);

/** where the bars of a list begin and end */
function span(keys: Key[], algs: Alg[], now: number): [number, number] {
	const ends = keys.flatMap((k) => [k.retires_at, k.retired_at]).concat(algs.map(({ due_at: due }) => due)).map(at).filter((t) => t !== undefined && Number.isFinite(t)) as number[];
	const begins = keys.map((k) => at(k.created_at)!);
	return [Math.min(now, ...begins), Math.max(now, ...ends)];
}

/** from when to when it is pending, active and retiring; what is not over ends at its due time, or now */
function parts(key: Key, due: string | null | undefined, now: number): ['pending' | 'active' | 'retiring', number, number][] {
	const over = at(key.retired_at);
	const until = (...times: (number | undefined)[]) => Math.min(...[over, ...times].filter((t): t is number => t !== undefined && Number.isFinite(t)));
	const list: ['pending' | 'active' | 'retiring', number, number][] = [];
	const [created, activated, retiring] = [at(key.created_at)!, at(key.activated_at), at(key.retiring_at)];
	list.push(['pending', created, until(activated ?? Math.max(now, created))]);
	if (activated !== undefined) list.push(['active', activated, until(retiring ?? over ?? Math.max(now, at(due) ?? now))]);
	if (retiring !== undefined) list.push(['retiring', retiring, until(at(key.retires_at) ?? now)]);
	return list;
}

function LifeBar({ of, from, to, now, due }: { of: Key; from: number; to: number; now: number; due: string | null | undefined }) {
	const width = Math.max(1, to - from);
	const x = (t: number) => ((t - from) / width) * 1000;
	const told = parts(of, due, now).filter(([, begin, end]) => end > begin);
	return (
		<svg class="life" viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label={`Life: ${told.map(([what, begin, end]) => `${what} from ${exactly(new Date(begin))} to ${exactly(new Date(end))}`).join('; ')}`}>
			<rect class="track" x="0" y="6" width="1000" height="4" />
			{told.map(([what, begin, end]) => <rect key={what} class={what} x={x(begin)} y="2" width={Math.max(3, x(end) - x(begin))} height="12" />)}
			<line class="now" x1={x(now)} x2={x(now)} y1="0" y2="16" />
		</svg>
	);
}

function Times({ of }: { of: Key }) {
	const told: [string, string | null][] = [['made', of.created_at], ['signs from', of.activated_at], ['replaced', of.retiring_at], ['verifies until', of.state === 'retiring' ? of.retires_at : null], ['retired', of.retired_at]];
	return <ul class="life-times">{told.map(([what, time]) => time && <li key={what}>{what} <Time at={time} absolute /></li>)}</ul>;
}

const Legend = () => (
	<ul class="life-legend">
		{(['pending', 'active', 'retiring'] as const).map((what) => (
			<li key={what}><svg class="life" viewBox="0 0 10 10" aria-hidden="true"><rect class={what} width="10" height="10" /></svg>{{ pending: 'published, does not sign yet', active: 'signs', retiring: 'verifies, signs no more' }[what]}</li>
		))}
		<li><svg class="life" viewBox="0 0 10 10" aria-hidden="true"><line class="now" x1="5" x2="5" y1="0" y2="10" /></svg>now</li>
	</ul>
);

// --- what is next ---------------------------------------------------------------------

/** what rotating does, by what is there: said before it is done */
function rotation(alg: Alg, { now, settings }: Life, force: boolean): { sentences: string[]; possible: boolean } {
	const lead = inWords(settings.signing_key_lead_time);
	const replaced = `The key of now signs no more, and verifies what it signed for ${inWords(settings.signing_key_retiring_period)} yet: nobody is signed out.`;
	if (!alg.active) return { possible: true, sentences: ['There is no key of this algorithm that signs: one is made, and signs at once.'] };
	if (alg.retiring >= 10) return { possible: false, sentences: ['Ten keys are retiring already. Wait until maintain() has retired one, or retire one.'] };
	if (alg.in_hardware && !alg.pending) return { possible: false, sentences: ['The key is in hardware, and has no successor: make the next one there, and name it here by its URI first.'] };
	if (alg.pending && at(alg.may_sign_from)! <= at(now)!) return { possible: true, sentences: ['The pending key signs from now on.', replaced] };
	if (force) return { possible: true, sentences: [alg.pending ? 'The pending key signs at once.' : 'A key is made, and signs at once.', 'Verifiers that keep the JWK Set do not know it yet, and refuse its tokens until they fetch it again.', replaced] };
	if (alg.pending) return { possible: true, sentences: [`Nothing changes yet: the pending key may sign from ${exactly(new Date(alg.may_sign_from!))} on. Rotate again then.`] };
	return { possible: true, sentences: [`The next key is made and published, and does not sign: it may after ${lead}, when verifiers know it. Rotate again then, or leave it to maintain().`] };
}

function Rotate({ alg, life, issuer, close, done }: { alg: Alg; life: Life; issuer: string; close: () => void; done: (said: string) => void }) {
	const [force, setForce] = useState(false);
	const { sentences, possible } = rotation(alg, life, force);
	const waits = alg.active && !(alg.pending && at(alg.may_sign_from)! <= at(life.now)!);
	const { run, busy, error } = useAction(async () => {
		const { kid, may_sign_from: from } = await call<{ kid: string | null; may_sign_from: string | null }>('rotate_signing_key', { issuer, alg: alg.alg, ...(force && { force: true }) });
		done(kid ? `The ${alg.alg} key ${kid} signs from now on.` : `The next ${alg.alg} key is published. It may sign from ${from ? exactly(new Date(from)) : 'later'} on.`);
	});
	return (
		<Dialog title={`Rotate the ${alg.alg} key`} close={close}>
			<ul>{sentences.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
			{possible
				? (
					<Form label={force ? 'Rotate at once' : 'Rotate'} kind={force ? 'danger' : 'primary'} submit={run} busy={busy} error={error} cancel={close}>
						{waits && <Checkbox name="force" label="At once, before verifiers know it" hint="For a key that may be known to somebody; retiring it ends its tokens besides." checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />}
					</Form>
				)
				: <div class="dialog-actions"><Button onClick={close}>Close</Button></div>}
		</Dialog>
	);
}

function next(alg: Alg, now: string) {
	if (!alg.active) return <Badge tone="bad">no key signs</Badge>;
	if (alg.pending && at(alg.may_sign_from)! <= at(now)!) return <span>the pending key may sign{alg.due_at && <>, and does by maintain() <Time at={alg.due_at} /></>}</span>;
	if (alg.pending) return <span>the pending key may sign from <Time at={alg.may_sign_from} absolute /></span>;
	if (!alg.due_at) return 'by hand: keys have no lifetime';
	if (alg.in_hardware) return <span>its successor is wanted in hardware by <Time at={alg.successor_at} absolute /></span>;
	return <span>maintain() makes its successor <Time at={alg.successor_at} />, and rotates <Time at={alg.due_at} /></span>;
}

function NewKey({ issuer, close, done }: { issuer: string; close: () => void; done: (said: string) => void }) {
	const form = useCall<ClientForm>('client_form', { issuer });
	const [alg, setAlg] = useState('');
	const [uri, setUri] = useState('');
	const chosen = alg || (form.data?.issuer?.default_alg ?? 'ES256');
	const { run, busy, error } = useAction(async () => {
		const { kid } = await call<{ kid: string }>('create_signing_key', { issuer, alg: chosen, ...(uri.trim() && { uri: uri.trim() }) });
		done(`The ${chosen} key ${kid} is there.`);
	});
	const wrong = fieldError(error, ['alg', 'uri']);
	return (
		<Dialog title="A further key" close={close}>
			<p>The first key of an algorithm signs at once. A further one is published, and waits until you rotate, or maintain() does.</p>
			<ErrorBox error={form.error} retry={form.reload} />
			<Form label="Make it" submit={run} busy={busy} error={wrong ? undefined : error} cancel={close}>
				<Select label="Algorithm" name="alg" value={chosen} options={form.data?.choices.alg ?? [chosen]} onChange={(event) => setAlg(event.currentTarget.value)} error={wrong?.name === 'alg' ? wrong.text : undefined} />
				<TextField label="Where it is in hardware" name="uri" value={uri} placeholder="pkcs11:token=signing;object=key-1" hint="A URI without a PIN (RFC 7512). Empty: it is made here, and lies wrapped in the database." error={wrong?.name === 'uri' ? wrong.text : undefined} onInput={(event) => setUri(event.currentTarget.value)} />
			</Form>
		</Dialog>
	);
}

function NewAuditKey({ close, done, first }: { close: () => void; done: (said: string) => void; first: boolean }) {
	const [alg, setAlg] = useState('ES256');
	return (
		<Confirm title="A key for seals of the audit" label="Make it" danger={false} close={close}
			action={async () => done(`The audit key ${(await call<{ kid: string }>('create_audit_key', { alg })).kid} is there.`)}>
			<p>{first ? 'From this one on maintain() seals the audit.' : 'The next seal, signed by the key of now, names it; then it signs, and the private part of the one before is deleted.'}</p>
			<Select label="Algorithm" name="alg" value={alg} options={['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA']} onChange={(event) => setAlg(event.currentTarget.value)} />
		</Confirm>
	);
}

function Retire({ of, close, done }: { of: Key; close: () => void; done: () => void }) {
	const [reason, setReason] = useState('');
	return (
		<Confirm title="Retire this key at once?" label="Retire it" close={close} done={done} action={() => call('retire_signing_key', { kid: of.kid, ...(reason.trim() && { reason: reason.trim() }) })}>
			<p>That is for a key that may be known to somebody. It leaves the JWK Set, and {of.state === 'pending' ? 'never signs' : <strong>every token it signed is refused from then on</strong>}{of.uri ? '; its private part you delete in the hardware yourself' : '; its private part is deleted'}.</p>
			{of.state === 'active' && <p>Another key signs at once, also where verifiers do not know it yet.</p>}
			<TextField label="Reason" name="reason" value={reason} hint="It stands in the audit." onInput={(event) => setReason(event.currentTarget.value)} />
		</Confirm>
	);
}

// --- the page -------------------------------------------------------------------------

export default function Keys() {
	const { issuer } = useWhoAmI();
	const may = useMay();
	const life = useCall<Life>('key_life', { issuer });
	const list = useList<Key>('keys', { issuer });
	const [rotating, setRotating] = useState<Alg>();
	const [making, setMaking] = useState<'signing' | 'audit'>();
	const [doomed, setDoomed] = useState<Key>();
	const [said, setSaid] = useState<string>();
	const done = (text?: string) => {
		setSaid(text);
		setRotating(undefined);
		setMaking(undefined);
		life.reload();
		list.reload();
	};
	const { data } = life;
	const now = at(data?.now) ?? Date.now();
	const [from, to] = span(list.rows, data?.algs ?? [], now);
	const due = (key: Key) => data?.algs.find(({ active }) => active === key.kid)?.due_at;
	return (
		<Page title="Keys" lead="What signs, what verifies, and what is next." actions={may('create_signing_key') && <Button onClick={() => setMaking('signing')}>New key</Button>}>
			{said && <Notice tone="good">{said}</Notice>}
			<ErrorBox error={life.error} retry={life.reload} />
			{!data && !life.error && <Loading />}
			{data && (
				<Section title="Now">
					<Table caption="Algorithms" rows={data.algs} rowKey={({ alg }) => alg} columns={[
						{ title: 'Algorithm', head: true, cell: (a) => <span class="row">{a.alg}{a.is_default && <Badge tone="info">the issuer’s</Badge>}{a.in_hardware && <Badge>in hardware</Badge>}</span> },
						{ title: 'Signs', cell: (a) => (a.active ? <Id value={a.active} short /> : <span class="muted">none</span>) },
						{ title: 'Waits', cell: (a) => (a.pending ? <Id value={a.pending} short /> : <span class="muted">none</span>) },
						{ title: 'Retiring', numeric: true, cell: (a) => number(a.retiring) },
						{ title: 'Clients', numeric: true, cell: (a) => (a.clients >= 1000 ? '1000 or more' : number(a.clients)) },
						{ title: 'Next', cell: (a) => next(a, data.now) },
						...(may('rotate_signing_key') ? [{ title: 'Rotate', cell: (a: Alg) => <Button aria-label={`Rotate ${a.alg}`} onClick={() => setRotating(a)}>Rotate</Button> }] : []),
					]} />
				</Section>
			)}
			<Section title="Each key, from pending to retired">
				<Legend />
				<ListTable list={list} caption="Keys" rowKey={(k) => k.kid} empty="There is no key: nothing can be issued." columns={[
					{ title: 'Key', head: true, cell: (k) => <div><span class="row">{k.alg}<Id value={k.kid} short /></span>{k.uri && <p class="muted">in hardware: <code>{k.uri}</code></p>}</div> },
					{ title: 'State', cell: (k) => <Badge tone={STATE[k.state] ?? 'neutral'}>{k.state}</Badge> },
					{ title: 'Life', cell: (k) => <div><LifeBar of={k} from={from} to={to} now={now} due={due(k)} /><Times of={k} /></div> },
					{ title: 'Verifies', cell: (k) => <div>{VERIFIES[k.verifies]}{k.retire_reason && <p class="muted">{k.retire_reason}</p>}</div> },
					...(may('retire_signing_key') ? [{ title: 'Retire', cell: (k: Key) => (k.state === 'retired' && k.verifies === 'nothing' ? null : <Button kind="quiet" aria-label={`Retire ${k.kid}`} onClick={() => setDoomed(k)}>Retire</Button>) }] : []),
				]} />
			</Section>
			{data && (
				<Section title="Seals of the audit" actions={may('create_audit_key') && <Button onClick={() => setMaking('audit')}>New audit key</Button>}>
					<Table caption="Audit keys" rows={data.audit_keys} rowKey={({ kid }) => kid} empty="No key seals the audit." columns={[
						{ title: 'Key', head: true, cell: (k) => <Id value={k.kid} short /> },
						{ title: 'Algorithm', cell: (k) => k.alg },
						{ title: 'State', cell: (k) => <Badge tone={STATE[k.state] ?? 'neutral'}>{k.state}</Badge> },
						{ title: 'Made', cell: (k) => <Time at={k.created_at} absolute /> },
						{ title: 'Signs from', cell: (k) => <Time at={k.activated_at} absolute /> },
						{ title: 'Retired', cell: (k) => <Time at={k.retired_at} absolute /> },
					]} />
				</Section>
			)}
			{data && (
				<Section title="By which settings">
					<Card>
						<Facts of={[
							['A key signs for', data.settings.signing_key_lifetime === 'PT0S' ? 'as long as nobody rotates it' : inWords(data.settings.signing_key_lifetime)],
							['It is published before for', inWords(data.settings.signing_key_overlap)],
							['At least', inWords(data.settings.signing_key_lead_time)],
							['It verifies afterwards for', inWords(data.settings.signing_key_retiring_period)],
						]} />
					</Card>
				</Section>
			)}
			{rotating && data && <Rotate alg={rotating} life={data} issuer={issuer} close={() => setRotating(undefined)} done={done} />}
			{making === 'signing' && <NewKey issuer={issuer} close={() => setMaking(undefined)} done={done} />}
			{making === 'audit' && <NewAuditKey first={data?.audit_keys.length === 0} close={() => setMaking(undefined)} done={done} />}
			{doomed && <Retire of={doomed} close={() => setDoomed(undefined)} done={() => done('The key is retired.')} />}
		</Page>
	);
}
