// One layer of layers.mjs by itself, until SIGTERM: node test/http/serve.mjs NAME PORT
// with PGHOST, PGPORT, PGDATABASE of its database.  Says when it listens, and whether it
// serves the API as well.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { layers } from './layers.mjs';

const [name, port] = process.argv.slice(2);
if (!layers[name]) {
	console.error(`there is no layer ${name}, but ${Object.keys(layers).join(', ')}`);
	process.exit(1);
}
const { start } = await import(`./layers/${name}.mjs`);
const layer = await start({ env: process.env, root: dirname(dirname(dirname(fileURLToPath(import.meta.url)))), port: Number(port) });
process.once('SIGTERM', async () => {
	await layer.stop();
	process.exit();
});
console.log(`${name}: listening on ${layer.url}, ${layers[name].can.includes('api') ? 'and has the API' : 'without the API'}`);
