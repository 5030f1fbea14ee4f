// Records one history of each life into tests/histories/, which replay.test.ts replays. Run it only for lives that have no history yet:
//
//   node --conditions=source --import tsx workflows/testing/record-histories.ts [NAME …]
//
// A history that was recorded once stays as it is: workflows of that age may still be running somewhere.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { repositoryFile } from '../../parts/repository-root.ts';
import { LIVES, playLife } from './lives.ts';
import { startTimeSkippingEnvironment } from './time-skipping.ts';

const names = process.argv.slice(2);
const environment = await startTimeSkippingEnvironment();
try {
  await mkdir(repositoryFile('tests/histories'), { recursive: true });
  for (const life of LIVES) {
    const file = repositoryFile(`tests/histories/${life.name}.json`);
    if (existsSync(file) && !names.includes(life.name)) continue;
    const history = await playLife(environment, life, (handle) => handle.fetchHistory());
    await writeFile(file, `${withoutMachine(JSON.stringify(JSON.parse(historyToJSON(history))))}\n`);
    console.log(`${life.name}: ${history.events?.length ?? 0} events`);
  }
} finally {
  await environment.teardown();
}

/** Workers sign with their process id and the name of their machine, which is nobody's business. */
function withoutMachine(history: string): string {
  return history.replaceAll(/"identity":"[^"]*"/g, '"identity":"worker"');
}
