// Regenerates gen/ from proto/: `npm run generate`. Offline: buf and the plugin come from npm.
import process from 'node:process';
import { generate } from './tasks/generate.mjs';

process.exitCode = await generate();
