import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ROOT, run, SetupError, step } from './step.mjs';

/** Where each project's output goes and what it is made from. */
const PROJECTS = [
  { source: '.', output: 'dist' },
  { source: 'sdk', output: 'sdk/dist' },
  { source: 'gen', output: 'gen/dist' },
];

/** Compiles what changed. What is left of deleted sources goes first, so that no test of yesterday runs today. */
export async function build() {
  const isFirst = !existsSync(path.join(ROOT, 'dist'));
  for (const project of PROJECTS) removeOrphans(project);
  const compile = async () => {
    const { code, output } = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
    if (code !== 0) throw new SetupError(`the sources do not compile:\n\n${output}`);
  };
  if (isFirst) await step('compiling (once)', compile);
  else await compile();
}

function removeOrphans({ source, output }) {
  const directory = path.join(ROOT, output);
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const match = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(file);
    if (match === null) continue;
    const origin = path.join(ROOT, source, match[1]);
    if (!existsSync(`${origin}.ts`)) rmSync(path.join(directory, file));
  }
}
