// One request to pgtoken_fastcgi over its socket, as a web server makes it: no web server
// stands between, which would try again by itself.
import { connect } from 'node:net';

const BEGIN = 1;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;

function record(type, content) {
	const head = Buffer.alloc(8);
	head.writeUInt8(1, 0);
	head.writeUInt8(type, 1);
	head.writeUInt16BE(1, 2);
	head.writeUInt16BE(content.length, 4);
	return Buffer.concat([head, content]);
}

function length(n) {
	if (n < 128) return Buffer.from([n]);
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(n + 0x80000000);
	return bytes;
}

function params(pairs) {
	return Buffer.concat(Object.entries(pairs).flatMap(([name, value]) => {
		const [n, v] = [Buffer.from(name), Buffer.from(value)];
		return [length(n.length), length(v.length), n, v];
	}));
}

/** what stands in the records of standard output, when the request has ended */
function outputOf(bytes) {
	const parts = [];
	for (let at = 0; at + 8 <= bytes.length;) {
		const size = bytes.readUInt16BE(at + 4);
		const end = at + 8 + size;
		if (end > bytes.length) break;
		const type = bytes.readUInt8(at + 1);
		if (type === STDOUT) parts.push(bytes.subarray(at + 8, end));
		if (type === 3) return Buffer.concat(parts).toString();
		at = end + bytes.readUInt8(at + 6);
	}
	throw new Error('the answer was cut off');
}

/** {status, body}; throws where the answer has not come whole */
export function ask(path, { method, target, headers = {}, body = '' }, timeout) {
	const content = Buffer.from(body);
	const request = {
		REQUEST_METHOD: method, REQUEST_URI: target, REMOTE_ADDR: '127.0.0.1', REQUEST_SCHEME: 'https', HTTP_HOST: 'soak.example',
		CONTENT_LENGTH: String(content.length),
	};
	for (const [name, value] of Object.entries(headers)) {
		request[name === 'content-type' ? 'CONTENT_TYPE' : `HTTP_${name.toUpperCase().replaceAll('-', '_')}`] = value;
	}
	return new Promise((resolve, reject) => {
		const socket = connect(path);
		const chunks = [];
		socket.setTimeout(timeout, () => socket.destroy(new Error('no answer in time')));
		socket.on('error', reject);
		socket.on('data', (chunk) => chunks.push(chunk));
		socket.on('close', () => {
			try {
				const text = outputOf(Buffer.concat(chunks));
				const [head] = text.split('\r\n\r\n', 1);
				resolve({ status: Number(/^Status: (\d{3})/m.exec(head)?.[1] ?? 200), body: text.slice(head.length + 4) });
			} catch (error) {
				reject(error);
			}
		});
		socket.write(Buffer.concat([
			record(BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(PARAMS, params(request)), record(PARAMS, Buffer.alloc(0)),
			...(content.length > 0 ? [record(STDIN, content)] : []), record(STDIN, Buffer.alloc(0)),
		]));
	});
}
