// A secret that is shown once.
import { Button, Dialog, Id } from '../components';

/** It is in this dialog and nowhere else: no address, no storage, no list has it. */
export function SecretShown({ client, secret, close }: { client: string; secret: string; close: () => void }) {
	return (
		<Dialog title="The new secret" close={close}>
			<p>Of the client <code>{client}</code>. It is shown this once: the database keeps its hash, from which nobody can tell it.</p>
			<p class="secret"><Id value={secret} /></p>
			<p>Put it where the client reads its secrets from, and nowhere else.</p>
			<div class="dialog-actions"><Button kind="primary" onClick={close}>I have kept it</Button></div>
		</Dialog>
	);
}
