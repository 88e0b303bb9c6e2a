// What ends a family, or a subject: each asks first, and the service asks for a factor.
import { useState } from 'preact/hooks';

import { call, Checkbox, Confirm, TextField } from '../components';
import type { Family } from './types';

export type Act = 'family' | 'subject' | 'block' | 'unblock';

function Reason({ value, change }: { value: string; change: (value: string) => void }) {
	return (
		<TextField label="Reason" value={value} maxLength={200} onInput={(event) => change(event.currentTarget.value)}
			hint="Kept with the family and in the audit. The client is not told." />
	);
}

export function Ending({ act, family, close, done }: { act: Act; family: Family; close: () => void; done: () => void }) {
	const [reason, setReason] = useState('');
	const [until, setUntil] = useState('');
	const [end, setEnd] = useState(true);
	const { subject, issuer, grant_id: grantId } = family;
	const said = reason.trim() ? { reason: reason.trim() } : {};
	const who = { issuer, subject };
	switch (act) {
		case 'family':
			return (
				<Confirm title="End this family?" label="End it" close={close} done={done} action={() => call('end_family', { grant_id: grantId, ...said })}>
					<p>Its refresh token and every access token that it has out are refused from now on. The person has to sign in again at this client. It cannot be taken back.</p>
					<Reason value={reason} change={setReason} />
				</Confirm>
			);
		case 'subject':
			return (
				<Confirm title="End all of the subject?" label="End all" close={close} done={done} action={() => call('end_subject', { ...who, ...said })}>
					<p>All families of <strong>{subject}</strong> end, with every client of {issuer}, and codes that are on their way. It cannot be taken back.</p>
					<Reason value={reason} change={setReason} />
				</Confirm>
			);
		case 'block':
			return (
				<Confirm title="Block the subject?" label="Block" close={close} done={done}
					action={() => call('block_subject', { ...who, ...said, ...(until && { until: new Date(until).toISOString() }), end_sessions: end })}>
					<p><strong>{subject}</strong> is issued nothing, and no token holds, until the block is over.</p>
					<div class="stack">
						<Reason value={reason} change={setReason} />
						<TextField label="Until" type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} hint="In your time zone. Empty: until somebody unblocks." />
						<Checkbox label="End what there is" checked={end} onChange={(event) => setEnd(event.currentTarget.checked)}
							hint="Otherwise it is suspended, and works again after the block." />
					</div>
				</Confirm>
			);
		case 'unblock':
			return (
				<Confirm title="Unblock the subject?" label="Unblock" danger={false} close={close} done={done} action={() => call('unblock_subject', { ...who, ...said })}>
					<p><strong>{subject}</strong> can sign in again. What was ended stays so.</p>
					<Reason value={reason} change={setReason} />
				</Confirm>
			);
	}
}
