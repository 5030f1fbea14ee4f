import { readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { run as runTests } from 'node:test';
import { ROOT } from '../setup/step.mjs';
import { Report } from './test-report.mjs';

/** Built test files, by how they may run: what starts servers of its own runs one file at a time. */
const UNIT_CONCURRENCY = 2;
const FILE_TIMEOUT_MS = 15 * 60_000;

/** Runs every built test, or those whose path contains one of the arguments. Resolves with the exit code. */
export async function run(filters) {
  const files = testFiles().filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  if (files.length === 0) {
    console.error(`no test file matches ${filters.join(', ')}`);
    return 1;
  }
  const isEndToEnd = (file) => file.startsWith(path.join('dist', 'tests') + path.sep);
  const report = new Report();
  await runFiles(
    files.filter((file) => !isEndToEnd(file)),
    UNIT_CONCURRENCY,
    report,
  );
  await runFiles(files.filter(isEndToEnd), 1, report);
  return report.finish();
}

function testFiles() {
  return ['dist', path.join('sdk', 'dist')].flatMap((directory) =>
    readdirSync(path.join(ROOT, directory), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.js'))
      .map((file) => path.join(directory, file))
      .sort(),
  );
}

async function runFiles(files, concurrency, report) {
  if (files.length === 0) return;
  process.chdir(ROOT);
  const stream = runTests({ files: files.map((file) => path.join(ROOT, file)), concurrency, timeout: FILE_TIMEOUT_MS });
  for await (const event of stream) report.take(event);
}
