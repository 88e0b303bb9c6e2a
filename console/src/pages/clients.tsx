import { useState } from 'preact/hooks';

import { Badge, ButtonLink, Id, ListTable, Page, TextField, Time, useList } from '../components';
import { useMay, useWhoAmI } from '../whoami';
import { clientHref } from './client_href';
import '../styles/set_up.css';

interface ClientRow {
	client_id: string;
	issuer: string;
	client_name: string | null;
	client_type: string;
	enabled: boolean;
	profile: string;
	offline_access: boolean;
	created_at: string;
	auth_methods: string[];
	redirect_uris: number;
}

export default function Clients() {
	const { issuer } = useWhoAmI();
	const may = useMay();
	const [typed, setTyped] = useState('');
	const [search, setSearch] = useState('');
	const list = useList<ClientRow>('clients', { issuer, ...(search && { search }) });
	return (
		<Page title="Clients" lead="The applications that ask for tokens here." actions={may('create_client') && <ButtonLink kind="primary" href="#/new-client">New client</ButtonLink>}>
			<form class="filters search" role="search" onSubmit={(event) => {
				event.preventDefault();
				setSearch(typed.trim());
			}}>
				<TextField label="Begins with" type="search" name="search" value={typed} hint="The client id or the name; Enter looks." onInput={(event) => {
					setTyped(event.currentTarget.value);
					if (event.currentTarget.value === '') setSearch('');
				}} />
			</form>
			<ListTable list={list} caption="Clients" rowKey={(c) => c.client_id} empty={search ? 'No client begins with this.' : 'There is no client yet.'} columns={[
				{ title: 'Client', head: true, cell: (c) => <Id value={c.client_id} href={clientHref(c.client_id)} /> },
				{ title: 'Name', cell: (c) => c.client_name ?? <span class="muted">none</span> },
				{ title: 'State', cell: (c) => (c.enabled ? <Badge tone="good">on</Badge> : <Badge tone="bad">off</Badge>) },
				{ title: 'Type', cell: (c) => c.client_type },
				{ title: 'Proves itself by', cell: (c) => c.auth_methods.join(', ') },
				{ title: 'Rules', cell: (c) => c.profile },
				{ title: 'Refresh tokens', cell: (c) => (c.offline_access ? 'yes' : 'no') },
				{ title: 'Registered', cell: (c) => <Time at={c.created_at} /> },
			]} />
		</Page>
	);
}
