// A mail server that takes what it gets, and keeps it: enough of RFC 5321 for one client.
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * @param answer (command in capitals, line) => an answer of one's own, or undefined for the usual one
 * @returns {port, mails: [{from, to: [], data}], next(): the next mail, close()}
 */
export async function startMailServer(answer = () => undefined) {
	const mails = [];
	const waiting = [];
	const usual = { EHLO: '250 localhost', HELO: '250 localhost', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on', RSET: '250 ok', QUIT: '221 bye', '.': '250 kept' };

	const server = createServer((socket) => {
		let rest = '';
		let data = null;
		let mail = { to: [] };
		const say = (command, line) => socket.write(`${answer(command, line) ?? usual[command] ?? '500 what?'}\r\n`);
		function take(line) {
			if (data === null) {
				const command = line.slice(0, 4).toUpperCase();
				if (command === 'MAIL') mail = { from: /<(.*?)>/.exec(line)[1], to: [] };
				if (command === 'RCPT') mail.to.push(/<(.*?)>/.exec(line)[1]);
				if (command === 'DATA') data = [];
				say(command, line);
				if (command === 'QUIT') socket.end();
			} else if (line === '.') {
				mail.data = data.join('\r\n');
				data = null;
				const heard = waiting.shift();
				if (heard) heard(mail);
				else mails.push(mail);
				say('.', line);
			} else data.push(line.replace(/^\./, ''));
		}
		socket.setEncoding('utf8').on('error', () => {}).on('data', (chunk) => {
			const lines = (rest + chunk).split('\r\n');
			rest = lines.pop();
			lines.forEach(take);
		});
		socket.write('220 localhost ESMTP\r\n');
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	return { port: server.address().port, mails, next: () => (mails.length > 0 ? Promise.resolve(mails.shift()) : new Promise((resolve) => { waiting.push(resolve); })),
		close: () => new Promise((closed) => { server.close(closed); }) };
}
