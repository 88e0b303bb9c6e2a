// What an authenticator app shows at this moment (RFC 6238: SHA-1, 30 seconds, six digits):
//
//   node examples/console/code.js SECRET
//
// For who tries the console and has no app at hand. A secret on a command line is one that
// others on the machine can read.
import { createHmac } from 'node:crypto';

const [secret] = process.argv.slice(2);
if (!/^[A-Z2-7]{16,}$/.test(secret ?? '')) {
	console.error('usage: node examples/console/code.js SECRET, in base32');
	process.exit(1);
}
const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
const counter = Buffer.alloc(8);
counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
const hash = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(counter).digest();
console.log(String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0'));
