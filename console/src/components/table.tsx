// Tables.  On a phone each row becomes a card, its cells named by their columns: what is
// in one is a child of its own there.
import type { ComponentChildren } from 'preact';

import type { List } from '../api';
import { Button, Empty, ErrorBox, Loading } from './base';

export interface Column<T> {
	title: string;
	cell: (row: T) => ComponentChildren;
	/** numbers stand at the right */
	numeric?: boolean;
	/** says which row it is */
	head?: boolean;
}

interface TableProps<T> {
	/** what is in it, for readers by ear */
	caption: string;
	columns: Column<T>[];
	rows: T[];
	rowKey: (row: T) => string;
	empty?: ComponentChildren;
}

/** rows that are there */
export function Table<T>({ caption, columns, rows, rowKey, empty = 'There is nothing here.' }: TableProps<T>) {
	if (rows.length === 0) return <Empty>{empty}</Empty>;
	return (
		<div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
			<table class="cards">
				<caption class="visually-hidden">{caption}</caption>
				<thead><tr>{columns.map(({ title, numeric }) => <th key={title} scope="col" class={numeric ? 'numeric' : undefined}>{title}</th>)}</tr></thead>
				<tbody>
					{rows.map((row) => (
						<tr key={rowKey(row)}>
							{columns.map(({ title, cell, numeric, head }) => (head
								? <th key={title} scope="row" data-label={title}><div>{cell(row)}</div></th>
								: <td key={title} data-label={title} class={numeric ? 'numeric' : undefined}><div>{cell(row)}</div></td>))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** a list that comes in pages (useList), with its states and the button that fetches the next */
export function ListTable<T>({ list, ...rest }: Omit<TableProps<T>, 'rows'> & { list: List<T> }) {
	const { rows, error, loading, more, reload } = list;
	if (rows.length === 0 && loading) return <Loading />;
	if (rows.length === 0 && error) return <ErrorBox error={error} retry={reload} />;
	return (
		<>
			<Table {...rest} rows={rows} />
			<ErrorBox error={error} retry={more} />
			{more && !error && <p class="more"><Button busy={loading} onClick={more}>More</Button></p>}
		</>
	);
}
