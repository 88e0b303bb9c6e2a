// Tabs: one of them is open; arrow keys, Home and End go from one to the other.
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';

export interface Tab {
	id: string;
	title: ComponentChildren;
	content: () => ComponentChildren;
}

export function Tabs({ tabs, open, onOpen, label }: { tabs: Tab[]; open: string; onOpen: (id: string) => void; label: string }) {
	const base = useId();
	const list = useRef<HTMLDivElement>(null);
	const at = Math.max(0, tabs.findIndex(({ id }) => id === open));
	const go = (index: number) => {
		const next = (index + tabs.length) % tabs.length;
		onOpen(tabs[next]!.id);
		list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
	};
	const keys: Record<string, () => void> = { ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), Home: () => go(0), End: () => go(tabs.length - 1) };
	return (
		<>
			<div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={(event) => {
				const act = keys[event.key];
				if (!act) return;
				event.preventDefault();
				act();
			}}>
				{tabs.map(({ id, title }, i) => (
					<button key={id} type="button" role="tab" id={`${base}-${id}`} aria-controls={`${base}-panel`} aria-selected={i === at}
						tabIndex={i === at ? 0 : -1} onClick={() => onOpen(id)}>{title}</button>
				))}
			</div>
			<div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${tabs[at]!.id}`} tabIndex={0}>{tabs[at]!.content()}</div>
		</>
	);
}
