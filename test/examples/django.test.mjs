// examples/django: users and sessions of Django by Authlib, and an API that introspects.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { run } from '../http/programs.mjs';
import { api, env, folder, issuer, python, started, website } from './service.mjs';

const directory = mkdtempSync(join(tmpdir(), 'pgt-django-'));
after(() => rmSync(directory, { recursive: true }));
const variables = { DATABASE: join(directory, 'db.sqlite3'), PYTHONUNBUFFERED: '1' };
await run(python, ['manage.py', 'migrate', '-v', '0'], { cwd: folder('django'), env: { ...env, ISSUER: issuer, ...variables } });

const base = await started('django', (port) => ({ command: python, args: ['manage.py', 'runserver', '--noreload', `127.0.0.1:${port}`], variables,
	ready: 'Starting development server' }));

await website(base);
await api(base);
