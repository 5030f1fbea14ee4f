import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, SetupError } from './step.mjs';

/** Installs the emulator of BigQuery's API. Without Python 3.13 the suites that need it are skipped, save on CI. */
export async function ensureEmulator() {
  const module = path.join(ROOT, 'dist', 'parts', 'bigquery-emulator.js');
  const { ensureBigQueryEmulator } = await import(pathToFileURL(module).href);
  const emulator = await ensureBigQueryEmulator({ onProgress: (message) => console.error(`· ${message} …`) });
  if (emulator.isAvailable) return;
  if (process.env.CI === 'true') {
    throw new SetupError(`the suites on the BigQuery emulator must run on CI, and cannot: ${emulator.reason}`);
  }
  console.error(`· the suites on the BigQuery emulator will be skipped: ${emulator.reason}`);
}
