import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { predictorColumn, UNITS } from './units.ts';

/** Levels with a smaller share of the units are too rare to learn from; they count as the most frequent one. */
const RAREST_LEVEL = 0.005;
const MOST_LEVELS = 50;
const MOST_FEATURES = 200;

/** SQL of a DOUBLE, with all its digits. */
export function numberSql(value: number): string {
  return `CAST('${value}' AS DOUBLE)`;
}

/**
 * SQL of the features that the columns of `--cupac` are: of a column of numbers its standardized value (0 where it is missing, and then a feature that
 * says so), of any other one feature for each of its levels but the most frequent.
 *
 * @throws AnalyzeError for a column that is the same for every unit, or for too many features
 */
export async function predictorFeatures(
  warehouse: Warehouse,
  file: string,
  predictors: readonly string[],
): Promise<readonly string[]> {
  const features: string[] = [];
  for (const [index, name] of predictors.entries()) {
    const found = await featuresOf(warehouse, predictorColumn(index));
    if (found.length === 0)
      throw new AnalyzeError(`${file}, column "${name}" is the same for every unit; --cupac predicts from what varies`);
    features.push(...found);
  }
  if (features.length > MOST_FEATURES)
    throw new AnalyzeError(
      `--cupac: the columns ${predictors.join(', ')} make ${features.length} features; at most ${MOST_FEATURES} are fitted. Leave out columns with many values`,
    );
  return features;
}

async function featuresOf(warehouse: Warehouse, column: string): Promise<string[]> {
  const number = `TRY_CAST(${column} AS DOUBLE)`;
  const isNumber = `COALESCE(isfinite(${number}), FALSE)`;
  const [found] = await warehouse.query<{
    units: number;
    present: number;
    numbers: number;
    mean: number | null;
    deviation: number | null;
  }>({
    sql: `
SELECT COUNT(*) AS units, COUNT(${column}) AS present, COUNT(*) FILTER (WHERE ${isNumber}) AS numbers,
  AVG(${number}) FILTER (WHERE ${isNumber}) AS mean, STDDEV_SAMP(${number}) FILTER (WHERE ${isNumber}) AS deviation
FROM ${UNITS}`,
    parameters: {},
  });
  if (found === undefined || found.present === 0) return [];
  if (found.numbers < found.present) return await levelsOf(warehouse, column, found.units);
  const { mean, deviation } = found;
  const isVarying = mean !== null && deviation !== null && deviation > 0;
  return [
    ...(isVarying ? [`COALESCE((${number} - ${numberSql(mean)}) / ${numberSql(deviation)}, 0)`] : []),
    ...(found.present < found.units ? [indicator(`${column} IS NULL`)] : []),
  ];
}

async function levelsOf(warehouse: Warehouse, column: string, units: number): Promise<string[]> {
  const levels = await warehouse.query<{ level: string | null }>({
    sql: `
SELECT ${column} AS level FROM ${UNITS} GROUP BY ALL HAVING COUNT(*) >= ${RAREST_LEVEL * units}
ORDER BY COUNT(*) DESC, ${column} NULLS LAST LIMIT ${MOST_LEVELS + 1}`,
    parameters: {},
  });
  return levels
    .slice(1)
    .map(({ level }) =>
      indicator(level === null ? `${column} IS NULL` : `${column} = '${level.replaceAll("'", "''")}'`),
    );
}

function indicator(condition: string): string {
  return `CAST(CASE WHEN ${condition} THEN 1 ELSE 0 END AS DOUBLE)`;
}
