// Forms: each field with its label, what it is for, and what was wrong with it.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

import type { ApiError } from '../session/errors';
import { Button, ErrorBox } from './base';

/**
 * A form that is sent by its button and by Enter.  error: of the whole; fields name
 * their own.  busy: it is under way.
 */
export function Form({ children, submit, label, kind = 'primary', busy = false, error, cancel, disabled = false }: {
	children: ComponentChildren; submit: (data: FormData) => void; label: string; kind?: 'primary' | 'danger';
	busy?: boolean; error?: ApiError | undefined; cancel?: () => void; disabled?: boolean;
}) {
	return (
		<form class="form" noValidate onSubmit={(event) => {
			event.preventDefault();
			if (!busy && !disabled) submit(new FormData(event.currentTarget));
		}}>
			{children}
			<ErrorBox error={error} />
			<div class="form-actions">
				{cancel && <Button onClick={cancel}>Cancel</Button>}
				<Button type="submit" kind={kind} busy={busy} disabled={disabled}>{label}</Button>
			</div>
		</form>
	);
}

interface FieldProps {
	label: string;
	hint?: ComponentChildren;
	/** what was wrong with it; the first field that has one takes the focus */
	error?: string | undefined;
}

type Named = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined };

/** A label, what it labels (given its id and description), a hint and an error. */
export function Field({ label, hint, error, children }: FieldProps & { children: (named: Named) => ComponentChildren }) {
	const id = useId();
	const frame = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		if (error && document.querySelector('[aria-invalid]') === frame.current?.querySelector('[aria-invalid]')) {
			frame.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
		}
	}, [error]);
	const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
	return (
		<div class="field" ref={frame}>
			<label for={id}>{label}</label>
			{children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
			{hint && <p class="field-hint" id={`${id}-hint`}>{hint}</p>}
			{error && <p class="field-error" id={`${id}-error`}>{error}</p>}
		</div>
	);
}

type Input = Omit<JSX.IntrinsicElements['input'], 'label' | 'id' | 'ref'>;
type Area = Omit<JSX.IntrinsicElements['textarea'], 'label' | 'id' | 'ref'>;
type Choice = Omit<JSX.IntrinsicElements['select'], 'label' | 'id' | 'ref'>;

export const TextField = ({ label, hint, error, ...rest }: FieldProps & Input) => (
	<Field label={label} hint={hint} error={error}>{(named) => <input type="text" autocomplete="off" spellcheck={false} {...rest} {...named} />}</Field>
);

export const TextArea = ({ label, hint, error, rows = 4, ...rest }: FieldProps & Area) => (
	<Field label={label} hint={hint} error={error}>{(named) => <textarea rows={rows} spellcheck={false} {...rest} {...named} />}</Field>
);

export const Select = ({ label, hint, error, options, ...rest }: FieldProps & Choice & { options: (string | [value: string, text: string])[] }) => (
	<Field label={label} hint={hint} error={error}>
		{(named) => (
			<select {...rest} {...named}>
				{options.map((option) => {
					const [value, text] = typeof option === 'string' ? [option, option] : option;
					return <option key={value} value={value} selected={rest.value === value}>{text}</option>;
				})}
			</select>
		)}
	</Field>
);

export function Checkbox({ label, hint, ...rest }: { label: ComponentChildren; hint?: ComponentChildren } & Input) {
	const id = useId();
	return (
		<div class="field check">
			<input type="checkbox" {...rest} id={id} aria-describedby={hint ? `${id}-hint` : undefined} />
			<label for={id}>{label}</label>
			{hint && <p class="field-hint" id={`${id}-hint`}>{hint}</p>}
		</div>
	);
}

/** fields that belong together */
export const Group = ({ legend, children }: { legend: string; children: ComponentChildren }) => (
	<fieldset class="group"><legend>{legend}</legend>{children}</fieldset>
);
