import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { Badge, Button, call, Card, Confirm, Dialog, Empty, ErrorBox, Facts, Form, Id, Loading, Notice, Page, Section, Table, TextField, Time, useAction, useCall } from '../components';
import { argumentsOf, fieldError, Fields, type Row, type Values, valuesOf } from '../fields';
import { number, plural } from '../format';
import { inWords } from '../interval';
import { useMay, useWhoAmI } from '../whoami';
import { type ClientForm, clientGroups } from './client_fields';
import { clientOf } from './client_href';
import { SecretShown } from './secret_shown';
import '../styles/set_up.css';

interface Client extends Row {
	client_id: string;
	issuer: string;
	client_name: string | null;
	client_type: string;
	enabled: boolean;
	scopes: string[];
	redirect_uris: string[];
	resources: string[] | null;
	offline_access: boolean;
	signing_alg: string | null;
	access_token_lifetime: string | null;
	refresh_absolute_lifetime: string | null;
	refresh_idle_lifetime: string | null;
	rotation: string;
	profile: string;
	metadata: Row;
	not_before: string | null;
	created_at: string;
}

interface Secret {
	secret_id: string;
	label: string | null;
	created_at: string;
	expires_at: string | null;
	revoked_at: string | null;
	last_used_at: string | null;
	hash_scheme: string;
	state: 'valid' | 'expired' | 'revoked';
}

interface Answer {
	client: Client | null;
	auth_methods: string[];
	origin: string | null;
	secrets: Secret[];
}

const unlessSaid = (value: string | null) => (value ? inWords(value) : <span class="muted">as the settings say</span>);

function Families({ clientId }: { clientId: string }) {
	const may = useMay();
	const { data, error } = useCall<{ living: number; at_least: boolean; last_answer_at: string | null }>('client_families', { client_id: clientId });
	if (error) return <span class="muted">{error.description}</span>;
	if (!data) return <span class="muted">counting…</span>;
	return (
		<span class="row">
			<span>{data.at_least ? data.living === 0 ? 'none that lives among its last answers' : `${number(data.living)} or more living families` : plural(data.living, 'living family', 'living families')}</span>
			{data.last_answer_at && <span class="muted">last answer <Time at={data.last_answer_at} /></span>}
			{may('find') && <a href={`#/find/${encodeURIComponent(clientId)}`}>Find them</a>}
		</span>
	);
}

function About({ client, methods, origin }: { client: Client; methods: string[]; origin: string | null }) {
	const may = useMay();
	const { metadata: m } = client;
	const facts: [string, ComponentChildren][] = [
		['Client id', <Id value={client.client_id} />],
		['State', client.enabled ? <Badge tone="good">on</Badge> : <Badge tone="bad">off: it cannot authenticate, and its tokens are refused</Badge>],
		['Type', `${client.client_type}, ${String(m.application_type ?? 'web')}`],
		['Rules', client.profile],
		['Proves itself by', methods.join(', ')],
		['Tokens are bound', m.dpop_bound_access_tokens === true ? 'to a key (DPoP)' : m.tls_client_certificate_bound_access_tokens === true ? 'to its certificate' : 'no'],
		['Scopes', client.scopes.join(' ')],
		['APIs', client.resources ? client.resources.join(', ') : 'every one of the issuer'],
		['Grants', Array.isArray(m.grant_types) ? m.grant_types.join(', ') : 'authorization_code'],
		['Refresh tokens', client.offline_access ? `yes, rotation ${client.rotation}` : 'no'],
		['Access token lives', unlessSaid(client.access_token_lifetime)],
		['Family lives', <>{unlessSaid(client.refresh_absolute_lifetime)}{client.refresh_idle_lifetime && `, or ${inWords(client.refresh_idle_lifetime)} without a refresh`}</>],
		['Signed by', client.signing_alg ?? 'the issuer’s algorithm'],
		['Consent', m.consent_required === false ? 'users are not asked' : 'users are asked'],
		['Registered', <><Time at={client.created_at} absolute />{origin && (origin === 'document' ? ', by the document its id names' : ', by itself')}</>],
	];
	if (may('audit_events')) facts.push(['Audit', <a href={`#/audit/by/client_id/${encodeURIComponent(client.client_id)}`}>What happened to it and by it</a>]);
	if (client.not_before) facts.push(['Tokens before are refused', <Time at={client.not_before} absolute />]);
	if (may('client_families')) facts.push(['Families', <Families clientId={client.client_id} />]);
	return <Card><Facts of={facts} /></Card>;
}

function Change({ client, done }: { client: Client; done: (changed: boolean) => void }) {
	const { data: form, error: formError, reload } = useCall<ClientForm>('client_form', { issuer: client.issuer });
	if (formError) return <ErrorBox error={formError} retry={reload} />;
	return form ? <Card><ChangeForm client={client} form={form} done={done} /></Card> : <Loading />;
}

function ChangeForm({ client, form, done }: { client: Client; form: ClientForm; done: (changed: boolean) => void }) {
	const groups = clientGroups(form, client);
	const [values, setValues] = useState<Values>(() => valuesOf(groups, client));
	const { run, busy, error } = useAction(async () => {
		const changes = argumentsOf(groups, values, client);
		if (Object.keys(changes).length > 0) {
			const seen = Object.fromEntries(Object.keys(changes).map((name) => [name, client[name]]));
			await call('update_client', { client_id: client.client_id, ...changes, seen });
		}
		done(true);
	});
	const wrong = fieldError(error, groups.flatMap(({ fields }) => fields.map(({ name }) => name)));
	return (
		<Form label="Save" submit={run} busy={busy} error={wrong ? undefined : error} cancel={() => done(false)}>
			<Fields groups={groups} values={values} set={setValues} error={wrong} editing />
		</Form>
	);
}

interface Refused {
	redirect_uri: string;
	requests: number;
	first_at: string;
	last_at: string;
	whole: boolean;
}

function RedirectUris({ client, changed }: { client: Client; changed: () => void }) {
	const may = useMay();
	const { client_id: clientId, redirect_uris: uris } = client;
	const refused = useCall<{ rows: Refused[]; kept: boolean }>('refused_redirect_uris', { client_id: clientId });
	const [adding, setAdding] = useState<string>();
	const [removing, setRemoving] = useState<string>();
	const done = () => {
		refused.reload();
		changed();
	};
	return (
		<Section title="Redirect URIs">
			<div class="grid wide">
				<Card>
					<h3>Registered</h3>
					{uris.length === 0 ? <p class="muted">None: nobody can sign in by this client.</p> : (
						<ul class="plain-list">
							{uris.map((uri) => (
								<li key={uri}>
									<Id value={uri} />
									{may('update_client') && <Button kind="quiet" aria-label={`Take out ${uri}`} onClick={() => setRemoving(uri)}>Take out</Button>}
								</li>
							))}
						</ul>
					)}
				</Card>
				<Card>
					<h3>Refused lately</h3>
					<ErrorBox error={refused.error} retry={refused.reload} />
					{!refused.data && !refused.error && <Loading />}
					{refused.data && !refused.data.kept && <p class="muted">This server keeps no refused requests (pgtoken.refused_requests).</p>}
					{refused.data?.kept && refused.data.rows.length === 0 && <p class="muted">No request has named another one lately.</p>}
					{refused.data && refused.data.rows.length > 0 && (
						<>
							<p class="muted">Anybody can send such a request. Add what you know to be your application’s, and nothing else.</p>
							<ul class="plain-list">
								{refused.data.rows.map((r) => (
									<li key={r.redirect_uri}>
										<div>
											<code>{r.redirect_uri}</code>
											<p class="muted">{plural(r.requests, 'request')}, last <Time at={r.last_at} /></p>
										</div>
										{may('add_redirect_uri') && r.whole && <Button aria-label={`Add this one: ${r.redirect_uri}`} onClick={() => setAdding(r.redirect_uri)}>Add this one</Button>}
									</li>
								))}
							</ul>
						</>
					)}
				</Card>
			</div>
			{adding !== undefined && (
				<Confirm title="Add this redirect URI?" label="Add it" danger={false} close={() => setAdding(undefined)} done={done}
					action={() => call('add_redirect_uri', { client_id: clientId, redirect_uri: adding })}>
					<p><code>{adding}</code></p>
					<p>Codes of your users who sign in by <code>{clientId}</code> are then sent there, to whoever answers at this address.</p>
				</Confirm>
			)}
			{removing !== undefined && (
				<Confirm title="Take out this redirect URI?" label="Take it out" close={() => setRemoving(undefined)} done={done}
					action={() => call('update_client', { client_id: clientId, redirect_uris: uris.filter((uri) => uri !== removing), seen: { redirect_uris: uris } })}>
					<p><code>{removing}</code></p>
					<p>Logins that name it are refused from then on.</p>
				</Confirm>
			)}
		</Section>
	);
}

function NewSecret({ clientId, close, made }: { clientId: string; close: () => void; made: (secret: string) => void }) {
	const [label, setLabel] = useState('');
	const [days, setDays] = useState('');
	const { run, busy, error } = useAction(async () => {
		const expires = days.trim() === '' ? {} : { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() };
		const { client_secret: secret } = await call<{ client_secret: string }>('create_client_secret', { client_id: clientId, ...(label.trim() && { label: label.trim() }), ...expires });
		made(secret);
	});
	const wrong = fieldError(error, ['label', 'expires_at']);
	const bad = days.trim() !== '' && !(Number(days) > 0 && Number(days) < 36_500) ? 'A number of days.' : undefined;
	return (
		<Dialog title="A further secret" close={close}>
			<p>Those that are there go on working until you revoke them: put the new one in place first.</p>
			<Form label="Make it" submit={run} busy={busy} disabled={bad !== undefined} error={wrong ? undefined : error} cancel={close}>
				<TextField label="Label" name="label" value={label} hint="What to tell it by, such as where it is kept." error={wrong?.name === 'label' ? wrong.text : undefined} onInput={(event) => setLabel(event.currentTarget.value)} />
				<TextField label="Ends after days" name="days" value={days} inputMode="numeric" placeholder="never" error={bad ?? (wrong?.name === 'expires_at' ? wrong.text : undefined)} onInput={(event) => setDays(event.currentTarget.value)} />
			</Form>
		</Dialog>
	);
}

const TONES = { valid: 'good', expired: 'neutral', revoked: 'neutral' } as const;

function Secrets({ clientId, secrets, changed }: { clientId: string; secrets: Secret[]; changed: () => void }) {
	const may = useMay();
	const [asking, setAsking] = useState(false);
	const [shown, setShown] = useState<string>();
	const [doomed, setDoomed] = useState<Secret>();
	const last = secrets.filter(({ state }) => state === 'valid').length === 1;
	return (
		<Section title="Secrets" actions={may('create_client_secret') && <Button onClick={() => setAsking(true)}>New secret</Button>}>
			<Table caption="Secrets of the client" rows={secrets} rowKey={(s) => s.secret_id} empty="It has no secret." columns={[
				{ title: 'Label', head: true, cell: (s) => s.label ?? <span class="muted">none</span> },
				{ title: 'Id', cell: (s) => <Id value={s.secret_id} short /> },
				{ title: 'State', cell: (s) => <Badge tone={TONES[s.state]}>{s.state}</Badge> },
				{ title: 'Made', cell: (s) => <Time at={s.created_at} /> },
				{ title: 'Last used', cell: (s) => <Time at={s.last_used_at} /> },
				{ title: 'Ends', cell: (s) => (s.revoked_at ? <Time at={s.revoked_at} /> : <Time at={s.expires_at} />) },
				{ title: 'Kept as', cell: (s) => s.hash_scheme },
				...(may('revoke_client_secret') ? [{ title: 'Revoke', cell: (s: Secret) => (s.state === 'valid' ? <Button kind="quiet" aria-label={`Revoke the secret ${s.label ?? s.secret_id}`} onClick={() => setDoomed(s)}>Revoke</Button> : null) }] : []),
			]} />
			{asking && <NewSecret clientId={clientId} close={() => setAsking(false)} made={(secret) => {
				setAsking(false);
				setShown(secret);
				changed();
			}} />}
			{shown !== undefined && <SecretShown client={clientId} secret={shown} close={() => setShown(undefined)} />}
			{doomed && (
				<Confirm title="Revoke this secret?" label="Revoke it" close={() => setDoomed(undefined)} done={changed}
					action={() => call('revoke_client_secret', { client_id: clientId, secret_id: doomed.secret_id })}>
					<p>{doomed.label ? <strong>{doomed.label}</strong> : <code>{doomed.secret_id}</code>} was last used <Time at={doomed.last_used_at} />. It is refused from the next request on, and cannot be had back.</p>
					{last && <p><strong>It is the only one that is valid: the client stops until it has another.</strong></p>}
				</Confirm>
			)}
		</Section>
	);
}

type Asked = 'enable' | 'disable' | 'end' | 'delete' | undefined;

function Asking({ asked, client, close, changed }: { asked: Asked; client: Client; close: () => void; changed: () => void }) {
	const [, navigate] = useLocation();
	const [reason, setReason] = useState('');
	const { client_id: clientId } = client;
	switch (asked) {
		case 'enable':
		case 'disable':
			return (
				<Confirm title={asked === 'enable' ? 'Switch it on?' : 'Switch it off?'} label={asked === 'enable' ? 'Switch it on' : 'Switch it off'} danger={asked === 'disable'} close={close} done={changed}
					action={() => call('update_client', { client_id: clientId, enabled: asked === 'enable' })}>
					<p>{asked === 'enable' ? 'It can authenticate again, and its tokens that have not ended hold again.' : 'It cannot authenticate, and every access token it holds is refused from then on. Its families stay, for when it is switched on again.'}</p>
				</Confirm>
			);
		case 'end':
			return (
				<Confirm title="End all its families?" label="End them all" close={close} done={changed} action={() => call('revoke_client', { client_id: clientId, ...(reason.trim() && { reason: reason.trim() }) })}>
					<p>Everybody who is signed in by <code>{clientId}</code> has to sign in again. This cannot be undone.</p>
					<TextField label="Reason" name="reason" value={reason} hint="It stands in the audit." onInput={(event) => setReason(event.currentTarget.value)} />
				</Confirm>
			);
		case 'delete':
			return (
				<Confirm title="Delete this client?" label="Delete it" close={close} done={() => navigate('/clients')} action={() => call('delete_client', { client_id: clientId })}>
					<p>That is for one that was mistyped and never used. One that was used is switched off: audit and families keep its name.</p>
				</Confirm>
			);
		default:
			return null;
	}
}

export default function ClientPage({ client_id: param }: { client_id: string }) {
	const clientId = clientOf(param);
	const may = useMay();
	const { issuer } = useWhoAmI();
	const { data, error, reload } = useCall<Answer>('client', { client_id: clientId });
	const [changing, setChanging] = useState(false);
	const [asked, setAsked] = useState<Asked>();
	const client = data?.client;
	if (!client) {
		return (
			<Page title="Client" lead={clientId}>
				<ErrorBox error={error} retry={reload} />
				{data ? <Empty>There is no such client. <a href="#/clients">To the clients</a></Empty> : !error && <Loading />}
			</Page>
		);
	}
	const secretive = data.auth_methods.some((method) => method.startsWith('client_secret_'));
	return (
		<Page title={client.client_name ?? client.client_id} lead={client.issuer === issuer ? undefined : client.issuer} actions={!changing && (
			<>
				{may('update_client') && <Button kind="primary" onClick={() => setChanging(true)}>Change</Button>}
				{may('update_client') && <Button onClick={() => setAsked(client.enabled ? 'disable' : 'enable')}>{client.enabled ? 'Switch off' : 'Switch on'}</Button>}
				{may('revoke_client') && <Button onClick={() => setAsked('end')}>End all families</Button>}
				{may('delete_client') && <Button onClick={() => setAsked('delete')}>Delete</Button>}
			</>
		)}>
			<ErrorBox error={error} retry={reload} />
			{client.redirect_uris.includes(location.href.split('#')[0]!) && (
				<Notice tone="warn">This is the console itself. Switched off, or without its redirect URI, it lets nobody in until <code>SELECT pgtoken.enable_console()</code> is called in psql.</Notice>
			)}
			<Section title={changing ? 'Change it' : 'What it is'}>
				{changing ? <Change client={client} done={(changed) => {
					setChanging(false);
					if (changed) reload();
				}} /> : <About client={client} methods={data.auth_methods} origin={data.origin} />}
			</Section>
			{!changing && <RedirectUris client={client} changed={reload} />}
			{!changing && (secretive || data.secrets.length > 0) && <Secrets clientId={client.client_id} secrets={data.secrets} changed={reload} />}
			<Asking asked={asked} client={client} close={() => setAsked(undefined)} changed={reload} />
		</Page>
	);
}
