// examples/go: sessions by go-oidc and x/oauth2, and an API that introspects.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { run } from '../http/programs.mjs';
import { api, folder, started, website } from './service.mjs';

// not by "go run", whose child would outlive it
const directory = mkdtempSync(join(tmpdir(), 'pgt-go-'));
after(() => rmSync(directory, { recursive: true }));
const program = join(directory, 'website');
await run('go', ['build', '-o', program, '.'], { cwd: folder('go') });

const base = await started('go', () => ({ command: program, args: [], ready: 'go: listening on' }));

await website(base);
await api(base);
