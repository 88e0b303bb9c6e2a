import { useState } from 'preact/hooks';

import { Badge, Button, call, Confirm, Dialog, ErrorBox, Form, Id, ListTable, Loading, Page, TextField, Time, useAction, useCall, useList } from '../components';
import { argumentsOf, fieldError, Fields, type GroupSpec, type Row, type Values, valuesOf } from '../fields';
import { inWords } from '../interval';
import { useMay, useWhoAmI } from '../whoami';
import type { ClientForm } from './client_fields';
import { clientHref } from './client_href';
import '../styles/set_up.css';

interface Resource extends Row {
	issuer: string;
	resource: string;
	resource_name: string | null;
	scopes: string[] | null;
	access_token_lifetime: string | null;
	client_id: string | null;
	required_acr: string[] | null;
	required_amr: string[] | null;
	max_age: string | null;
	on_insufficient: string;
	access_token_typ: string;
	enabled: boolean;
	created_at: string;
}

const groupsOf = ({ choices, settings }: ClientForm, row?: Resource): GroupSpec[] => [
	{
		legend: 'What it is', fields: [
			{ name: 'resource', label: 'URI', kind: 'text', fixed: true, required: true, placeholder: 'https://api.example', hint: 'The aud of its access tokens; never changed.' },
			{ name: 'resource_name', label: 'Name', kind: 'text' },
			{ name: 'client_id', label: 'Its own client', kind: 'text', hint: 'The confidential client as which the API introspects or exchanges tokens.' },
		],
	},
	{
		legend: 'What its tokens are', fields: [
			{ name: 'scopes', label: 'Scopes', kind: 'words', hint: 'What means something to it; none: any scope.' },
			{ name: 'access_token_lifetime', label: 'Access token', kind: 'interval', placeholder: settings.access_token_lifetime ? `${inWords(settings.access_token_lifetime)} where nothing is said` : undefined, hint: '10 seconds to 1 day; the shortest of client and APIs counts.' },
			{ name: 'access_token_typ', label: 'typ', kind: 'choice', default: 'at+jwt', options: choices.access_token_typ ?? [], hint: 'JWT for verifiers that take nothing else.' },
		],
	},
	{
		legend: 'How its users must have signed in', fields: [
			{ name: 'required_acr', label: 'One of these classes (acr)', kind: 'words', hint: 'Or a stronger one; none: any.' },
			{ name: 'required_amr', label: 'All of these methods (amr)', kind: 'words' },
			{ name: 'max_age', label: 'No longer ago than', kind: 'interval', placeholder: 'any time' },
			{ name: 'on_insufficient', label: 'Who falls short', kind: 'choice', default: 'require', options: (choices.on_insufficient ?? []).map((v): [string, string] => [v, v === 'require' ? 'is asked for a further factor (step-up)' : 'has to sign in anew (invalid_grant)']) },
		],
	},
	...(row ? [{ legend: 'Whether it is there', fields: [{ name: 'enabled', label: 'On: tokens may name it', kind: 'boolean' as const, hint: 'Off, no new token names it, and a refresh leaves it out.' }] }] : []),
];

function ResourceDialog({ row, close, done }: { row?: Resource | undefined; close: () => void; done: () => void }) {
	const { issuer } = useWhoAmI();
	const { data, error, reload } = useCall<ClientForm>('client_form', { issuer: row?.issuer ?? issuer });
	return (
		<Dialog title={row ? 'Change the API' : 'New API'} close={close} wide>
			<ErrorBox error={error} retry={reload} />
			{data ? <ResourceForm form={data} row={row} close={close} done={done} /> : !error && <Loading />}
		</Dialog>
	);
}

function ResourceForm({ form, row, close, done }: { form: ClientForm; row?: Resource | undefined; close: () => void; done: () => void }) {
	const { issuer } = useWhoAmI();
	const groups = groupsOf(form, row);
	const [values, setValues] = useState<Values>(() => valuesOf(groups, row));
	const { run, busy, error } = useAction(async () => {
		const args = argumentsOf(groups, values, row);
		if (row) {
			if (Object.keys(args).length > 0) await call('update_resource', { resource: row.resource, issuer: row.issuer, ...args });
		} else {
			await call('create_resource', { issuer, ...args });
		}
		done();
	});
	const wrong = fieldError(error, groups.flatMap(({ fields }) => fields.map(({ name }) => name)));
	return (
		<Form label={row ? 'Save' : 'Register it'} submit={run} busy={busy} error={wrong ? undefined : error} cancel={close}>
			<Fields groups={groups} values={values} set={setValues} error={wrong} editing={row !== undefined} />
		</Form>
	);
}

const demanded = (r: Resource) => [
	r.required_acr && `acr ${r.required_acr.join(' or ')}`, r.required_amr && `amr ${r.required_amr.join(' and ')}`, r.max_age && `within ${inWords(r.max_age)}`,
].filter(Boolean).join(', ');

export default function Resources() {
	const { issuer } = useWhoAmI();
	const may = useMay();
	const [typed, setTyped] = useState('');
	const [search, setSearch] = useState('');
	const list = useList<Resource>('resources', { issuer, ...(search && { search }) });
	const [open, setOpen] = useState<Resource | 'new'>();
	const [doomed, setDoomed] = useState<Resource>();
	const close = () => setOpen(undefined);
	const done = () => {
		close();
		list.reload();
	};
	return (
		<Page title="APIs" lead="What access tokens are made for: each is an audience." actions={may('create_resource') && <Button kind="primary" onClick={() => setOpen('new')}>New API</Button>}>
			<form class="filters search" role="search" onSubmit={(event) => {
				event.preventDefault();
				setSearch(typed.trim());
			}}>
				<TextField label="Begins with" type="search" name="search" value={typed} hint="The URI or the name; Enter looks." onInput={(event) => {
					setTyped(event.currentTarget.value);
					if (event.currentTarget.value === '') setSearch('');
				}} />
			</form>
			<ListTable list={list} caption="APIs" rowKey={(r) => `${r.issuer} ${r.resource}`} empty={search ? 'No API begins with this.' : 'There is no API yet: tokens are then for the issuer itself.'} columns={[
				{ title: 'API', head: true, cell: (r) => <div>{r.resource_name && <div>{r.resource_name}</div>}<Id value={r.resource} /></div> },
				{ title: 'State', cell: (r) => (r.enabled ? <Badge tone="good">on</Badge> : <Badge tone="bad">off</Badge>) },
				{ title: 'Scopes', cell: (r) => (r.scopes ? r.scopes.join(' ') : <span class="muted">any</span>) },
				{ title: 'Token lives', cell: (r) => (r.access_token_lifetime ? inWords(r.access_token_lifetime) : <span class="muted">as the client says</span>) },
				{ title: 'Demands', cell: (r) => demanded(r) || <span class="muted">nothing</span> },
				{ title: 'Its client', cell: (r) => (r.client_id ? <Id value={r.client_id} href={clientHref(r.client_id)} /> : <span class="muted">none</span>) },
				{ title: 'Registered', cell: (r) => <Time at={r.created_at} /> },
				...(may('update_resource') ? [{
					title: 'Change', cell: (r: Resource) => (
						<span class="row">
							<Button kind="quiet" aria-label={`Change ${r.resource}`} onClick={() => setOpen(r)}>Change</Button>
							{may('delete_resource') && <Button kind="quiet" aria-label={`Delete ${r.resource}`} onClick={() => setDoomed(r)}>Delete</Button>}
						</span>
					),
				}] : []),
			]} />
			{open && <ResourceDialog row={open === 'new' ? undefined : open} close={close} done={done} />}
			{doomed && (
				<Confirm title="Delete this API?" label="Delete it" close={() => setDoomed(undefined)} done={list.reload} action={() => call('delete_resource', { resource: doomed.resource, issuer: doomed.issuer })}>
					<p><code>{doomed.resource}</code></p>
					<p>That is for one that was mistyped and never used. One that was used is switched off.</p>
				</Confirm>
			)}
		</Page>
	);
}
