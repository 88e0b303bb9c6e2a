// The application on a desk: you are its browser, and hand back where that is led to.
import { createInterface } from 'node:readline/promises';

import { makeApp } from './app.js';

const { BASE_URL, API_URL, MOBILE_CLIENT_ID } = process.env;
const ask = createInterface({ input: process.stdin, output: process.stdout });
const app = await makeApp((url) => ask.question(`\nOpen ${url}\n\nand paste the address com.example.notes:… that the browser cannot open: `),
	{ issuer: BASE_URL, client_id: MOBILE_CLIENT_ID, api: `${API_URL}/api/notes` });

await app.signIn();
console.log('Your notes:', (await app.notes()).notes);
await ask.question('Enter signs out. ');
await app.signOut();
ask.close();
