import type { ScorecardRows } from '../../judge/result-rows.ts';
import { table } from './table.ts';

const COLUMNS = [
  'metric_key',
  'role',
  'variant',
  'absolute_effect',
  'absolute_lower',
  'absolute_upper',
  'relative_effect',
  'p_value',
  'no_effect_reason',
] as const;

type Value = ScorecardRows['decision'][string] | undefined;

/** The decision, and the columns of the results that fit into a terminal. */
export function resultsText({ results, decision }: ScorecardRows): string {
  const head = `experiment_decisions: ${cell(decision['verdict'])} as of ${cell(decision['as_of'])}: ${cell(decision['summary'])}`;
  const rows = results.map((row) => COLUMNS.map((name) => cell(row[name])));
  return `${head}\n\nexperiment_results:\n${table(COLUMNS, rows, 'no metric')}`;
}

function cell(value: Value): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value);
}
