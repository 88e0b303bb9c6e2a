// One entry of a lineage, whole.
import type { ComponentChildren } from 'preact';

import { Button, ButtonLink, Dialog, Facts, Id, Json, Time } from '../components';
import { toWhy } from './address';
import { type Entry, isAnswer } from './types';
import { title } from './words';

export function Details({ entry, close }: { entry: Entry; close: () => void }) {
	const facts: [string, ComponentChildren][] = [['When', <Time at={entry.at} absolute />]];
	if (entry.presented !== null) facts.push(['Presented', `generation ${entry.presented}`]);
	if (isAnswer(entry)) {
		facts.push(
			['Became', `generation ${entry.generation}`],
			['Access token', <Id value={entry.jti} />],
			['It ends', <Time at={entry.access_expires_at} absolute />],
			['Refresh token ends', entry.refresh_expires_at ? <Time at={entry.refresh_expires_at} absolute /> : 'there is none'],
			['Scope', entry.scope],
			['For', entry.resources?.join(', ')],
			['Client proved itself by', entry.client_auth_method],
			['By the secret', entry.client_secret_id && <Id value={entry.client_secret_id} />],
		);
	} else {
		facts.push(['Event', entry.event], ['By the role', entry.role_name]);
	}
	if (entry.reason) facts.push(['Reason', entry.reason]);
	facts.push(['Event id', <Id value={entry.event_id} />]);
	const explained = entry.kind === 'refusal' || entry.kind === 'reuse' || entry.judged;
	return (
		<Dialog title={title(entry)} close={close} wide>
			<Facts of={facts} />
			<h3 class="apart">Context of the request</h3>
			<Json value={entry.context} label="Context of the request" />
			<div class="dialog-actions">
				{explained && <ButtonLink href={toWhy(entry.event_id)} kind="primary">Why?</ButtonLink>}
				<Button onClick={close}>Close</Button>
			</div>
		</Dialog>
	);
}
