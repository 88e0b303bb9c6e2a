// examples/spring: an API that Spring Security has introspect its tokens.
import { api, started } from './service.mjs';

// test/tools/examples has packaged it
const base = await started('spring', () => ({ command: 'java', args: ['-jar', 'target/notes.jar'], ready: 'Started NotesApplication' }));

await api(base);
