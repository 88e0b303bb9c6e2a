// Find: one box for whatever somebody has at hand.
import { useEffect, useRef, useState } from 'preact/hooks';

import { Badge, Button, Empty, ErrorBox, Id, ListTable, Loading, Notice, Page, Section, Tabs, TextField, Time, useCall, useList } from '../components';
import type { Tab } from '../components/tabs';
import { go, part, toAuditBy, toFamily, toFind, toRefusals, toWhy } from '../families/address';
import { take, type Taken } from '../families/handle';
import { State } from '../families/state';
import type { Found, Summary } from '../families/types';
import { plain } from '../format';

import '../styles/families.css';

/** the page that it leads to */
const where = ({ id, generation }: Taken) => (!id ? '#/find' : generation === undefined ? toFind(id) : toFamily(id, generation));

function Box({ text }: { text: string }) {
	const [typed, setTyped] = useState(text);
	const shown = useRef(text);
	useEffect(() => {
		// not at first: who is quick has typed already
		if (shown.current !== text) setTyped(text);
		shown.current = text;
	}, [text]);
	const taken = typed.trim() ? take(typed) : undefined;
	return (
		<form class="find" role="search" aria-label="Find" onSubmit={(event) => {
			event.preventDefault();
			if (!taken?.id) return;
			// what opens something does not stay on the screen
			setTyped(taken.id);
			go(where(taken));
		}}>
			<TextField label="Whatever you have at hand" name="text" value={typed} maxLength={20000} onInput={(event) => setTyped(event.currentTarget.value)}
				hint="A subject, a client, a grant_id, a token, an address, a session, the X-Request-Id of an answer. A token is taken apart in this browser: only the id in it is sent." />
			<Button type="submit" kind="primary" disabled={!taken?.id}>Find</Button>
			<p class="taken" role="status">{taken && (
				<>
					Taken for <strong>{taken.what}</strong>{taken.secret && (taken.id ? <>. Sent is <code>{taken.id}</code>, and nothing else of it.</> : ': there is nothing in it to be found by.')}
				</>
			)}</p>
		</form>
	);
}

function Families({ args, empty }: { args: object; empty: string }) {
	const families = useList<Summary>('families', args);
	return (
		<ListTable list={families} caption="Families" rowKey={(row) => row.grant_id} empty={empty} columns={[
			{ title: 'Family', head: true, cell: (row) => <Id value={row.grant_id} short href={toFamily(row.grant_id)} /> },
			{ title: 'State', cell: (row) => <span><State of={row} /> {row.revoke_reason && <span class="muted">{row.revoke_reason}</span>}</span> },
			{ title: 'Subject', cell: (row) => row.subject },
			{ title: 'Client', cell: (row) => row.client_name ?? row.client_id },
			{ title: 'From', cell: (row) => plain([row.first_address, row.device].filter(Boolean).join(' · ')) },
			{ title: 'Begun', cell: (row) => <Time at={row.created_at} /> },
			{ title: 'Last used', cell: (row) => <Time at={row.rotated_at} /> },
		]} />
	);
}

interface Seen {
	at: string;
	event_id: string;
	event: string;
	reason: string | null;
	grant_id: string | null;
	client_id: string | null;
	subject: string | null;
	device: string | null;
}

function FromAddress({ address }: { address: string }) {
	const seen = useList<Seen>('from_address', { address });
	return (
		<>
			<p class="muted">No index has addresses: this goes back in time, 50,000 events with each page. What pgtoken.address_retention has passed is not there.</p>
			<ListTable list={seen} caption={`Events from ${address}`} rowKey={(row) => row.event_id} empty={seen.more ? 'Nothing so far: More goes further back.' : 'Nothing came from there.'} columns={[
				{ title: 'When', head: true, cell: (row) => <Time at={row.at} /> },
				{ title: 'What', cell: (row) => plain([row.event, row.reason].filter(Boolean).join(': ')) },
				{ title: 'Subject', cell: (row) => row.subject },
				{ title: 'Client', cell: (row) => row.client_id },
				{ title: 'Device', cell: (row) => row.device },
				{ title: 'Family', cell: (row) => (row.grant_id ? <Id value={row.grant_id} short href={toFamily(row.grant_id)} /> : '') },
			]} />
		</>
	);
}

function Results({ found }: { found: Found }) {
	const { text, client, address } = found;
	const [open, setOpen] = useState('');
	const tabs: Tab[] = [];
	if (found.subject) {
		tabs.push({ id: 'subject', title: 'Families of the subject', content: () => (
			<>
				<p class="row"><a href={toRefusals('subject', text)}>What was refused to the subject</a></p>
				<Families args={{ subject: text }} empty="The subject has none." />
			</>
		) });
	}
	if (client) {
		tabs.push({ id: 'client', title: 'Families of the client', content: () => (
			<>
				<p class="row"><strong>{client.client_name ?? client.client_id}</strong> {!client.enabled && <Badge tone="warn">switched off</Badge>} <span class="muted">{client.issuer}</span> <a href={toRefusals('client', client.client_id)}>What was refused to it</a></p>
				<Families args={{ client_id: client.client_id }} empty="The client has none." />
			</>
		) });
	}
	if (found.session) tabs.push({ id: 'session', title: 'Families of the session', content: () => <Families args={{ session_id: text }} empty="The session has none." /> });
	if (address) tabs.push({ id: 'address', title: 'From the address', content: () => <FromAddress address={address} /> });
	const only = found.family ? toFamily(found.grant_id!, found.generation) : found.event ? toWhy(found.grant_id!) : found.request ? toAuditBy('request_id', text) : undefined;
	// an id that is one thing alone leads there
	useEffect(() => { if (only && tabs.length === 0) go(only, true); }, [only, tabs.length]);
	return (
		<Section title="Found">
			{only && <Notice><p>It is the id of {found.family ? 'a family' : found.event ? 'an event' : 'a request'}: <a href={only}>open it</a>.</p></Notice>}
			{tabs.length > 0 && <Tabs label="What it is" tabs={tabs} open={tabs.some(({ id }) => id === open) ? open : tabs[0]!.id} onOpen={setOpen} />}
			{!only && tabs.length === 0 && (
				<Empty>
					Nothing is called <strong>{text}</strong>: no subject that was issued tokens, no client, no session, no family that is remembered.
					{text.length === 43 && ' It may be the sid of a pairwise client’s ID token, which leads to nothing: use the access token.'}
				</Empty>
			)}
		</Section>
	);
}

function Shown({ text }: { text: string }) {
	const { data, error, reload } = useCall<Found>('find', text ? { text } : null);
	return (
		<Page title="Find">
			<Box text={text} />
			{text && (data ? <Results key={text} found={data} /> : error ? <ErrorBox error={error} retry={reload} /> : <Loading />)}
		</Page>
	);
}

export default function Find() {
	const text = part(1) ?? '';
	const taken = take(text);
	// somebody has put a token into the address: it is not sent from there either
	useEffect(() => { if (taken.secret) go(where(taken), true); }, [text]);
	return taken.secret ? <Page title="Find"><Loading /></Page> : <Shown text={text} />;
}
