// examples/fastapi: sessions by Authlib, and an API that asks the database.
import { api, python, started, website } from './service.mjs';

const base = await started('fastapi', () => ({ command: python, args: ['main.py'], ready: 'Uvicorn running on' }));

await website(base);
await api(base);
