// The load of one turn: keep-alive connections that each send the next request
// when the last is answered.  A connection that refreshes has a chain of its own
// and presents the newest refresh token of it.
//
//   node load.mjs turn|race REQUEST
//
// REQUEST: a JSON file {url, client_id, client_secret, chains, server, backend},
// chains being a file with one refresh token per connection, which is written
// back; server the processes to watch, their ids; backend the database role they log in as.
//
// turn: LOAD_GRANT for LOAD_SECONDS after LOAD_WARM; prints a line of requests
// per second, median and 99th percentile of the latency in ms, microseconds of
// CPU per request of the server, of its database backends and of this process,
// and all requests answered.
// race: each connection at once presents the same refresh token, once for each
// chain; prints how many different refresh tokens came back, and how many of
// these are good for the next refresh, as "different/good" for each chain.
import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';

const [mode, file] = process.argv.slice(2);
const target = JSON.parse(readFileSync(file, 'utf8'));
const all = JSON.parse(readFileSync(target.chains, 'utf8'));
const chains = all.slice(0, Number(process.env.LOAD_CONNECTIONS ?? all.length));
const { origin, hostname, port, pathname, host } = new URL(target.url);
const head = [
    `POST ${pathname} HTTP/1.1`, `host: ${host}`, 'connection: keep-alive', 'content-type: application/x-www-form-urlencoded',
    `authorization: Basic ${Buffer.from(`${target.client_id}:${target.client_secret}`).toString('base64')}`,
    'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
].join('\r\n');

// As little HTTP as will do, because the load takes its part of this machine's
// CPU: a request is one write, an answer must have a Content-Length.
class Connection {
    #socket = connect(port, hostname);
    #received = null;
    #waiting = null;

    constructor() {
        this.#socket.setNoDelay();
        this.#socket.on('data', (chunk) => this.#take(chunk));
        this.#socket.on('error', (error) => this.#waiting?.reject(error));
        this.#socket.on('end', () => this.#waiting?.reject(new Error('the connection was closed')));
    }

    post(form) {
        this.#socket.write(`${head}\r\ncontent-length: ${form.length}\r\n\r\n${form}`, 'latin1');
        return new Promise((resolve, reject) => {
            this.#waiting = { resolve, reject };
        });
    }

    #take(chunk) {
        const bytes = this.#received === null ? chunk : Buffer.concat([this.#received, chunk]);
        const end = bytes.indexOf('\r\n\r\n') + 4;
        this.#received = bytes;
        if (end < 4) return;
        const lines = bytes.latin1Slice(0, end);
        const length = /^content-length: *(\d+)/im.exec(lines)?.[1];
        if (length !== undefined && bytes.length < end + Number(length)) return;
        this.#received = null;
        try {
            this.#waiting.resolve({ status: Number(lines.slice(9, 12)), answer: JSON.parse(bytes.utf8Slice(end)) });
        } catch {
            this.#waiting.reject(new Error(`answered ${lines.slice(9, 12)} without JSON or without Content-Length`));
        }
    }

    close() {
        this.#socket.destroy();
    }
}

const connections = chains.map(() => new Connection());
const post = (connection, form) => connection.post(form);

const refreshForm = (token) => `grant_type=refresh_token&refresh_token=${token}`;
const credentialsForm = 'grant_type=client_credentials&scope=read+write&resource=https%3A%2F%2Fapi.example';

// --- one turn ------------------------------------------------------------------

/** clock ticks of 10 ms: this is what the kernel counts in */
function ticks(pid) {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(fields[11]) + Number(fields[12]);
    } catch {
        return 0; // it has just ended
    }
}

/** the backends of a role, or workers of a name, by the title that PostgreSQL gives its processes */
function backends(role) {
    return readdirSync('/proc').filter((pid) => {
        try {
            return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`postgres: ${role} `);
        } catch {
            return false;
        }
    });
}

/** microseconds so far of the server, of each backend, and of this process */
function cpu(pids) {
    const { user, system } = process.cpuUsage();
    return { server: target.server.split(' ').reduce((sum, pid) => sum + ticks(pid), 0) * 1e4, load: user + system, backends: pids.map((pid) => ticks(pid) * 1e4) };
}

/** microseconds between the two; a backend that has ended meanwhile is left out */
function used(before, after) {
    const sum = (values) => values.reduce((all, value) => all + value, 0);
    return [
        after.server - before.server,
        sum(after.backends.map((value, i) => Math.max(value - before.backends[i], 0))),
        after.load - before.load,
    ];
}

async function turn() {
    const refreshing = process.env.LOAD_GRANT === 'refresh_token';
    const warm = Number(process.env.LOAD_WARM) * 1000;
    const seconds = Number(process.env.LOAD_SECONDS);
    const start = performance.now() + warm;
    const end = start + seconds * 1000;
    const latencies = [];
    let answered = 0;
    let last;

    const loop = async (connection, i) => {
        for (;;) {
            const sent = performance.now();
            if (sent >= end) return;
            const { status, answer } = await post(connection, refreshing ? refreshForm(chains[i]) : credentialsForm);
            const got = performance.now();
            if (status !== 200) throw new Error(`answered ${status} ${answer.error}: ${answer.error_description}`);
            if (refreshing) {
                if (!answer.refresh_token || answer.refresh_token === chains[i]) throw new Error('no new refresh token');
                chains[i] = answer.refresh_token;
            }
            answered += 1;
            last = answer;
            if (got >= start && got < end) latencies.push(got - sent);
        }
    };
    const running = Promise.all(connections.map(loop));

    const wait = (until) => new Promise((resolve) => setTimeout(resolve, until - performance.now()));
    await Promise.race([running, wait(start)]);
    const pids = backends(target.backend); // connected by now
    const before = cpu(pids);
    const from = performance.now();
    await Promise.race([running, wait(end)]);
    const after = cpu(pids);
    const to = performance.now();
    await running;

    await check(last);
    latencies.sort((a, b) => a - b);
    const at = (part) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))].toFixed(2);
    // what was answered while the CPU was watched
    const counted = (latencies.length * (to - from)) / (end - start);
    console.log([
        (latencies.length / seconds).toFixed(1), at(0.5), at(0.99),
        ...used(before, after).map((value) => (value / counted).toFixed(1)), answered,
    ].join(' '));
}

// An access token of a turn: does it hold, and is it of the kind agreed on?
async function check({ access_token: token, expires_in: lifetime }) {
    const [header, payload, signature] = token.split('.');
    const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
    const { alg, typ, kid } = read(header);
    const claims = read(payload);
    const { keys } = await (await fetch(origin + target.jwks)).json();
    const jwk = keys.find((key) => key.kid === kid);
    const audience = [claims.aud].flat();
    const holds = alg === 'ES256' && typ === 'at+jwt' && jwk !== undefined
        && verify('sha256', Buffer.from(`${header}.${payload}`),
            { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
            Buffer.from(signature, 'base64url'))
        && audience.length === 1 && audience[0] === 'https://api.example' && claims.exp - claims.iat === 300
        && lifetime === 300 && claims.jti !== undefined && claims.client_id === 'web';
    if (!holds) throw new Error('an access token is not what was agreed on');
}

// --- one refresh token, presented by all connections at once -----------------------

async function race() {
    const outcomes = [];
    for (const token of chains) {
        const all = await Promise.all(connections.map((connection) => post(connection, refreshForm(token))));
        const different = new Set(all.filter(({ status }) => status === 200).map(({ answer }) => answer.refresh_token));
        let good = 0;
        for (const successor of different) {
            const { status } = await post(connections[0], refreshForm(successor));
            if (status === 200) good += 1;
        }
        outcomes.push(`${different.size}/${good}`);
    }
    console.log(outcomes.join(' '));
}

await (mode === 'race' ? race() : turn());
if (mode === 'turn') writeFileSync(target.chains, JSON.stringify([...chains, ...all.slice(chains.length)]), { mode: 0o600 });
connections.forEach((connection) => connection.close());
