import { SCENARIOS } from './arm-stream.ts';
import { LOOKS, SEQUENTIAL_METHODS } from './always-valid.ts';
import type { Calibration, Failure } from './calibrate.ts';
import type { Share } from './monte-carlo.ts';
import type { PromiseKept } from './promise.ts';

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const shareText = ({ value, lower, upper }: Share): string =>
  `${percent(value)} (${percent(lower)} to ${percent(upper)})`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `docs/calibration.md`. */
export function reportOf(calibration: Calibration, failures: readonly Failure[], plots: readonly string[]): string {
  const { runs, seed } = calibration;
  const verdict =
    failures.length === 0
      ? 'Everything below held what it promises.'
      : `**Not held:**\n\n${failures.map(({ what, bound }) => `- ${what} (${bound})`).join('\n')}`;
  return `# Calibration

How often the estimators are wrong, on simulated experiments whose truth is known. Written by

\`\`\`sh
npm run calibrate -- --runs ${runs} --seed ${seed} --write
\`\`\`

with ${runs.toLocaleString('en')} experiments for each line; the same seed gives the same numbers. In brackets are 99 % Monte-Carlo intervals. The
test suite runs a short version of it.

${verdict}

## Experiments without an effect, looked at ${LOOKS} times

Share that was ever wrong; nominal 5 %. The last column is what happens to who looks at a fixed-horizon test each time.

${alwaysValidTable(calibration)}

${SCENARIOS.map(({ name, what }) => `- **${name}**: ${what}.`).join('\n')}

Intervals are read from 100 units an arm on.

${plots.map((file) => `![Share of experiments that had been wrong by each look](calibration/${file})`).join('\n\n')}

## Units that still grow between looks

Users who spend day by day for six looks, at a pace of their own; ${LOOKS} looks.

${table(
  ['what is read', 'ever wrong'],
  calibration.growing.map(({ reading, everWrong }) => [reading, shareText(everWrong)]),
)}

Scorecards read matured units only: their totals do not change, so they arrive as any other units do, later. Reading all of them as they stand did no harm to
the error rate here, but its estimate is of a mixture of ages that changes from look to look, and no proof covers it.

## Group-sequential: five looks

${table(
  ['spending', 'looks at', 'ever crossed (nominal 5 %)'],
  calibration.groupSequential.map(({ spending, looksAt, everCrossed }) => [
    spending,
    looksAt.join(', '),
    shareText(everCrossed),
  ]),
)}

## Ends without an answer

Futility by beta spending, five looks at 15, 40, 60, 85 and 100 %, one-sided, O'Brien-Fleming for both errors, power 80 %. A target ends an always-valid experiment once an
effect of 0.1 σ would have been found with 80 %.

${promises(calibration.endings)}

## Rare proportions, looked at ${LOOKS} times

120, 200 and 200 units between two looks, so that 120, 40 and 1,000 units succeed by the last. Share that was ever wrong.

${promises(calibration.rareProportions)}

## Skewed totals in a small arm, looked at ${LOOKS} times

Log-normal revenue (σ = 1.2) of some payers, a tenth of the units in the treatment, 200 units between two looks; always-valid. Share that was ever wrong.

${promises(calibration.skewedArms)}

## Quantiles, looked at ${LOOKS} times

Exponential values, 20 in an arm between two looks. Share that was ever wrong.

${promises(calibration.quantiles)}

## The split

${table(
  ['test', 'level', 'false alarms'],
  calibration.split.map(({ test, level, falseAlarms }) => [test, percent(level), shareText(falseAlarms)]),
)}

## Coverage of 95 % intervals, one look

${table(
  ['quantity', 'units an arm', 'σ of a unit', 'held'],
  calibration.coverage.map(({ quantity, units, sigma, held }) => [
    quantity,
    String(units),
    sigma.toPrecision(3),
    shareText(held),
  ]),
)}

## Power

${table(
  ['rule', 'effect in σ', 'units', '`umpire plan` says', 'found'],
  calibration.power.map(({ rule, effect, units, theory, found }) => [
    rule,
    String(effect),
    String(units),
    percent(theory),
    shareText(found),
  ]),
)}
`;
}

function promises(lines: readonly PromiseKept[]): string {
  return table(
    ['method', 'promises', 'found'],
    lines.map(({ method, promise, level, found }) => [
      method,
      promise === 'nothing' ? '' : `${promise} ${percent(level)}`,
      shareText(found),
    ]),
  );
}

function alwaysValidTable({ alwaysValid }: Calibration): string {
  return table(
    ['scenario', ...SEQUENTIAL_METHODS],
    SCENARIOS.map(({ name }) => [
      name,
      ...SEQUENTIAL_METHODS.map((method) => {
        const found = alwaysValid.find((result) => result.scenario.name === name && result.method === method);
        return found === undefined ? '' : shareText(found.everWrong);
      }),
    ]),
  );
}
