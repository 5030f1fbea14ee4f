import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ROOT, SetupError } from './step.mjs';

/** Installs a Kafka broker for the suites that need a real one. Without Java or Maven they are skipped, save on CI. */
export async function ensureKafkaBroker({ isRequired = false } = {}) {
  const module = path.join(ROOT, 'dist', 'parts', 'kafka', 'distribution.js');
  const { ensureKafka } = await import(pathToFileURL(module).href);
  const kafka = await ensureKafka({ onProgress: (message) => console.error(`· ${message} …`) });
  if (kafka.isAvailable) return;
  if (isRequired) throw new SetupError(`there is no Kafka broker to start: ${kafka.reason}`);
  if (process.env.CI === 'true') {
    throw new SetupError(`the suites on Kafka must run on CI, and cannot: ${kafka.reason}`);
  }
  console.error(`· the suites on Kafka will be skipped: ${kafka.reason}`);
}
