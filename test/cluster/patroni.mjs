// Patroni and etcd on loopback: examples/patroni/patroni.yml with other addresses, as many
// nodes as are wanted, each with its clock.
import { execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';

import { kill, serversIn } from '../soak/kills.mjs';

/** as many as are free now */
async function freePorts(n) {
	const servers = await Promise.all(Array.from({ length: n }, () => new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
	})));
	const ports = servers.map((server) => server.address().port);
	await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve); })));
	return ports;
}

/**
 * A folder of PostgreSQL's programs, whose server has a clock that is so many seconds ahead, or
 * behind.  Monotonic clocks are left alone, as timeouts go by them, and Patroni's own clock.
 */
async function programs(node, bin) {
	if (!node.seconds) return bin;
	const folder = `${node.folder}/bin`;
	const libraries = (await readdir('/usr/lib')).find((name) => name.endsWith('-linux-gnu'));
	await mkdir(folder);
	for (const name of await readdir(bin)) if (name !== 'postgres') await symlink(`${bin}/${name}`, `${folder}/${name}`);
	await writeFile(`${folder}/postgres`, `#!/bin/sh
LD_PRELOAD=/usr/lib/${libraries}/faketime/libfaketimeMT.so.1 FAKETIME='${node.seconds > 0 ? '+' : ''}${node.seconds}s' FAKETIME_DONT_FAKE_MONOTONIC=1
export LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
exec ${bin}/postgres "$@"
`, { mode: 0o755 });
	return folder;
}

/** the file that users start from, for one node here */
function configuration(template, node, nodes) {
	return [
		[/^name: .*$/m, `name: ${node.name}`],
		[/10\.0\.0\.1:8008/g, `127.0.0.1:${node.rest}`],
		[/10\.0\.0\.1:5432/g, `127.0.0.1:${node.port}`],
		[/^ {2}hosts: .*$/m, `  hosts: 127.0.0.1:${nodes.etcd}`],
		// standbys come by TLS and a password as there, the clients that are measured without
		[/hostssl replication (.*) 10\.0\.0\.0\/24/g, 'hostssl replication $1 127.0.0.1/32'],
		[/hostssl all all 10\.0\.0\.0\/24 scram-sha-256/g, 'host all all 127.0.0.1/32 trust'],
		['/etc/ssl/certs/ssl-cert-snakeoil.pem', `${nodes.folder}/server.pem`],
		['/etc/ssl/private/ssl-cert-snakeoil.key', `${nodes.folder}/server.key`],
		['local all all peer', 'local all all trust'],
		[/^ {2}data_dir: .*$/m, `  data_dir: ${node.data}`],
		[/^ {2}bin_dir: .*$/m, `  bin_dir: ${node.bin}`],
		[/^ {2}pgpass: .*$/m, `  pgpass: ${node.folder}/pgpass`],
		['/var/run/postgresql', node.folder],
		['PGTOKEN_DATABASE=shop /etc/patroni/role_changed', `PGTOKEN_DATABASE=postgres ${nodes.callback}`],
		['mode: automatic', "mode: 'off'"],
	].reduce((text, [from, to]) => {
		if (text.search(from) < 0) throw new Error(`examples/patroni/patroni.yml has no ${from}`);
		return text.replaceAll(from instanceof RegExp && !from.global ? new RegExp(from, `${from.flags}g`) : from, to);
	}, template);
}

export class Nodes {
	/** folder: for all that they write; tree: this repository; bin: of PostgreSQL; clocks: seconds, one for each node */
	constructor({ folder, tree, bin, clocks }) {
		Object.assign(this, { folder, tree, bin, clocks, callback: `${tree}/examples/patroni/role_changed` });
	}

	/** settings: of the cluster, as patronictl edit-config takes them */
	async start(settings) {
		const ports = await freePorts(2 + 2 * this.clocks.length);
		[this.etcd, this.peers] = ports.splice(0, 2);
		this.nodes = this.clocks.map((seconds, n) => {
			const folder = `${this.folder}/node${n + 1}`;
			return { name: `node${n + 1}`, folder, data: `${folder}/data`, port: ports[2 * n], rest: ports[2 * n + 1], seconds };
		});
		await mkdir(`${this.folder}/etcd`, { recursive: true });
		await chmod(`${this.folder}/etcd`, 0o700);
		const at = `http://127.0.0.1:${this.etcd}`;
		const peers = `http://127.0.0.1:${this.peers}`;
		this.etcdProcess = this.launch('etcd', ['--data-dir', `${this.folder}/etcd`, '--listen-client-urls', at, '--advertise-client-urls', at, '--name', 'one',
			'--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `one=${peers}`, '--unsafe-no-fsync'], `${this.folder}/etcd.log`);
		execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=127.0.0.1', '-keyout', `${this.folder}/server.key`,
			'-out', `${this.folder}/server.pem`], { stdio: 'ignore' });
		const template = await readFile(`${this.tree}/examples/patroni/patroni.yml`, 'utf8');
		for (const node of this.nodes) {
			await mkdir(node.folder, { recursive: true });
			node.bin = await programs(node, this.bin);
			await writeFile(`${node.folder}/patroni.yml`, configuration(template, node, this));
		}
		this.startNode(this.nodes[0]);
		await this.until('there is a first primary', () => this.primary());
		await this.configure(settings);
		for (const node of this.nodes.slice(1)) this.startNode(node);
		await this.whole();
	}

	launch(program, args, log) {
		const out = openSync(log, 'a');
		const child = spawn(program, args, { stdio: ['ignore', out, out] });
		child.on('error', (error) => { throw error; });
		return child;
	}

	startNode(node) {
		node.process = this.launch('patroni', [`${node.folder}/patroni.yml`], `${node.folder}/patroni.log`);
	}

	async ask(node, path, options) {
		const response = await fetch(`http://127.0.0.1:${node.rest}${path}`, { ...options, signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
		return response && { status: response.status, body: await response.text() };
	}

	/** the node that says that it is; undefined: none */
	async primary() {
		for (const node of this.nodes) if ((await this.ask(node, '/primary'))?.status === 200) return node;
		return undefined;
	}

	async configure(settings) {
		const answer = await this.ask(await this.primary(), '/config', { method: 'PATCH', body: JSON.stringify(settings) });
		if (answer?.status !== 200) throw new Error(`Patroni did not take the settings: ${answer?.body}`);
		this.settings = settings;
	}

	/**
	 * One primary, the others follow it, one of them synchronously where that is wanted.  A node that
	 * can neither start nor be rewound (it was killed before its promotion was on its disk) is made
	 * anew from the primary after three minutes, as an operator does, and that is counted.
	 */
	async whole() {
		const began = Date.now();
		let helped = false;
		await this.until('all nodes are there', async () => {
			const node = await this.primary();
			const answer = node && await this.ask(node, '/cluster');
			if (answer?.status !== 200) return false;
			const { members } = JSON.parse(answer.body);
			if (!helped && Date.now() - began > 180_000) {
				helped = true;
				this.helped = (this.helped ?? 0) + 1;
				const lost = this.nodes.filter(({ name }) => members.some((member) => member.name === name && /^start/.test(member.state)));
				for (const one of lost) await this.ask(one, '/reinitialize', { method: 'POST', body: '{"force": true}' });
			}
			const following = members.filter(({ role, state }) => role !== 'leader' && (state === 'running' || state === 'streaming'));
			const timelines = new Set(members.map(({ timeline }) => timeline));
			return following.length === this.nodes.length - 1 && timelines.size === 1
				&& (this.settings.synchronous_mode === false || members.some(({ role }) => role === 'sync_standby'));
		});
	}

	async until(what, condition) {
		for (let tries = 0; tries < 6000; tries++) {
			const found = await condition();
			if (found) return found;
			await later(100);
		}
		throw new Error(`waited in vain until ${what}`);
	}

	/** every process of this node's server at once; with Patroni, as when the machine stops */
	async kill(node, machine) {
		if (machine) kill(node.process.pid);
		for (;;) {
			const left = await serversIn(node.data);
			if (left.length === 0) return;
			for (const pid of left) kill(pid);
		}
	}

	/** what the standbys receive stops for so long; returns what lets them go, without what has come to their sockets since */
	async holdBack(primary, milliseconds) {
		const held = [];
		for (const node of this.nodes.filter((one) => one !== primary)) {
			for (const pid of await serversIn(node.data)) {
				if ((await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('walreceiver')) held.push(pid);
			}
		}
		const send = (signal) => held.forEach((pid) => { try { process.kill(pid, signal); } catch { /* it has ended */ } });
		send('SIGSTOP');
		await later(milliseconds);
		return () => { send('SIGTERM'); send('SIGCONT'); };
	}

	servers() { return this.nodes.map(({ port }) => ({ host: '127.0.0.1', port, database: 'postgres' })); }

	async stop() {
		for (const node of this.nodes) node.process?.kill('SIGTERM');
		for (let tries = 0; tries < 300 && this.nodes.some(({ process: one }) => one && one.exitCode === null && one.signalCode === null); tries++) await later(100);
		for (const node of this.nodes) await this.kill(node, true);
		this.etcdProcess.kill('SIGTERM');
	}
}
