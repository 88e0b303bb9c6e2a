// What a page throws ends that page, and not the console.
import { Component, type ComponentChildren, type ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Button, Loading, Page } from './components';

export class Boundary extends Component<{ children: ComponentChildren; name: string }, { error: Error | undefined }> {
	override state: { error: Error | undefined } = { error: undefined };

	static override getDerivedStateFromError(error: unknown) {
		return { error: error instanceof Error ? error : new Error(String(error)) };
	}

	override componentDidUpdate({ name }: { name: string }) {
		if (name !== this.props.name && this.state.error) this.setState({ error: undefined });
	}

	override render() {
		const { error } = this.state;
		if (!error) return this.props.children;
		return (
			<Page title="This page has failed">
				<div class="notice bad" role="alert">
					<p><strong>{error.message}</strong></p>
					<p>That is a fault of the console. Nothing was changed by it.</p>
					<Button onClick={() => this.setState({ error: undefined })}>Try again</Button>
				</div>
			</Page>
		);
	}
}

const loaded = new Map<() => Promise<{ default: ComponentType<any> }>, ComponentType<any>>();

/** the page, once its file has come */
export function Lazy({ load, params }: { load: () => Promise<{ default: ComponentType<any> }>; params: Record<string, string | undefined> }) {
	const [failed, setFailed] = useState(false);
	const [, again] = useState(0);
	const Content = loaded.get(load);
	useEffect(() => {
		if (Content) return;
		load().then(({ default: component }) => {
			loaded.set(load, component);
			again((n) => n + 1);
		}, () => setFailed(true));
	}, [load]);
	if (Content) return <Content {...params} />;
	if (!failed) return <Loading />;
	return (
		<Page title="This page did not load">
			<div class="notice warn" role="alert">
				<p>The network is away, or the console was updated meanwhile.</p>
				<Button onClick={() => location.reload()}>Reload the console</Button>
			</div>
		</Page>
	);
}
