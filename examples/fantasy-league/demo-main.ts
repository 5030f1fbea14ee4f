import { parseArgs } from 'node:util';
import { runDemo } from './demo.ts';
import { shortcomingsOf } from './result.ts';

const USAGE = `npm run demo -- [--bus embedded|kafka] [--json] [--keep] [--seed N]

  --bus B   where events go: embedded (default), or kafka: that of KAFKA_BROKERS, else a broker that is started
  --json    print one JSON object as the last line, and the story on standard error
  --keep    leave everything running until Ctrl-C
  --seed N  another evening; default 11`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bus: { type: 'string', default: 'embedded' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      seed: { type: 'string', default: '11' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new TypeError(`--seed must be a whole number, got "${values.seed}"`);
  const { bus } = values;
  if (bus !== 'embedded' && bus !== 'kafka') throw new TypeError(`--bus must be embedded or kafka, got "${bus}"`);
  const interrupt = new AbortController();
  process.on('SIGINT', () => interrupt.abort());
  process.on('SIGTERM', () => interrupt.abort());
  try {
    const result = await runDemo({
      seed,
      bus,
      keep: values.keep,
      log: values.json ? console.error : console.log,
      clock: Date.now,
      signal: interrupt.signal,
    });
    if (values.json) console.log(JSON.stringify(result));
    return shortcomingsOf(result).length === 0 ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.error('interrupted: everything that was started has been ended');
    return 130;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
