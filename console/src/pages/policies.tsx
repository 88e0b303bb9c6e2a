// Policies: what there is, and what of it decides.
import { Badge, ButtonLink, ListTable, Page, Time, useList } from '../components';
import { number } from '../format';
import type { PolicySummary } from '../policy_rules';
import { useMay, useWhoAmI } from '../whoami';

export const policyLink = (policy: string) => `#/policies/${encodeURIComponent(policy)}`;

export default function Policies() {
	const { issuer } = useWhoAmI();
	const may = useMay();
	const list = useList<PolicySummary>('policies', { issuer });
	return (
		<Page title="Policies" lead="What is looked at when a client refreshes or gets its first tokens, and what comes of it. The riskiest outcome of all active policies counts."
			actions={may('create_policy') && <ButtonLink kind="primary" href="#/new-policy">New policy</ButtonLink>}>
			<ListTable list={list} caption="Policies" rowKey={({ policy }) => policy}
				empty="There is no policy: every valid refresh is allowed, but for what APIs ask for."
				columns={[
					{ title: 'Policy', head: true, cell: ({ policy }) => <a href={policyLink(policy)}>{policy}</a> },
					{ title: 'State', cell: ({ active, shadow, drafts, versions }) => (
						<span class="row">
							{active !== null && <Badge tone="good">version {active} decides</Badge>}
							{shadow !== null && <Badge tone="info">version {shadow} in the shadow</Badge>}
							{active === null && shadow === null && <Badge>{drafts === versions ? 'draft' : 'off'}</Badge>}
						</span>
					) },
					{ title: 'In force since', cell: ({ activated_at: at }) => (at ? <Time at={at} /> : <span class="muted">not in force</span>) },
					{ title: 'Versions', numeric: true, cell: ({ versions }) => number(versions) },
					{ title: 'Newest made', cell: ({ created_at: at }) => <Time at={at} /> },
				]} />
		</Page>
	);
}
