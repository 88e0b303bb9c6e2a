// The frame around each page: navigation, theme, who is signed in.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { Button } from './components';
import { pages } from './pages';
import { configuration, signOut } from './session/session';
import { useOnline, useSession } from './session/use_session';
import { currentTheme, setTheme, type Theme } from './theme';
import { useMay, useWhoAmI } from './whoami';

const THEMES: [Theme, string][] = [['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark']];

export function ThemeSwitch() {
	const [theme, choose] = useState(currentTheme());
	return (
		<label class="theme">
			<span>Theme</span>
			<select value={theme} onChange={(event) => {
				const next = event.currentTarget.value as Theme;
				setTheme(next);
				choose(next);
			}}>
				{THEMES.map(([value, text]) => <option key={value} value={value} selected={value === theme}>{text}</option>)}
			</select>
		</label>
	);
}

export const Brand = () => (
	<span class="brand">
		<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" /><path d="M9 23V9m0 7c7 0 7-6 13-6m-13 6c7 0 7 6 13 6" /></svg>
		pgtoken
	</span>
);

/** is this entry the page, or what the page was opened from? */
const isAt = (location: string, path: string) => (path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`));

function Navigation({ go }: { go: () => void }) {
	const [location] = useLocation();
	const may = useMay();
	const shown = pages.filter(({ nav, needs }) => nav && may(needs));
	const groups = [...new Set(shown.map(({ nav }) => nav!))];
	return (
		<>
			{groups.map((group) => (
				<div key={group} class="nav-group">
					<p id={`nav-${group.replaceAll(' ', '-')}`}>{group}</p>
					<ul aria-labelledby={`nav-${group.replaceAll(' ', '-')}`}>
						{shown.filter(({ nav }) => nav === group).map(({ path, title }) => (
							<li key={path}><a href={`#${path}`} aria-current={isAt(location, path) ? 'page' : undefined} onClick={go}>{title}</a></li>
						))}
					</ul>
				</div>
			))}
		</>
	);
}

export function Layout({ children }: { children: ComponentChildren }) {
	const [open, setOpen] = useState(false);
	const [location] = useLocation();
	// also by the browser's own button
	useEffect(() => setOpen(false), [location]);
	const [leaving, setLeaving] = useState(false);
	const { subject, access, issuer } = useWhoAmI();
	const { waiting } = useSession();
	const online = useOnline();
	const main = useRef<HTMLElement>(null);
	const menu = useRef<HTMLButtonElement>(null);

	useEffect(() => {
		if (!open) return undefined;
		const close = (event: KeyboardEvent) => {
			if (event.key !== 'Escape') return;
			setOpen(false);
			menu.current?.focus();
		};
		window.addEventListener('keydown', close);
		return () => window.removeEventListener('keydown', close);
	}, [open]);

	return (
		<div class="frame">
			<a class="skip" href="#main" onClick={(event) => {
				// the hash is the page's address
				event.preventDefault();
				main.current?.focus();
			}}>Skip to the content</a>
			<header class="top">
				<a href="#/" class="home" aria-label="pgtoken console, overview"><Brand /></a>
				<span class="issuer" title={issuer}>{issuer.replace(/^https?:\/\//, '')}</span>
				<button ref={menu} type="button" class="menu" aria-expanded={open} aria-controls="navigation" onClick={() => setOpen(!open)}>
					<svg viewBox="0 0 16 16" aria-hidden="true">{open ? <path d="m3 3 10 10M13 3 3 13" /> : <path d="M2 4h12M2 8h12M2 12h12" />}</svg>
					Menu
				</button>
			</header>
			<nav id="navigation" class={open ? 'side open' : 'side'} aria-label="Console">
				<div class="side-inner">
					<Navigation go={() => setOpen(false)} />
					<div class="who">
						<p class="who-name" title={subject}>{subject}</p>
						<p class="muted">{access.replaceAll('_', ' ')}</p>
						<ThemeSwitch />
						<Button busy={leaving} onClick={() => {
							setLeaving(true);
							signOut();
						}}>Sign out</Button>
						<p class="muted version">pgtoken {configuration().version}</p>
					</div>
				</div>
			</nav>
			<main id="main" ref={main} tabIndex={-1}>
				{!online && <p class="notice warn" role="status">You are offline. What is shown is what was known last.</p>}
				{waiting && <p class="notice info" role="status">Another tab of the console waits for the proof of a factor. This one goes on after it.</p>}
				{children}
			</main>
		</div>
	);
}
