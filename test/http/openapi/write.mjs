// make openapi: writes docs/openapi.json
import { writeFileSync } from 'node:fs';

import { file, text } from './document.mjs';

writeFileSync(file, text());
