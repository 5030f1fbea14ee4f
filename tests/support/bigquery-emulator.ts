import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureBigQueryEmulator, startBigQueryEmulator, type BigQueryEmulator } from '../../parts/bigquery-emulator.ts';

/** Why suites on the emulator cannot run here; false: they can. On CI a missing Python fails instead of skipping. */
export async function whyNoEmulator(): Promise<string | false> {
  const installation = await ensureBigQueryEmulator({ onProgress: (message) => process.stderr.write(`${message}\n`) });
  if (installation.isAvailable) return false;
  if (process.env['CI'] === 'true')
    throw new Error(`suites on the BigQuery emulator must run on CI: ${installation.reason}`);
  return `no BigQuery emulator: ${installation.reason}`;
}

/** An emulator of its own for one test file; `stop` removes its data. */
export async function startTestEmulator(): Promise<BigQueryEmulator> {
  const installation = await ensureBigQueryEmulator();
  if (!installation.isAvailable) throw new Error(installation.reason);
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-bigquery-'));
  const emulator = await startBigQueryEmulator({ installation: installation.directory, dataDirectory: directory });
  return {
    ...emulator,
    stop: async () => {
      await emulator.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
