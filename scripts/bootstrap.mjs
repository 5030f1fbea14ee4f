// Sets up whatever a task needs, visibly and once, then runs it: `node scripts/bootstrap.mjs demo|test|check|bench|calibrate [args]`.
// Plain JavaScript on Node's own modules only, because nothing else is there yet in a fresh clone.
import process from 'node:process';
import { ensureEmulator } from './setup/bigquery-emulator.mjs';
import { build } from './setup/build.mjs';
import { ensureCompose } from './setup/compose-config.mjs';
import { installPackages } from './setup/packages.mjs';
import { ensureKafkaBroker } from './setup/kafka.mjs';
import { requireNode } from './setup/node-version.mjs';
import { ensureTemporal } from './setup/temporal.mjs';
import { ensureTimeSkipping } from './setup/time-skipping-server.mjs';
import { SetupError } from './setup/step.mjs';

const TASKS = {
  demo: { module: './tasks/demo.mjs', needsTemporal: true },
  test: { module: './tasks/test.mjs', needsTemporal: true, needsTestParts: true },
  check: { module: './tasks/check.mjs', needsTemporal: true, needsTestParts: true },
  bench: { module: './tasks/bench.mjs', needsTemporal: false },
  calibrate: { module: './tasks/calibrate.mjs', needsTemporal: false },
};

async function main([name, ...args]) {
  const task = TASKS[name];
  if (task === undefined) {
    throw new SetupError(`there is no task "${name ?? ''}"; use one of ${Object.keys(TASKS).join(', ')}`);
  }
  requireNode();
  await installPackages();
  await build();
  const runsTests = !args.includes('--no-tests');
  if (task.needsTemporal && runsTests) process.env.TEMPORAL_CLI_PATH = await ensureTemporal();
  if (task.needsTestParts && runsTests) {
    await ensureTimeSkipping();
    await ensureEmulator();
    await ensureKafkaBroker();
    await ensureCompose();
  }
  if (name === 'demo' && /(^| )--bus[ =]kafka( |$)/.test(args.join(' '))) await ensureKafkaBroker({ isRequired: true });
  const { run } = await import(task.module);
  return await run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
