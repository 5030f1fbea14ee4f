import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, SetupError } from './step.mjs';

/** Builds what checks docker-compose.yml. Without Docker and Go that check is skipped, save on CI. */
export async function ensureCompose() {
  const module = path.join(ROOT, 'dist', 'parts', 'compose-config.js');
  const { ensureComposeConfig } = await import(pathToFileURL(module).href);
  const compose = await ensureComposeConfig({ onProgress: (message) => console.error(`· ${message} …`) });
  if (compose.isAvailable) return;
  if (process.env.CI === 'true')
    throw new SetupError(`docker-compose.yml must be checked on CI, and cannot: ${compose.reason}`);
  console.error(`· docker-compose.yml will not be checked by Compose: ${compose.reason}`);
}
