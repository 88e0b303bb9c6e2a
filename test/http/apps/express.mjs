// An application of Express with pgtoken behind its own routes: node express.mjs PORT
import express from 'express';

import { pgtoken } from '../../../http/adapters/node/pgtoken.js';

const app = express();
app.get('/own', (request, response) => response.send('own'));
const service = pgtoken({ proxied: process.env.PGTOKEN_PROXIED === 'on', requestIdHeader: process.env.PGTOKEN_REQUEST_ID_HEADER, log: process.env.PGTOKEN_LOG });
app.use(service);
const server = app.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('express: listening'));
process.once('SIGTERM', () => server.close(() => service.end()));
