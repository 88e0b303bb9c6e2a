// Refresh tokens of pgtoken, over HTTP or SQL.  See README.md, and index.d.ts for each name.
export { contextFromBrowser } from './lib/context.js';
export { PgtokenError, RefusedError, StoreError, UnavailableError } from './lib/errors.js';
export { clientSecretBasic, clientSecretPost, HttpClient, privateKeyJwt } from './lib/http.js';
export { Session } from './lib/session.js';
export { SqlClient } from './lib/sql.js';
