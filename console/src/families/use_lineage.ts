// The lineage of a family as far as it has been fetched: the newest entries, asked for
// again and again, and the older pages that the reader has opened.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { type ApiError, asApiError, call, useCall } from '../api';
import type { Entry } from './types';

const POLL = 3000;
const PAGE = 50;

interface Window {
	rows: Entry[];
	next: string | null;
}

export interface Lineage {
	/** the newest first */
	rows: Entry[];
	/** how many have come while one was looking */
	fresh: number;
	loading: boolean;
	error: ApiError | undefined;
	older: (() => void) | undefined;
	reload: () => void;
}

/** generation: begins with this one, and does not follow */
export function useLineage(grantId: string, { generation, eventsOnly, follow }: { generation?: number | undefined; eventsOnly: boolean; follow: boolean }): Lineage {
	const args = { grant_id: grantId, limit: PAGE, ...(generation !== undefined && { generation }), ...(eventsOnly && { events_only: true }) };
	const key = JSON.stringify(args);
	const head = useCall<Window>('lineage', args, follow && generation === undefined ? { poll: POLL } : {});
	const [held, setHeld] = useState<Window & { key: string; fresh: number }>();
	const [older, setOlder] = useState<{ busy: boolean; error?: ApiError }>({ busy: false });
	const latest = useRef(key);
	latest.current = key;

	useEffect(() => {
		const { data } = head;
		if (!data) return;
		setHeld((old) => {
			if (old?.key !== key || old.rows.length === 0) return { ...data, key, fresh: 0 };
			const known = new Set(old.rows.map(({ event_id: id }) => id));
			const added = data.rows.filter(({ event_id: id }) => !known.has(id));
			if (added.length === 0) return old;
			// more has come than a page holds: what is between is not there
			if (added.length === data.rows.length) return { ...data, key, fresh: old.fresh + added.length };
			return { ...old, rows: [...added, ...old.rows], fresh: old.fresh + added.length };
		});
	}, [head.data, key]);

	const current = held?.key === key ? held : undefined;
	const fetchOlder = useCallback(async () => {
		if (!current?.next) return;
		setOlder({ busy: true });
		try {
			const page = await call<Window>('lineage', { ...args, after: current.next });
			if (latest.current === key) setHeld((old) => (old?.key === key ? { ...old, rows: [...old.rows, ...page.rows], next: page.next } : old));
			setOlder({ busy: false });
		} catch (error) {
			setOlder({ busy: false, error: asApiError(error) });
		}
	}, [key, current?.next]);

	return {
		rows: current?.rows ?? [],
		fresh: current?.fresh ?? 0,
		loading: head.loading || older.busy,
		error: head.error ?? older.error,
		older: current?.next ? fetchOlder : undefined,
		reload: head.reload,
	};
}
