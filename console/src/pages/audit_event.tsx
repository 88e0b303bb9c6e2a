// One event of the audit, whole.
import { Badge, ButtonLink, Card, Compare, ErrorBox, Facts, Id, Json, Loading, Notice, Page, Section, Table, Time, useCall } from '../components';
import { toAuditBy } from '../families/address';
import { useMay } from '../whoami';

type Members = Record<string, unknown>;

interface Whole {
	event: {
		event_id: string; occurred_at: string; event: string; reason: string | null; client_id: string | null; subject: string | null; grant_id: string;
		session_user_name: string; role_name: string; application_name: string | null; client_addr: string | null; context: Members | null; detail: Members | null; personal: Members | null;
		request_id: string | null; trace_id: string | null; span_id: string | null;
	};
	explanation: string | null;
	decision: { policy: string | null; version: number | null; mode: string | null; position: number | null; rule: string | null; outcome: string | null; explanation: string | null }[] | null;
}

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const without = (of: Members | null, ...names: string[]) => Object.fromEntries(Object.entries(of ?? {}).filter(([name]) => !names.includes(name)));

/** before and after of a changed row, beside each other */
function Changed({ of, title }: { of: Members | null; title: string }) {
	const [before, after] = [of?.before, of?.after];
	if (!isObject(before) && !isObject(after)) return null;
	return (
		<Section title={title}>
			<Compare caption={`${title}: before and after`} leftTitle="Before" rightTitle="After" left={isObject(before) ? before : null} right={isObject(after) ? after : null} />
		</Section>
	);
}

const Rest = ({ of, title }: { of: Members; title: string }) =>
	(Object.keys(of).length > 0 ? <Section title={title}><Json value={of} label={`${title} as JSON`} /></Section> : null);

export default function AuditEvent({ event_id: id }: { event_id: string }) {
	const { data, error, loading, reload } = useCall<Whole>('audit_event', { event_id: id });
	const event = data?.event;
	const may = useMay();
	const earlier = event?.context?.rotation_context;
	const decided = data?.decision?.filter(({ rule, policy }) => rule !== null || policy !== null) ?? [];
	return (
		<Page title={event?.event ?? 'Event'} lead={event && <>Event of the audit, <Time at={event.occurred_at} /></>}
			actions={data?.explanation && may('why') && <ButtonLink href={`#/why/${encodeURIComponent(id)}`}>Why, with the evidence</ButtonLink>}>
			{loading ? <Loading /> : <ErrorBox error={error} retry={reload} />}
			{data && event && (
				<>
					{data.explanation && <Notice tone="warn"><p>{data.explanation}</p></Notice>}
					<Section title="What it was">
						<Card>
							<Facts of={[
								['When', <Time at={event.occurred_at} absolute />],
								['Reason', event.reason],
								['Client', event.client_id && <span class="row"><span>{event.client_id}</span><a href={`#/audit/by/client_id/${encodeURIComponent(event.client_id)}`}>Events of this client</a></span>],
								['Subject', event.subject && <span class="row"><span>{event.subject}</span><a href={`#/audit/by/subject/${encodeURIComponent(event.subject)}`}>Events of this subject</a></span>],
								['Family', /^0[0-]*0$/.test(event.grant_id) ? null : <span class="row"><Id value={event.grant_id} {...(may('family') && { href: `#/families/${event.grant_id}` })} /><a href={`#/audit/by/grant_id/${event.grant_id}`}>Events of this family</a></span>],
								['Logged in as', event.session_user_name],
								['Role in effect', event.role_name],
								['Application', event.application_name],
								['Session came from', event.client_addr],
								['Request', event.request_id && <span class="row"><Id value={event.request_id} /><a href={toAuditBy('request_id', event.request_id)}>Events of this request</a></span>],
								['Trace', event.trace_id && <span class="row"><Id value={event.trace_id} /><a href={toAuditBy('trace_id', event.trace_id)}>Events of this trace</a></span>],
								['Span of the caller', event.span_id],
								['Id', <Id value={event.event_id} />],
							]} />
						</Card>
					</Section>
					{decided.length > 0 && (
						<Section title="What rules and APIs said">
							<Table caption="Rules and APIs" rows={decided} rowKey={(row) => JSON.stringify(row)} columns={[
								{ title: 'Rule', head: true, cell: ({ policy, version, position, rule }) => [policy && `${policy} ${version}`, position, rule?.replaceAll('_', ' ') ?? 'no rule fired'].filter((part) => part !== null).join(' · ') },
								{ title: 'Mode', cell: ({ mode }) => mode && <Badge tone={mode === 'active' ? 'good' : 'info'}>{mode}</Badge> },
								{ title: 'Outcome', cell: ({ outcome }) => outcome && <Badge tone={outcome === 'deny' ? 'bad' : outcome === 'require' ? 'warn' : 'good'}>{outcome}</Badge> },
								{ title: 'Why', cell: ({ explanation }) => explanation },
							]} />
						</Section>
					)}
					{isObject(earlier) && (
						<Section title="Where it came from, and where the rotation did">
							<Compare caption="Context of this request and of the rotation" leftTitle="The rotation" rightTitle="This request" left={earlier} right={without(event.context, 'rotation_context')} />
						</Section>
					)}
					{!isObject(earlier) && <Rest of={event.context ?? {}} title="Context" />}
					<Changed of={event.detail} title="What changed" />
					<Changed of={event.personal} title="What changed, of a person" />
					<Rest of={without(event.detail, 'before', 'after')} title="Detail" />
					<Rest of={without(event.personal, 'before', 'after')} title="Of a person" />
				</>
			)}
		</Page>
	);
}
