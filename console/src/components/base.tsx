// What every page is made of: text, buttons, states.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { ago, exactly, moment, words } from '../format';
import type { ApiError } from '../session/errors';

const cx = (...names: (string | false | undefined)[]) => names.filter(Boolean).join(' ');

// --- the page -----------------------------------------------------------------------

/** how often the reader has gone to another page: the first one does not take the focus */
let arrivals = 0;

/** A page: its heading, which gets the focus when it opens, what can be done with the whole, and the rest. */
export function Page({ title, lead, actions, children }: { title: string; lead?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren }) {
	const heading = useRef<HTMLHeadingElement>(null);
	// with the page itself: what had the focus has gone already
	useLayoutEffect(() => {
		if (arrivals++ > 0) heading.current?.focus();
	}, []);
	useEffect(() => { document.title = `${title} · pgtoken console`; }, [title]);
	return (
		<>
			<header class="page-head">
				<div>
					<h1 ref={heading} tabIndex={-1}>{title}</h1>
					{lead && <p class="lead">{lead}</p>}
				</div>
				{actions && <div class="actions">{actions}</div>}
			</header>
			{children}
		</>
	);
}

/** a part of a page, under a heading of its own */
export function Section({ title, actions, children, id }: { title: string; actions?: ComponentChildren; children: ComponentChildren; id?: string }) {
	const name = useId();
	return (
		<section class="section" aria-labelledby={name} id={id}>
			<div class="section-head">
				<h2 id={name}>{title}</h2>
				{actions && <div class="actions">{actions}</div>}
			</div>
			{children}
		</section>
	);
}

export const Card = ({ children, class: name }: { children: ComponentChildren; class?: string }) => <div class={cx('card', name)}>{children}</div>;

// --- text ---------------------------------------------------------------------------

/** the minute's beat that relative times go by: one timer for all */
const beat = new Set<() => void>();
setInterval(() => { for (const f of beat) f(); }, 30_000);

/** where a hint is seen whole: above what it is of, or below, and cut off by no frame around it */
function placeHint({ currentTarget: { style }, currentTarget }: { currentTarget: HTMLElement }): void {
	const { left, top, bottom } = currentTarget.getBoundingClientRect();
	const above = top > 90;
	style.setProperty('--hint-left', `${Math.max(8, Math.min(left, window.innerWidth - 330))}px`);
	style.setProperty('--hint-bottom', above ? `${window.innerHeight - top + 5}px` : 'auto');
	style.setProperty('--hint-top', above ? 'auto' : `${bottom + 5}px`);
}

/**
 * A time, in the reader's zone and relative; on hover and focus to the second and in UTC.
 * absolute: the date and not "3 minutes ago".
 */
export function Time({ at, absolute = false }: { at: string | null | undefined; absolute?: boolean }) {
	const [, setNow] = useState(0);
	useEffect(() => {
		const f = () => setNow((n) => n + 1);
		beat.add(f);
		return () => { beat.delete(f); };
	}, []);
	if (!at) return <span class="muted">never</span>;
	if (at === 'infinity' || at === '-infinity') return <span class="muted">{at === 'infinity' ? 'no end' : 'ever'}</span>;
	const time = new Date(at);
	if (Number.isNaN(time.getTime())) return <span>{at}</span>;
	return (
		<span class="hint" tabIndex={0} data-hint={exactly(time)} onMouseEnter={placeHint} onFocus={placeHint}>
			<time dateTime={at}>{absolute ? moment(time) : ago(time)}</time>
			<span class="visually-hidden">, {exactly(time)}</span>
		</span>
	);
}

/** An identifier: monospace, whole for readers by ear, with a button that copies it. short: only its end is seen. */
export function Id({ value, short = false, href }: { value: string | null | undefined; short?: boolean; href?: string }) {
	const [copied, setCopied] = useState(false);
	if (!value) return <span class="muted">none</span>;
	const seen = short && value.length > 14 ? `…${value.slice(-12)}` : value;
	const copy = async () => {
		await navigator.clipboard.writeText(value);
		setCopied(true);
		setTimeout(() => setCopied(false), 1500);
	};
	const text = <code title={short ? value : undefined}>{seen}</code>;
	return (
		<span class="id">
			{href ? <a href={href}>{text}</a> : text}
			<button type="button" class="copy" onClick={copy} aria-label={`Copy ${value}`}>
				<svg viewBox="0 0 16 16" aria-hidden="true">{copied
					? <path d="M3 8.5 6.5 12 13 4.5" />
					: <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />}</svg>
			</button>
			<span role="status" class="visually-hidden">{copied ? 'Copied' : ''}</span>
		</span>
	);
}

export type Tone = 'neutral' | 'good' | 'bad' | 'warn' | 'info';

export const Badge = ({ tone = 'neutral', children }: { tone?: Tone; children: ComponentChildren }) => <span class={`badge ${tone}`}>{children}</span>;

/** names and what they are: a list of facts */
export function Facts({ of }: { of: [string, ComponentChildren][] }) {
	return (
		<dl class="facts">
			{of.map(([name, content]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{content === null || content === undefined || content === '' ? <span class="muted">none</span> : content}</dd>
				</div>
			))}
		</dl>
	);
}

/** JSON, indented; the text of it, never markup */
export function Json({ value, label = 'JSON' }: { value: unknown; label?: string }) {
	return <pre class="json" tabIndex={0} role="region" aria-label={label}>{JSON.stringify(value, null, 2)}</pre>;
}

const asText = (value: unknown) => (value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));

/** Two objects side by side, member by member; what differs stands out. */
export function Compare({ left, right, leftTitle, rightTitle, caption }: {
	left: Record<string, unknown> | null | undefined; right: Record<string, unknown> | null | undefined;
	leftTitle: string; rightTitle: string; caption: string;
}) {
	const names = [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])].sort();
	if (names.length === 0) return <Empty>Nothing is known of either.</Empty>;
	return (
		<div class="table-frame">
			<table class="compare">
				<caption class="visually-hidden">{caption}</caption>
				<thead><tr><th scope="col">What</th><th scope="col">{leftTitle}</th><th scope="col">{rightTitle}</th></tr></thead>
				<tbody>
					{names.map((name) => {
						const [a, b] = [asText(left?.[name]), asText(right?.[name])];
						return (
							<tr key={name} class={a !== b ? 'differs' : undefined}>
								<th scope="row">{words(name)}{a !== b && <span class="visually-hidden"> (differs)</span>}</th>
								<td data-label={leftTitle}>{a}</td>
								<td data-label={rightTitle}>{b}</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

// --- what can be done ------------------------------------------------------------------

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'class' | 'ref'> & { kind?: 'primary' | 'plain' | 'danger' | 'quiet'; busy?: boolean };

/** busy: it cannot be pressed, keeps the focus, and says so */
export function Button({ kind = 'plain', busy = false, children, onClick, type = 'button', ...rest }: ButtonProps) {
	return (
		<button {...rest} type={type} class={`button ${kind}`} aria-disabled={busy || undefined} aria-busy={busy || undefined}
			onClick={(event) => {
				if (busy) event.preventDefault();
				else onClick?.call(undefined as never, event);
			}}>
			{busy && <span class="spinner" aria-hidden="true" />}
			{children}
		</button>
	);
}

/** a link that looks like a button: it goes somewhere */
export const ButtonLink = ({ href, kind = 'plain', children }: { href: string; kind?: 'primary' | 'plain' | 'quiet'; children: ComponentChildren }) =>
	<a class={`button ${kind}`} href={href}>{children}</a>;

// --- states ---------------------------------------------------------------------------

export function Loading({ what = 'Loading' }: { what?: string }) {
	return <p class="loading" role="status"><span class="spinner" aria-hidden="true" /> {what}…</p>;
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** what went wrong: the message, what it says besides, and a way to try again */
export function ErrorBox({ error, retry }: { error: ApiError | undefined; retry?: (() => void) | undefined }) {
	if (!error) return null;
	const again = retry && <Button onClick={retry}>{error.code === 'cancelled' ? 'Prove it now' : 'Try again'}</Button>;
	return (
		<div class="notice bad" role="alert">
			<p><strong>{error.description}</strong></p>
			{error.detail && <p>{error.detail}</p>}
			{error.hint && <p>{error.hint}</p>}
			{error.sqlstate && <p class="muted">SQLSTATE {error.sqlstate}</p>}
			{again}
		</div>
	);
}

export const Notice = ({ tone = 'info', children }: { tone?: 'info' | 'good' | 'warn' | 'bad'; children: ComponentChildren }) =>
	<div class={`notice ${tone}`} role="status">{children}</div>;
