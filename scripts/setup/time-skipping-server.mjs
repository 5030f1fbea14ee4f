import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, SetupError } from './step.mjs';

/** Installs Temporal's time-skipping server, which tests months of a ramp in seconds. Without Java those suites are skipped, save on CI. */
export async function ensureTimeSkipping() {
  const module = path.join(ROOT, 'dist', 'parts', 'time-skipping-server.js');
  const { ensureTimeSkippingServer } = await import(pathToFileURL(module).href);
  const server = await ensureTimeSkippingServer({ onProgress: (message) => console.error(`· ${message} …`) });
  if (server.isAvailable) return;
  if (process.env.CI === 'true') {
    throw new SetupError(`the suites that skip time must run on CI, and cannot: ${server.reason}`);
  }
  console.error(`· the suites that skip time will be skipped: ${server.reason}`);
}
