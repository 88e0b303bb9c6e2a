// What is shown, by the session's state.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Route, Router, Switch, useLocation } from 'wouter-preact';
import { useHashLocation } from 'wouter-preact/use-hash-location';

import { useCall } from './api';
import { Boundary, Lazy } from './boundary';
import { Button, ErrorBox, Loading, Page } from './components';
import { Brand, Layout, ThemeSwitch } from './layout';
import { pages } from './pages';
import { endSessionUrl, signIn, signOut, start } from './session/session';
import { StepUpDialog } from './session/step_up_dialog';
import { useSession } from './session/use_session';
import { useMay, type WhoAmI, WhoAmIContext } from './whoami';

/** a page of its own, with nothing around it */
function Alone({ title, children }: { title: string; children: ComponentChildren }) {
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		document.title = `${title} · pgtoken console`;
		heading.current?.focus();
	}, [title]);
	return (
		<main class="alone">
			<Brand />
			<h1 ref={heading} tabIndex={-1}>{title}</h1>
			{children}
			<ThemeSwitch />
		</main>
	);
}

function SignIn({ notice, again = false }: { notice: string | undefined; again?: boolean }) {
	const [leaving, setLeaving] = useState(false);
	const elsewhere = endSessionUrl();
	return (
		<Alone title={again ? 'Sign in again' : 'Console'}>
			{notice && <p class="notice warn" role="status">{notice}</p>}
			<p>You sign in at this issuer’s own login page, and prove one of your factors then.</p>
			<p>
				<Button kind="primary" busy={leaving} onClick={() => {
					setLeaving(true);
					signIn().catch(() => setLeaving(false));
				}}>Sign in</Button>
			</p>
			{notice && elsewhere && <p class="muted">Somebody else? <a href={elsewhere}>Sign out of the login page</a> first.</p>}
		</Alone>
	);
}

function NotFound() {
	return <Page title="There is no such page"><p><a href="#/">To the overview</a></p></Page>;
}

function Routes() {
	const [location] = useLocation();
	const may = useMay();
	useEffect(() => { window.scrollTo(0, 0); }, [location]);
	return (
		<Boundary name={location}>
			<Switch>
				{pages.map(({ path, needs, load, title }) => (
					<Route key={path} path={path}>
						{(params) => (may(needs)
							? <Lazy key={location} load={load} params={params as Record<string, string>} />
							: <Page title={title}><p>Your access does not have this page.</p></Page>)}
					</Route>
				))}
				<Route><NotFound /></Route>
			</Switch>
		</Boundary>
	);
}

function Console() {
	const { data, error, reload } = useCall<WhoAmI>('whoami');
	if (data) return <WhoAmIContext.Provider value={data}><Layout><Routes /></Layout></WhoAmIContext.Provider>;
	if (!error) return <main class="alone"><Brand /><Loading what="Signing in" /></main>;
	const refused = error.status === 403;
	return (
		<Alone title={refused ? 'You are not let in' : error.code === 'cancelled' ? 'A factor is to be proved' : 'That did not work'}>
			{refused && <p>You signed in, but are no operator of this console. Who is, is said in the database alone.</p>}
			<ErrorBox error={error} retry={reload} />
			<p><Button onClick={() => signOut()}>Sign out</Button></p>
		</Alone>
	);
}

function Screen() {
	const { state } = useSession();
	switch (state.name) {
		case 'starting':
			return <main class="alone"><Brand /><Loading what="Opening the console" /></main>;
		case 'signed_in':
			return <Console />;
		case 'signed_out':
			return <SignIn notice={state.notice} />;
		case 'over':
			return <SignIn again notice={state.notice} />;
		case 'failed':
			return <Alone title="The console does not open"><ErrorBox error={state.error} retry={start} /></Alone>;
	}
}

export function App() {
	const { question } = useSession();
	useEffect(() => { start(); }, []);
	return (
		<Router hook={useHashLocation}>
			<Screen />
			{question && <StepUpDialog question={question} key={question.expiresAt} />}
		</Router>
	);
}
