import type { Analysis, AnalyzedArm } from './analysis.ts';

const number = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 6 });

/** The analysis in sentences and columns for a terminal, without colours. */
export function formatAnalysis(analysis: Analysis): string {
  const { outcome, treatment, covariate, rows, control, treated, difference, relative, adjusted } = analysis;
  const level = `${number.format(100 * (1 - analysis.alpha))} % ${
    analysis.method === 'always-valid' ? 'confidence sequence' : 'interval (Welch)'
  }`;
  const arms = [armLine(`control (${treatment} = ${control.label})`, control)];
  arms.push(armLine(`treated (${treatment} = ${treated.label})`, treated));
  const effects = [['difference', `${interval(difference)}  ${pValue(difference.pValue)}`]];
  if (relative !== null) effects.push(['relative', percentInterval(relative)]);
  else effects.push(['relative', "not given: control's mean is too close to 0"]);
  if (adjusted !== null) {
    const removed = `${(100 * adjusted.varianceRemovedRatio).toFixed(1)} % of the variance removed`;
    effects.push([
      `adjusted for ${covariate ?? ''}`,
      `${interval(adjusted)}  ${pValue(adjusted.pValue)}  CUPED, ${removed}`,
    ]);
  }
  return [
    `${outcome} by ${treatment}, ${analysis.file}`,
    rowsLine(rows),
    '',
    ...columns(arms),
    '',
    level,
    ...columns(effects),
    ...covariateLines(analysis),
    '',
    verdict(analysis),
  ].join('\n');
}

function armLine(name: string, { units, mean, standardDeviation }: AnalyzedArm): string[] {
  return [name, `n ${number.format(units)}`, `mean ${number.format(mean)}`, `sd ${number.format(standardDeviation)}`];
}

function rowsLine({ read, used, missing }: Analysis['rows']): string {
  const where = missing.map(({ column, rows }) => `${number.format(rows)} without ${column}`).join(', ');
  return `${number.format(read)} rows${read === used ? '' : `, ${number.format(used)} used: ${where}`}`;
}

type Bounds = { readonly estimate: number; readonly lower: number; readonly upper: number };

function interval({ estimate, lower, upper }: Bounds): string {
  return `${signed(estimate)}  (${signed(lower)} to ${signed(upper)})`;
}

function percentInterval({ estimate, lower, upper }: Bounds): string {
  const percent = (ratio: number): string => `${signed(Number((100 * ratio).toFixed(1)))} %`;
  return `${percent(estimate)}  (${percent(lower)} to ${percent(upper)})`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${number.format(Math.abs(value))}`;
}

function pValue(p: number): string {
  return p < 0.0001 ? 'p < 0.0001' : `p = ${p.toFixed(4)}`;
}

function columns(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines.map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

function covariateLines({ covariate, covariateDifference, alpha }: Analysis): string[] {
  if (covariate === null || covariateDifference === null) return [];
  const { pValue: p } = covariateDifference;
  const before = `${covariate} itself differs by ${interval(covariateDifference)}  ${pValue(p)}`;
  const judged = p < alpha ? 'the arms were different before the treatment' : 'no sign that the arms differed before';
  return ['', `  ${before}: ${judged}`];
}

function verdict({ outcome, difference, adjusted }: Analysis): string {
  const { lower, upper } = adjusted ?? difference;
  const named = adjusted === null ? 'the interval' : 'the adjusted interval';
  if (lower > 0) return `The treatment raised ${outcome}: ${named} excludes 0.`;
  if (upper < 0) return `The treatment lowered ${outcome}: ${named} excludes 0.`;
  return `No effect on ${outcome} is shown: ${named} includes 0.`;
}
