// Holds what a gateway is asked and answers against docs/openapi.json, while the tests run
// through it: node --import ./test/http/openapi/watch.mjs http/gateway/main.js
//
// An answer has a status that the operation has, a body of one of its content types and of its
// schema; what was answered well was asked by parameters that the operation has.  What does not
// fit goes to the file OPENAPI_FAULTS, a line each and once: where, and what the schema says,
// never a value.  It costs some 10 us of CPU an exchange, and a second once where every schema is
// compiled.
import { appendFileSync } from 'node:fs';
import { Server } from 'node:http';

import { contract } from './contract.mjs';

const faults = new Set();
const { judge } = contract();

function tell(fault) {
	if (faults.has(fault)) return;
	faults.add(fault);
	appendFileSync(process.env.OPENAPI_FAULTS, `${fault}\n`);
}

const emit = Server.prototype.emit;
Server.prototype.emit = function watched(event, incoming, outgoing) {
	if (event === 'request') {
		const body = [];
		const { push } = incoming;
		incoming.push = function keep(chunk, ...more) {
			if (chunk) body.push(Buffer.from(chunk));
			return push.call(this, chunk, ...more);
		};
		let headers;
		const { writeHead, end } = outgoing;
		outgoing.writeHead = function keep(status, said, ...more) {
			headers = said;
			return writeHead.call(this, status, said, ...more);
		};
		outgoing.end = function keep(answer, ...more) {
			try {
				for (const fault of judge({ method: incoming.method, target: incoming.url, type: incoming.headers['content-type'], body: Buffer.concat(body) },
					{ status: outgoing.statusCode, headers: headers ?? [], body: answer })) tell(fault);
			} catch (error) {
				tell(`the watch itself: ${error.stack}`);
			}
			return end.call(this, answer, ...more);
		};
	}
	return emit.apply(this, arguments);
};
