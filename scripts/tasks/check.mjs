import path from 'node:path';
import process from 'node:process';
import { ROOT, run as runCommand, step } from '../setup/step.mjs';
import { staleGenerated } from './generate.mjs';
import { run as runTests } from './test.mjs';

const TOOLS = [
  { title: 'format (prettier)', bin: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  { title: 'lint (eslint)', bin: 'eslint/bin/eslint.js', args: ['--max-warnings', '0', '.'] },
  { title: 'unused code (knip)', bin: 'knip/bin/knip.js', args: ['--no-progress'] },
];

/** Everything that a change has to pass: format, lint, unused code, generated code, tests (types were checked by the build). */
export async function run(args) {
  const failed = [];
  for (const { title, bin, args: toolArgs } of TOOLS) {
    const { code, output } = await step(title, () =>
      runCommand(process.execPath, [path.join(ROOT, 'node_modules', bin), ...toolArgs]),
    );
    if (code === 0) continue;
    failed.push(title);
    console.log(output);
  }
  const stale = await step('generated code (buf)', staleGenerated);
  if (stale.length > 0) {
    failed.push('generated code (buf)');
    console.log(`not what proto/ says; run npm run generate:\n${stale.map((file) => `  ${file}`).join('\n')}\n`);
  }
  if (!args.includes('--no-tests') && (await runTests([])) !== 0) failed.push('tests');
  console.log(failed.length === 0 ? 'everything is in order' : `not in order: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}
