// A family: its lineage drawn, its facts, the sessions of its subject, and its end.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Badge, Button, ButtonLink, Card, Checkbox, Compare, Empty, ErrorBox, Facts, Id, Json, ListTable, Loading, Notice, Page, Section, Table, Tabs, TextField, Time, useCall, useList } from '../components';
import { go, part, toAuditOf, toFamily, toFind, toRefusals } from '../families/address';
import { Drawing } from '../families/drawing';
import { type Act, Ending } from '../families/ending';
import { State } from '../families/state';
import { type Family, isAnswer } from '../families/types';
import { useLineage } from '../families/use_lineage';
import { cameFrom, KINDS, minted } from '../families/words';
import { duration, plain, plural } from '../format';
import { useMay } from '../whoami';

import '../styles/families.css';

function LineageSection({ family, generation, acted }: { family: Family; generation: number | undefined; acted: string }) {
	const [tab, setTab] = useState('drawing');
	const [follow, setFollow] = useState(true);
	const eventsOnly = tab === 'events';
	const { rows, fresh, loading, error, older, reload } = useLineage(family.grant_id, { generation, eventsOnly, follow });
	useEffect(() => { if (acted) reload(); }, [acted]);
	const last = family.generation ?? 0;
	const content = () => {
		if (rows.length === 0 && loading) return <Loading />;
		if (rows.length === 0 && error) return <ErrorBox error={error} retry={reload} />;
		if (rows.length === 0) return <Empty>{eventsOnly ? 'Nothing happened but answers.' : 'The ledger has nothing of it any more.'}</Empty>;
		return (
			<>
				{tab === 'drawing'
					? <Drawing rows={rows} family={family} more={older !== undefined} marked={generation} />
					: (
						<Table caption="Lineage, the newest first" rows={rows} rowKey={(row) => row.event_id} columns={[
							{ title: 'What', head: true, cell: (row) => KINDS[row.kind] },
							{ title: 'When', cell: (row) => <Time at={row.at} absolute /> },
							{ title: 'Presented', numeric: true, cell: (row) => row.presented ?? '' },
							{ title: 'Became', numeric: true, cell: (row) => (isAnswer(row) ? row.generation : '') },
							{ title: 'From', cell: cameFrom },
							{ title: 'Minted', cell: (row) => (isAnswer(row) ? <span><Id value={row.jti} short /> {minted(row)}</span> : '') },
							{ title: 'Reason', cell: (row) => row.reason },
						]} />
					)}
				<ErrorBox error={error} retry={older ?? reload} />
				{older && <p class="more"><Button busy={loading} onClick={older}>Older</Button></p>}
			</>
		);
	};
	return (
		<Section title="Lineage" actions={(
			<>
				<span role="status" class="muted">{fresh > 0 ? `${plural(fresh, 'new entry', 'new entries')}` : ''}</span>
				{generation === undefined
					? <Checkbox label="Follow" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
					: <ButtonLink href={toFamily(family.grant_id)}>The newest</ButtonLink>}
			</>
		)}>
			{last > 20 && (
				<form class="jump" onSubmit={(event) => {
					event.preventDefault();
					const wanted = Number(new FormData(event.currentTarget).get('generation'));
					if (Number.isInteger(wanted) && wanted >= 0) go(toFamily(family.grant_id, Math.min(wanted, last)));
				}}>
					<TextField label="Go to generation" name="generation" inputMode="numeric" pattern="[0-9]*" defaultValue={generation} hint={`0 to ${last}`} />
					<Button type="submit">Go</Button>
				</form>
			)}
			<Tabs label="Lineage as" open={tab} onOpen={setTab} tabs={[
				{ id: 'drawing', title: 'Drawing', content },
				{ id: 'table', title: 'Table', content },
				{ id: 'events', title: 'All but answers', content },
			]} />
		</Section>
	);
}

/** only what is there */
const there = (facts: [string, ComponentChildren][]) => facts.filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false);

const list = (values: string[] | null | undefined) => (values && values.length > 0 ? values.join(', ') : undefined);

function FactsSection({ family }: { family: Family }) {
	const { client, consent } = family;
	return (
		<Section title="Facts">
			<div class="grid wide">
				<Card>
					<Facts of={there([
						['Client', family.client_id && <><Id value={family.client_id} href={toFind(family.client_id)} /> {family.client_name}</>],
						['Subject', family.subject && <Id value={family.subject} href={toFind(family.subject)} />],
						['Issuer', family.issuer],
						['Came about by', family.grant_type],
						['Scope', family.scope],
						['For', list(family.resources)],
						['Session', family.session_id ? <Id value={family.session_id} href={toFind(family.session_id)} /> : 'of its own'],
						['Acts for the subject', family.act && <Json value={family.act} label="Who acts" />],
						['Exchanged from', family.ancestors && <ul class="bare">{family.ancestors.map((id) => <li key={id}><Id value={id} href={toFamily(id)} /></li>)}</ul>],
						['Further claims', family.claims && <Json value={family.claims} label="Further claims" />],
						['Authorization details', family.authorization_details ? <Json value={family.authorization_details} label="Authorization details" /> : undefined],
					])} />
				</Card>
				<Card>
					<Facts of={there([
						['Begun', <Time at={family.created_at} absolute />],
						['Last refreshed', <Time at={family.rotated_at} absolute />],
						['Ends if not refreshed', family.idle_expires_at ? <Time at={family.idle_expires_at} absolute /> : 'has no refresh token'],
						['Ends at the latest', <Time at={family.expires_at} absolute />],
						['Idle lifetime', family.idle_lifetime === null ? undefined : duration(family.idle_lifetime)],
						['Ended', family.revoked_at && <><Time at={family.revoked_at} absolute /> {family.revoke_reason}</>],
						['Refused if issued before', family.not_before && <Time at={family.not_before} absolute />],
						['Blacklisted up to', family.blacklisted_generation === null ? undefined : `generation ${family.blacklisted_generation}`],
						['Signed in', <Time at={family.auth_time} absolute />],
						['acr', family.acr],
						['amr', list(family.amr)],
						['Further factor proved', family.mfa_time && <Time at={family.mfa_time} absolute />],
						['Bound to', family.jkt ? <>the key <Id value={family.jkt} short /></> : family.x5t_s256 ? <>the certificate <Id value={family.x5t_s256} short /></> : 'no key'],
						['Rotation', [client.client_type, client.rotation, client.retry_window !== null && `retry window ${duration(client.retry_window)}`,
							client.retry_limit !== null && `at most ${client.retry_limit} retries`].filter(Boolean).join(', ')],
					])} />
				</Card>
				<Card>
					<h3>Consent</h3>
					{consent ? (
						<Facts of={consent.map((each) => [each.resource, <>{each.scopes.join(', ')} <Badge tone={each.state === 'active' ? 'good' : 'warn'}>{each.state}</Badge> <Time at={each.updated_at} /></>])} />
					) : <p class="muted">The subject was not asked, or has withdrawn it.</p>}
				</Card>
			</div>
		</Section>
	);
}

interface Session {
	session_id: string;
	kind: string;
	grant_ids: string[];
	client_names: string[];
	device: string | null;
	first_address: string | null;
	last_address: string | null;
	created_at: string;
	last_used_at: string;
	expires_at: string;
}

function SessionsSection({ family }: { family: Family }) {
	const sessions = useList<Session>('sessions', family.issuer && family.subject ? { issuer: family.issuer, subject: family.subject } : null);
	return (
		<Section title="Living sessions of its subject">
			<ListTable list={sessions} caption="Living sessions of the subject" rowKey={(row) => row.grant_ids[0]!} empty="The subject has no living session." columns={[
				{ title: 'Clients', head: true, cell: (row) => plain(row.client_names.join(', ')) },
				{ title: 'Device', cell: (row) => row.device },
				{ title: 'From', cell: (row) => [...new Set([row.first_address, row.last_address])].filter(Boolean).join(', then ') },
				{ title: 'Signed in', cell: (row) => <Time at={row.created_at} /> },
				{ title: 'Last used', cell: (row) => <Time at={row.last_used_at} /> },
				{ title: 'Families', cell: (row) => (
					<ul class="bare">{row.grant_ids.slice(0, 5).map((id) => <li key={id}>{id === family.grant_id ? 'this one' : <Id value={id} short href={toFamily(id)} />}</li>)}{row.grant_ids.length > 5 && <li>and {row.grant_ids.length - 5} more</li>}</ul>
				) },
			]} />
		</Section>
	);
}

function Shown({ family, generation, reload }: { family: Family; generation: number | undefined; reload: () => void }) {
	const may = useMay();
	const [act, setAct] = useState<Act>();
	const [done, setDone] = useState('');
	const whole = family.client !== undefined;
	const { block } = family;
	const offers: [Act, string, string, boolean][] = [
		['family', 'end_family', 'End this family', whole && family.state !== 'revoked'],
		['subject', 'end_subject', 'End all of the subject', Boolean(family.subject && family.issuer)],
		['block', 'block_subject', 'Block the subject', Boolean(family.subject && family.issuer && !block && !family.subject.startsWith('client:'))],
		['unblock', 'unblock_subject', 'Unblock the subject', Boolean(block)],
	];
	return (
		<Page title="Family" lead={<><State of={family} /> <strong>{family.subject ?? 'nobody'}</strong> at <strong>{family.client_name ?? family.client_id ?? 'no client'}</strong></>}
			actions={offers.filter(([, name, , there]) => there && may(name)).map(([id, , label]) => (
				<Button key={id} kind={id === 'family' ? 'danger' : 'plain'} onClick={() => setAct(id)}>{label}</Button>
			))}>
			<p class="row"><Id value={family.grant_id} /> <a href={toRefusals('family', family.grant_id)}>Refusals of it</a>{may('audit_events') && <a href={toAuditOf(family.grant_id)}>Its audit</a>}</p>
			{done && <Notice tone="good">{done}</Notice>}
			{block && <Notice tone="warn"><p>The subject is blocked since <Time at={block.blocked_at} />{block.blocked_until && <>, until <Time at={block.blocked_until} absolute /></>}, by {block.blocked_by}{block.reason && `: ${block.reason}`}.</p></Notice>}
			{family.state === 'forgotten' && <Notice>Its row is gone; what the ledger and the audit still have is shown.</Notice>}
			<LineageSection family={family} generation={generation} acted={done} />
			{whole && <FactsSection family={family} />}
			{whole && (
				<Section title="Contexts">
					<Compare left={family.first_context} right={family.context} leftTitle="When it began" rightTitle="At the last rotation" caption="The context of the first issue and that of the last rotation" />
				</Section>
			)}
			{whole && <SessionsSection key={`${family.state}${done}`} family={family} />}
			{act && <Ending act={act} family={family} close={() => setAct(undefined)} done={() => {
				setDone({ family: 'The family has ended.', subject: 'All of the subject has ended.', block: 'The subject is blocked.', unblock: 'The subject is let in again.' }[act]);
				reload();
			}} />}
		</Page>
	);
}

export default function FamilyPage() {
	const grantId = part(1) ?? '';
	const wanted = part(2);
	const { data, error, reload } = useCall<Family>('family', { grant_id: grantId }, { poll: 8000 });
	if (!data) {
		return <Page title="Family">{error ? <ErrorBox error={error} retry={reload} /> : <Loading />}</Page>;
	}
	if (data.state === 'unknown') {
		return <Page title="Family"><Empty>There is no trace of <code>{grantId}</code>: it is no family’s, or all that was known of it is gone. <a href="#/find">Find another</a></Empty></Page>;
	}
	return <Shown key={grantId} family={data} generation={wanted !== undefined && /^\d+$/.test(wanted) ? Number(wanted) : undefined} reload={reload} />;
}
