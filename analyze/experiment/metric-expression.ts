import { didYouMean } from '../../definitions/suggestion.ts';
import { AnalyzeError } from '../analyze-error.ts';

export type GoodDirection = 'increase' | 'decrease';

/** Where large values are cut: at a fixed number, or at a percentile (0 to 100) of the units of all arms. */
export type Cap =
  { readonly kind: 'fixed'; readonly value: number } | { readonly kind: 'percentile'; readonly percentile: number };

interface Named {
  /** As it was written. */
  readonly expression: string;
  readonly goodDirection: GoodDirection;
}

/** One number per unit: what its rows sum up to, whether there was anything, how many there were, how many different ones. */
export interface UnitMetric extends Named {
  readonly type: 'mean' | 'sum' | 'count' | 'proportion' | 'distinct';
  /** null: the rows themselves, written `*`. */
  readonly column: string | null;
  readonly cap: Cap | null;
}

/** The sum of one column over the sum of another, over all units of an arm. */
export interface RatioMetric extends Named {
  readonly type: 'ratio';
  readonly numerator: string;
  readonly denominator: string;
}

/** The value that a share of an arm's rows stays below. */
export interface QuantileMetric extends Named {
  readonly type: 'quantile';
  readonly column: string;
  /** Between 0 and 1. */
  readonly quantile: number;
}

export type MetricExpression = UnitMetric | RatioMetric | QuantileMetric;

const UNIT_TYPES = ['mean', 'sum', 'count', 'proportion', 'distinct'] as const;
const TYPES: readonly string[] = [...UNIT_TYPES, 'ratio', 'quantile'];

/**
 * Reads `COLUMN:TYPE[:SETTING…]`, such as `revenue:sum:cap=p99`, `clicks/views:ratio` or `latency:quantile:0.9:good=decrease`. A column whose
 * name holds `:` or `/` is written in double quotes.
 *
 * @throws AnalyzeError
 */
export function parseMetric(expression: string): MetricExpression {
  const [columnText = '', type, ...settings] = splitOutsideQuotes(expression, ':');
  const fail = (why: string): never => {
    throw new AnalyzeError(`metric "${expression}": ${why}`);
  };
  if (columnText === '') return fail('it begins with a column, such as revenue:mean');
  if (type === undefined || type === '')
    return fail(`say what it is: ${columnText}:mean, or one of ${TYPES.join(', ')} in place of mean`);
  if (!TYPES.includes(type))
    return fail(`"${type}" is not a type of metric${didYouMean(type, TYPES)}; it is one of ${TYPES.join(', ')}`);
  const { cap, goodDirection, positional } = readSettings(settings, fail);
  const named: Named = { expression, goodDirection };
  if (cap !== null && !['mean', 'sum', 'count'].includes(type)) return fail(`a ${type} cannot have a cap`);
  if (type !== 'quantile' && positional.length > 0) return fail(`nobody knows what "${positional.join(':')}" means`);
  if (type === 'ratio') {
    const [numerator = '', denominator = '', ...more] = splitOutsideQuotes(columnText, '/');
    if (numerator === '' || denominator === '' || more.length > 0)
      return fail('a ratio is NUMERATOR/DENOMINATOR:ratio, such as clicks/views:ratio');
    return { ...named, type, numerator: unquoted(numerator), denominator: unquoted(denominator) };
  }
  const column = columnText === '*' ? null : unquoted(columnText);
  if (type === 'quantile') {
    const quantile = Number(positional[0]);
    if (positional.length !== 1 || !(quantile > 0 && quantile < 1))
      return fail(`a quantile is a number between 0 and 1, as in ${columnText}:quantile:0.9`);
    return { ...named, type, column: column ?? fail('a quantile needs a column'), quantile };
  }
  if (column === null && type !== 'count') return fail('only a count can be of the rows themselves (*:count)');
  return { ...named, type: type as UnitMetric['type'], column, cap };
}

/** The columns whose values the metric reads. */
export function columnsOf(metric: MetricExpression): readonly string[] {
  if (metric.type === 'ratio') return [metric.numerator, metric.denominator];
  return metric.column === null ? [] : [metric.column];
}

interface Settings {
  readonly cap: Cap | null;
  readonly goodDirection: GoodDirection;
  readonly positional: readonly string[];
}

function readSettings(settings: readonly string[], fail: (why: string) => never): Settings {
  let cap: Cap | null = null;
  let goodDirection: GoodDirection = 'increase';
  const positional: string[] = [];
  for (const setting of settings) {
    const [key = '', value] = setting.split('=', 2);
    if (value === undefined) positional.push(setting);
    else if (key === 'cap') cap = readCap(value, fail);
    else if (key === 'good' && (value === 'increase' || value === 'decrease')) goodDirection = value;
    else if (key === 'good') fail(`good is increase or decrease, got "${value}"`);
    else fail(`there is no setting "${key}"${didYouMean(key, ['cap', 'good'])}; there are cap and good`);
  }
  return { cap, goodDirection, positional };
}

function readCap(text: string, fail: (why: string) => never): Cap {
  if (/^p/i.test(text)) {
    const percentile = text.length > 1 ? Number(text.slice(1)) : NaN;
    if (!(percentile > 50 && percentile < 100))
      fail(`a percentile cap lies between p50 and p100, such as cap=p99, got "${text}"`);
    return { kind: 'percentile', percentile };
  }
  const value = text === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) fail(`a cap is a number or a percentile, such as cap=500 or cap=p99, got "${text}"`);
  return { kind: 'fixed', value };
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts = [''];
  let isQuoted = false;
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted;
    if (character === separator && !isQuoted) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

function unquoted(column: string): string {
  return column.length > 1 && column.startsWith('"') && column.endsWith('"')
    ? column.slice(1, -1).replaceAll('""', '"')
    : column;
}
