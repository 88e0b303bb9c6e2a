import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { call, ErrorBox, Form, Loading, Page, useAction, useCall } from '../components';
import { argumentsOf, fieldError, Fields, type Values, valuesOf } from '../fields';
import { useWhoAmI } from '../whoami';
import { type ClientForm, clientGroups } from './client_fields';
import { clientHref } from './client_href';
import { SecretShown } from './secret_shown';
import '../styles/set_up.css';

function NewClientForm({ form }: { form: ClientForm }) {
	const { issuer } = useWhoAmI();
	const [, navigate] = useLocation();
	const groups = clientGroups(form);
	const [values, setValues] = useState<Values>(() => valuesOf(groups));
	const [made, setMade] = useState<{ client_id: string; client_secret: string }>();
	const open = (clientId: string) => navigate(clientHref(clientId).slice(1));
	const { run, busy, error } = useAction(async () => {
		const { client_id, client_secret } = await call<{ client_id: string; client_secret: string | null }>('create_client', { issuer, ...argumentsOf(groups, values) });
		if (client_secret) setMade({ client_id, client_secret });
		else open(client_id);
	});
	const wrong = fieldError(error, groups.flatMap(({ fields }) => fields.map(({ name }) => name)));
	return (
		<>
			<Form label="Register it" submit={run} busy={busy} error={wrong ? undefined : error} cancel={() => navigate('/clients')}>
				<Fields groups={groups} values={values} set={setValues} error={wrong} editing={false} />
			</Form>
			{made && <SecretShown client={made.client_id} secret={made.client_secret} close={() => open(made.client_id)} />}
		</>
	);
}

export default function NewClient() {
	const { issuer } = useWhoAmI();
	const { data, error, reload } = useCall<ClientForm>('client_form', { issuer });
	return (
		<Page title="New client" lead="What is left empty goes by the issuer’s settings.">
			<ErrorBox error={error} retry={reload} />
			{data ? <NewClientForm form={data} /> : !error && <Loading />}
		</Page>
	);
}
