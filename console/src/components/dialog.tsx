// Dialogs: the browser's own, which keeps the focus, gives it back, and closes by Escape.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import { type ApiError, useAction } from '../api';
import { Button, ErrorBox } from './base';

/** Open for as long as it is there; close: the reader wants it to go. */
export function Dialog({ title, close, children, wide = false }: { title: string; close: () => void; children: ComponentChildren; wide?: boolean }) {
	const dialog = useRef<HTMLDialogElement>(null);
	const name = useId();
	useEffect(() => {
		const before = document.activeElement;
		const element = dialog.current!;
		element.showModal();
		// a time that happens to be the first in it would open with its hint
		if (document.activeElement?.matches('.hint')) element.querySelector('h2')!.focus();
		return () => {
			element.close();
			if (before instanceof HTMLElement && before.isConnected) before.focus();
		};
	}, []);
	return (
		<dialog ref={dialog} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={name}
			onCancel={(event) => {
				event.preventDefault();
				close();
			}}>
			<h2 id={name} tabIndex={-1}>{title}</h2>
			{children}
		</dialog>
	);
}

/**
 * Asks before something is done that cannot be undone, does it, and shows the error it
 * ended with.  done is called when it has happened, close whenever the dialog is to go.
 */
export function Confirm({ title, children, label, danger = true, action, done, close }: {
	title: string; children: ComponentChildren; label: string; danger?: boolean;
	action: () => Promise<unknown>; done?: () => void; close: () => void;
}) {
	const { run, busy, error } = useAction(async () => {
		await action();
		return true;
	});
	const go = async () => {
		if (await run()) {
			close();
			done?.();
		}
	};
	return (
		<Dialog title={title} close={close}>
			{children}
			<ErrorBox error={error as ApiError | undefined} />
			<div class="dialog-actions">
				<Button onClick={close}>Cancel</Button>
				<Button kind={danger ? 'danger' : 'primary'} busy={busy} onClick={go}>{label}</Button>
			</div>
		</Dialog>
	);
}
