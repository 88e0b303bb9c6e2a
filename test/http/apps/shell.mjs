// Each request by pgtoken-request: node shell.mjs PORT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

const proxied = process.env.PGTOKEN_PROXIED === 'on';

/** what it prints: status, headers, an empty line, the body */
async function ask({ method, url, rawHeaders, socket }, body) {
	const headers = rawHeaders.filter((_, i) => i % 2 === 0).map((name, i) => `${name}: ${rawHeaders[2 * i + 1]}`);
	const child = spawn('http/adapters/shell/pgtoken-request', [method, url, ...headers], { stdio: ['pipe', 'pipe', 'inherit'],
		env: { ...process.env, PGTOKEN_PEER: JSON.stringify({ address: socket.remoteAddress, ...(proxied && { proxied }) }) } });
	const chunks = [];
	child.stdout.on('data', (chunk) => chunks.push(chunk));
	child.stdin.on('error', () => {}); // it reads no more than it wants to
	child.stdin.end(body);
	await once(child, 'close');
	const printed = Buffer.concat(chunks);
	const end = printed.indexOf('\n\n');
	const [status, ...lines] = printed.subarray(0, end).toString().split('\n');
	return { status: Number(status), headers: lines.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]), body: printed.subarray(end + 2) };
}

const server = createServer(async (request, response) => {
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	const { status, headers, body } = await ask(request, Buffer.concat(chunks));
	response.writeHead(status, status === 204 || request.method === 'HEAD' ? headers : [...headers, 'Content-Length', String(body.length)]).end(body);
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('shell: listening'));
process.once('SIGTERM', () => server.close());
