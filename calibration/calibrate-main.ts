import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryFile } from '../parts/repository-root.ts';
import { SCENARIOS } from './arm-stream.ts';
import { ALPHA, SEQUENTIAL_METHODS } from './always-valid.ts';
import { causalCoverage, causalReport, holdsItsEstimand } from './causal-methods.ts';
import { calibrate, failuresOf, type Calibration } from './calibrate.ts';
import { linePlot } from './plot.ts';
import { reportOf } from './report.ts';

const USAGE = `npm run calibrate -- [--causal] [--runs N] [--seed N] [--write]

  --causal   the methods of causal questions instead: docs/causal-calibration.md; default 1000 worlds
  --runs N   simulated experiments for each line; default 10000
  --seed N   default 20261123
  --write    write docs/calibration.md and its plots; else the report is printed`;

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} must be a whole number above 0, got "${text}"\n\n${USAGE}`);
}

function plotsOf({ alwaysValid }: Calibration): Map<string, string> {
  return new Map(
    SCENARIOS.map(({ name }) => {
      const lines = SEQUENTIAL_METHODS.map((label) => ({
        label: label === 'fixed test, looked at each time' ? 'fixed test, each time' : label,
        values: alwaysValid.find(({ scenario, method }) => scenario.name === name && method === label)?.wrongBy ?? [],
      }));
      const file = `${name.replaceAll(/\W+/g, '-').replace(/-$/, '')}.svg`;
      return [file, linePlot(`Wrong by then, without an effect: ${name}`, lines, { nominal: ALPHA })] as const;
    }),
  );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      causal: { type: 'boolean', default: false },
      runs: { type: 'string' },
      seed: { type: 'string', default: '20261123' },
      write: { type: 'boolean', default: false },
    },
  });
  const seed = wholeNumber(values.seed, 'seed');
  if (values.causal) return await calibrateCausal(wholeNumber(values.runs ?? '1000', 'runs'), seed, values.write);
  const calibration = calibrate(wholeNumber(values.runs ?? '10000', 'runs'), seed, console.error);
  const failures = failuresOf(calibration);
  const plots = plotsOf(calibration);
  const report = reportOf(calibration, failures, [...plots.keys()]);
  if (values.write) {
    const folder = repositoryFile('docs/calibration');
    await mkdir(folder, { recursive: true });
    await writeFile(repositoryFile('docs/calibration.md'), report);
    for (const [file, svg] of plots) await writeFile(path.join(folder, file), svg);
  } else console.log(report);
  for (const { what, bound } of failures) console.error(`not held: ${what} (${bound})`);
  return failures.length === 0 ? 0 : 1;
}

async function calibrateCausal(runs: number, seed: number, isWritten: boolean): Promise<number> {
  const lines = causalCoverage(runs, seed);
  const report = causalReport(lines, runs, seed);
  if (isWritten) await writeFile(repositoryFile('docs/causal-calibration.md'), report);
  else console.log(report);
  const failures = lines.filter((line) => !holdsItsEstimand(line));
  for (const { method, held } of failures) console.error(`not held: ${method} held its estimand in ${held.value}`);
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
