// Several prepared statements in one round trip and one transaction.
//
// The messages of all statements are written at once with a single Sync behind
// them.  Until that Sync PostgreSQL treats them as one transaction: it commits
// at the Sync, or, after an error, skips to it and rolls back.  So no BEGIN and
// no COMMIT travel, and what set_config(..., true) sets lives as long as that.
//
// This is a "submittable" of pg: client.query() takes it as it takes a pg-cursor.

import { serialize } from 'pg-protocol';

// per connection: the statements known to be prepared there
const prepared = new WeakMap();

const asIs = (value) => value;

class Batch {
	/** @param steps [{name, text, values}]; values are strings, Buffers (sent as bytes) or null */
	constructor(steps) {
		this.steps = steps;
		this.results = [[]];
		this.done = new Promise((resolve, reject) => {
			this.resolve = resolve;
			this.reject = reject;
		});
	}

	submit(connection) {
		let known = prepared.get(connection);
		if (known === undefined) prepared.set(connection, (known = new Set()));
		const messages = [];
		for (const { name, text, values } of this.steps) {
			if (!known.has(name)) {
				// after a failed batch it is not known how far it came;
				// to close what does not exist is no error
				messages.push(serialize.close({ type: 'S', name }), serialize.parse({ name, text }));
			}
			messages.push(serialize.bind({ statement: name, values, valueMapper: asIs }), serialize.execute());
		}
		messages.push(serialize.sync());
		connection.stream.write(Buffer.concat(messages));
		return null;
	}

	handleRowDescription() {}

	handleDataRow(message) {
		this.results.at(-1).push(message.fields);
	}

	handleCommandComplete() {
		this.results.push([]);
	}

	// pg takes an error for the end of the query and calls nothing after it; what
	// is submitted next on this connection waits for the ReadyForQuery all the same
	handleError(error) {
		this.reject(error);
	}

	handleReadyForQuery(connection) {
		const known = prepared.get(connection);
		for (const { name } of this.steps) known.add(name);
		this.resolve(this.results);
	}
}

/** the rows of each statement, as arrays of strings; one failing fails all */
export function runBatch(client, steps) {
	const batch = new Batch(steps);
	client.query(batch);
	return batch.done;
}
