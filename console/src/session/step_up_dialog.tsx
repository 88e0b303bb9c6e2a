// The dialog in which an operator proves a factor: a code of an app, a recovery code, or
// a passkey.
import { useEffect, useRef, useState } from 'preact/hooks';

import { Button, Dialog, TextField } from '../components';
import { asApiError } from './errors';
import type { Factor, Question } from './session';
import { proveKey } from './webauthn';

const NAMES: Record<string, string> = { totp: 'Authenticator app', recovery_code: 'Recovery code', webauthn: 'Passkey or security key' };

/** label: what the database calls one that was given no name says nothing here */
const nameOf = ({ factor_type, label }: Factor) => (label && label !== 'console' && label !== NAMES[factor_type] ? `${NAMES[factor_type] ?? factor_type}: ${label}` : NAMES[factor_type] ?? factor_type);

export function StepUpDialog({ question }: { question: Question }) {
	const [chosen, setChosen] = useState(question.factors[0]!.factor_id);
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string>();
	const form = useRef<HTMLFormElement>(null);
	const factor = question.factors.find(({ factor_id }) => factor_id === chosen) ?? question.factors[0]!;
	const byKey = factor.factor_type === 'webauthn';

	// nobody waits for a dialog that leads nowhere; the session's other tabs wait for this one
	useEffect(() => {
		const timer = setTimeout(() => question.cancel(), Math.max(0, question.expiresAt - Date.now()));
		return () => clearTimeout(timer);
	}, [question]);

	const prove = async (code: string) => {
		setBusy(true);
		setWrong(undefined);
		try {
			if (byKey) {
				const { public_key: options } = await question.challenge(factor.factor_id);
				await question.complete(factor.factor_id, await proveKey(options as Parameters<typeof proveKey>[0]));
			} else {
				await question.complete(factor.factor_id, { code });
			}
		} catch (error) {
			const { code: name, description } = asApiError(error);
			const said = name === 'invalid_grant' ? (byKey ? 'That key was not accepted.' : 'That code was not accepted. An authenticator app’s code counts once: wait for the next one.')
				: byKey && name === 'unexpected' ? `That did not work: ${description}` : description;
			setWrong(said);
			form.current?.querySelector<HTMLInputElement>('input[name=code]')?.select();
		} finally {
			setBusy(false);
		}
	};

	return (
		<Dialog title="Prove that it is you" close={question.cancel}>
			<p>What you asked for takes the proof of one of your factors.</p>
			{question.notice && <p class="notice warn" role="status">{question.notice}</p>}
			<form ref={form} class="form" noValidate onSubmit={(event) => {
				event.preventDefault();
				const code = String(new FormData(event.currentTarget).get('code') ?? '').replace(factor.factor_type === 'totp' ? /\s/g : /^\s+|\s+$/g, '');
				if (busy) return;
				if (!byKey && code === '') setWrong('Enter the code.');
				else prove(code);
			}}>
				{question.factors.length > 1 && (
					<fieldset class="group">
						<legend>Prove it with</legend>
						{question.factors.map((one) => (
							<label key={one.factor_id} class="choice">
								<input type="radio" name="factor" value={one.factor_id} checked={one.factor_id === factor.factor_id}
									onChange={() => {
										setChosen(one.factor_id);
										setWrong(undefined);
									}} />
								{nameOf(one)}
							</label>
						))}
					</fieldset>
				)}
				{byKey
					? <>
						<p>Your browser will ask for the key.</p>
						{wrong && <p class="field-error" role="alert">{wrong}</p>}
					</>
					: <TextField key={factor.factor_id} label={factor.factor_type === 'recovery_code' ? 'Recovery code' : question.factors.length > 1 ? 'Code' : `Code of your ${nameOf(factor).replace(/^A/, 'a')}`}
						name="code" autofocus error={wrong}
						inputMode={factor.factor_type === 'totp' ? 'numeric' : 'text'} autocomplete={factor.factor_type === 'totp' ? 'one-time-code' : 'off'} />}
				<div class="dialog-actions">
					<Button onClick={question.cancel}>Cancel</Button>
					<Button kind="primary" type="submit" busy={busy}>{byKey ? 'Use the key' : 'Continue'}</Button>
				</div>
			</form>
		</Dialog>
	);
}
