// The authorization command of @modelcontextprotocol/conformance against a running
// service: as a client of examples/mcp's server, in each version of MCP.  It prints a URL
// for a browser and waits for the callback; the user's part is the script beside this
// folder.  Prints TAP, a line for each of its checks.
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { BASE_URL: issuer, MCP_URL: resource, MCP_CLIENT_ID: clientId } = process.env;
const VERSIONS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
// what the checks end with where all is well; a document as client_id is asked for from 2025-11-25 on
const { client_id_metadata_document_supported: documents } = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
const EXPECTED = { 'authorization-server-metadata-cimd': documents ? 'SUCCESS' : 'WARNING' };

async function freePort() {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	await new Promise((closed) => { server.close(closed); });
	return port;
}

/** the browser: logs in, agrees, and is sent back */
function browse(url) {
	const back = execFileSync('../user', ['approve', url], { encoding: 'utf8' }).trim();
	return fetch(back);
}

/** the checks of a run, and how it ended */
async function run(version) {
	const output = mkdtempSync(join(tmpdir(), 'mcp-'));
	const program = spawn(process.execPath, ['node_modules/@modelcontextprotocol/conformance/dist/index.js', 'authorization', '--url', issuer, '--client-id', clientId,
		'--resource', resource, '--port', String(await freePort()), '--spec-version', version, '--output-dir', output], { stdio: ['ignore', 'pipe', 'inherit'] });
	let said = '';
	let sent = false;
	program.stdout.on('data', (chunk) => {
		said += chunk;
		const [, url] = /^(http\S+\/oauth2\/authorize\?\S+)\n/m.exec(said) ?? [];
		if (!url || sent) return;
		sent = true;
		browse(url).catch((error) => {
			console.log(`not ok - ${version}: the browser\n# ${error.message.split('\n')[0]}`);
			program.kill();
		});
	});
	const [code] = await once(program, 'close');
	const checks = readdirSync(output, { recursive: true }).filter((name) => name.endsWith('checks.json'))
		.flatMap((name) => JSON.parse(readFileSync(join(output, name), 'utf8')));
	rmSync(output, { recursive: true });
	return { code, checks };
}

for (const version of VERSIONS) {
	const { code, checks } = await run(version);
	for (const { id, status, errorMessage } of checks) {
		const good = status === (EXPECTED[id] ?? 'SUCCESS');
		console.log(`${good ? 'ok' : 'not ok'} - MCP ${version}: ${id}: ${status}${good ? '' : `\n# ${errorMessage ?? ''}`}`);
	}
	const both = ['authorization-server-metadata', 'authorization-code-grant'].every((id) => checks.some((check) => check.id === id));
	console.log(`${code === 0 && both ? 'ok' : 'not ok'} - MCP ${version}: both scenarios, and it ended with ${code}`);
}
