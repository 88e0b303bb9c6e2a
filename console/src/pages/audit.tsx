// The audit: events by time, kind, subject, client, family, address, operator, request and trace, and as a file.
import { useEffect, useRef, useState } from 'preact/hooks';

import { formats, type Format, type Row, save } from '../audit_export';
import { type ApiError, Button, call, Dialog, ErrorBox, Form, Id, Loading, Notice, Page, Table, TextField, Time } from '../components';
import { part } from '../families/address';
import { number, plural } from '../format';
import { useMay } from '../whoami';
import '../styles/keeping.css';

interface Event {
	event_id: string;
	occurred_at: string;
	event: string;
	reason: string | null;
	client_id: string | null;
	subject: string | null;
	grant_id: string;
	session_user_name: string;
	role_name: string;
	client_addr: string | null;
	ip: string | null;
}

interface Found<T> { rows: T[]; next: string | null; searched_to: string | null }

type Filters = Partial<Record<'event' | 'subject' | 'client_id' | 'grant_id' | 'address' | 'operator' | 'request_id' | 'trace_id' | 'since' | 'until', string>>;

const NO_FAMILY = '00000000-0000-0000-0000-000000000000';
const NAMES = ['event', 'subject', 'client_id', 'grant_id', 'address', 'operator', 'request_id', 'trace_id', 'since', 'until'] as const;
const MOST_ROWS = 50_000;
/** where nothing fits, it looks further back by itself, for so many pages and so many milliseconds */
const LOOKS = 10;
const LOOKING = 500;

/** what the fields say, as arguments: times of the reader's zone as such of UTC */
function asArguments(data: FormData): Filters {
	const filters: Filters = {};
	for (const name of NAMES) {
		const text = String(data.get(name) ?? '').trim();
		if (text !== '') filters[name] = name === 'since' || name === 'until' ? new Date(text).toISOString() : text;
	}
	return filters;
}

/** the list, which goes on by itself while there is nothing to show */
function useEvents(filters: Filters) {
	const [state, setState] = useState<Found<Event> & { error?: ApiError }>({ rows: [], next: null, searched_to: null });
	const [loading, setLoading] = useState(true);
	const turn = useRef(0);
	const fetchMore = async (from: Found<Event>) => {
		const mine = ++turn.current;
		setLoading(true);
		let now = from;
		const begun = performance.now();
		try {
			for (let looks = 0; looks < LOOKS; looks++) {
				const page = await call<Found<Event>>('audit_events', now.next === null ? filters : { ...filters, after: now.next });
				now = { rows: [...now.rows, ...page.rows], next: page.next, searched_to: page.searched_to };
				if (mine !== turn.current) return;
				setState(now);
				if (now.next === null || now.rows.length > from.rows.length || performance.now() - begun > LOOKING) break;
			}
		} catch (error) {
			if (mine === turn.current) setState({ ...now, error: error as ApiError });
		} finally {
			if (mine === turn.current) setLoading(false);
		}
	};
	const nothing = { rows: [], next: null, searched_to: null };
	useEffect(() => {
		setState(nothing);
		void fetchMore(nothing);
		return () => { turn.current++; };
	}, [filters]);
	return { ...state, loading, more: state.next === null ? undefined : () => void fetchMore(state), reload: () => void fetchMore(nothing) };
}

/** fetches all pages and saves them; closing it stops that */
function Export({ filters, format, close }: { filters: Filters; format: Format; close: () => void }) {
	const [rows, setRows] = useState(0);
	const [at, setAt] = useState<string | null>(null);
	const [error, setError] = useState<ApiError>();
	const [done, setDone] = useState<'all' | 'cut'>();
	const [attempt, setAttempt] = useState(0);
	useEffect(() => {
		let over = false;
		const run = async () => {
			const parts = [format.head];
			let count = 0;
			let after: string | null = null;
			do {
				const page: Found<Row> = await call<Found<Row>>('audit_events', { ...filters, whole: true, limit: 200, ...(after !== null && { after }) });
				if (over) return;
				for (const row of page.rows) parts.push(format.line(row));
				count += page.rows.length;
				after = page.next;
				setRows(count);
				setAt(page.searched_to);
			} while (after !== null && count < MOST_ROWS);
			save(parts, format);
			setDone(after === null ? 'all' : 'cut');
		};
		setError(undefined);
		run().catch((failure: ApiError) => { if (!over) setError(failure); });
		return () => { over = true; };
	}, [attempt]);
	return (
		<Dialog title={`Export as ${format.name}`} close={close}>
			{!done && !error && <Loading what={`${plural(rows, 'event')} so far`} />}
			{!done && at && <p class="muted">Back to <Time at={at} absolute /></p>}
			<ErrorBox error={error} retry={() => setAttempt(attempt + 1)} />
			{done && <Notice tone={done === 'all' ? 'good' : 'warn'}>
				<p>{plural(rows, 'event')} saved.</p>
				{done === 'cut' && <p>That is the most that goes into one file: there are more, further back. Narrow the time, or use \copy in psql.</p>}
			</Notice>}
			{!done && <p class="muted">The file has what the audit knows of people: subjects, addresses, contexts.</p>}
			<div class="dialog-actions"><Button kind={done ? 'primary' : 'plain'} onClick={close}>{done ? 'Close' : 'Stop'}</Button></div>
		</Dialog>
	);
}

const Linked = ({ name, value }: { name: 'subject' | 'client_id'; value: string | null }) =>
	(value === null ? null : <a href={`#/audit/by/${name}/${encodeURIComponent(value)}`}>{value}</a>);

export default function Audit() {
	const [filter, value] = [part(2), part(3)];
	const given: Filters = filter && value && NAMES.includes(filter as typeof NAMES[number]) ? { [filter]: value } : {};
	const [filters, setFilters] = useState<Filters>(given);
	const [exporting, setExporting] = useState<Format>();
	const events = useEvents(filters);
	const may = useMay();
	return (
		<Page title="Audit" lead="What happened, the newest first. Nothing of it can be changed."
			actions={<>{Object.values(formats).map((format) => <Button key={format.name} onClick={() => setExporting(format)}>Export {format.name}</Button>)}</>}>
			<Form submit={(data) => setFilters(asArguments(data))} label="Find" busy={events.loading}>
				<div class="fields">
					<TextField label="Event" name="event" placeholder="refresh.*" hint="Its name, or a beginning and *" defaultValue={given.event} />
					<TextField label="Subject" name="subject" defaultValue={given.subject} />
					<TextField label="Client" name="client_id" defaultValue={given.client_id} />
					<TextField label="Family" name="grant_id" hint="grant_id" defaultValue={given.grant_id} />
					<TextField label="Address" name="address" placeholder="192.0.2.0/24" hint="One, or a network" defaultValue={given.address} />
					<TextField label="Operator" name="operator" hint="A role, or a console operator" defaultValue={given.operator} />
					<TextField label="Request" name="request_id" hint="X-Request-Id of the answer" defaultValue={given.request_id} />
					<TextField label="Trace" name="trace_id" hint="trace_id, of a traceparent" defaultValue={given.trace_id} />
					<TextField label="From" name="since" type="datetime-local" step={1} />
					<TextField label="Until" name="until" type="datetime-local" step={1} />
				</div>
			</Form>
			<div class="section events">
				{events.rows.length === 0 && !events.loading && !events.error && events.next !== null
					? <p class="empty">Nothing fits so far.</p>
					: events.rows.length === 0 && events.loading ? <Loading what={events.searched_to ? 'Looking further back' : 'Loading'} />
						: !(events.error && events.rows.length === 0) && (
							<Table caption="Events" rows={events.rows} rowKey={({ event_id: id }) => id} empty="No event fits." columns={[
								{ title: 'When', cell: ({ occurred_at: at }) => <Time at={at} /> },
								{ title: 'Event', head: true, cell: ({ event, event_id: id }) => <a href={`#/audit/events/${encodeURIComponent(id)}`}>{event}</a> },
								{ title: 'Reason', cell: ({ reason }) => reason },
								{ title: 'Client', cell: ({ client_id: id }) => <Linked name="client_id" value={id} /> },
								{ title: 'Subject', cell: ({ subject }) => <Linked name="subject" value={subject} /> },
								{ title: 'Address', cell: ({ ip, client_addr: address }) => ip ?? address },
								{ title: 'Role', cell: ({ role_name: role }) => role },
								{ title: 'Family', cell: ({ grant_id: id }) => (id === NO_FAMILY ? null : <Id value={id} short href={may('family') ? `#/families/${id}` : `#/audit/by/grant_id/${id}`} />) },
							]} />
						)}
				<ErrorBox error={events.error} retry={events.rows.length > 0 ? events.more : events.reload} />
				{events.more && !events.error && (
					<p class="more">
						{events.searched_to && <span class="muted">Looked back to <Time at={events.searched_to} absolute /> · </span>}
						<Button busy={events.loading} onClick={events.more}>{events.rows.length > 0 ? 'More' : 'Look further back'}</Button>
					</p>
				)}
				<p class="visually-hidden" role="status">{!events.loading && `${number(events.rows.length)} events shown`}</p>
			</div>
			{exporting && <Export filters={filters} format={exporting} close={() => setExporting(undefined)} />}
		</Page>
	);
}
