import type { Dialect, Model } from '../dialect.ts';
import type { FeatureDefinition, FeatureRule } from '../../definitions/features.ts';

/** The columns of a feature, by its place. */
export const featureColumn = (place: number): string => `f_${place}`;

/**
 * Features of units as of a time of each: `units` has unit_id and time_zero, `events` has unit_id, event_type, occurred_at, properties, log_partition and
 * log_offset. Only events strictly before time zero are read, so nothing that the treatment may have caused can be in them.
 *
 * @returns models, the last of which is `unit_features`: unit_id and one column for each feature, NULL where it is not known
 */
export function featuresAsOf(
  dialect: Dialect,
  features: readonly FeatureDefinition[],
  units: string,
  events: string,
): readonly Model[] {
  const models = features.map(({ rule, key }, place): Model => ({
    name: `feature_${place}`,
    sql: `
-- One row per unit that has it: unit_id, value (${key}), as of its time zero.
${valueSql(dialect, rule, units, events)}`,
  }));
  const columns = features.map((_, place) => `feature_${place}.value AS ${featureColumn(place)}`);
  const joins = features.map((_, place) => `LEFT JOIN feature_${place} ON feature_${place}.unit_id = unit.unit_id`);
  return [
    ...models,
    {
      name: 'unit_features',
      sql: `
-- One row per unit: unit_id, f_0, f_1, … as of its time zero.
SELECT ${['unit.unit_id', ...columns].join(', ')}
FROM ${units} AS unit
${joins.join('\n')}`,
    },
  ];
}

function valueSql(dialect: Dialect, rule: FeatureRule, units: string, events: string): string {
  const before = (windowMs: number | null, condition: string): string =>
    `FROM ${units} AS unit
INNER JOIN ${events} AS event
  ON event.unit_id = unit.unit_id
  AND event.occurred_at < unit.time_zero${windowMs === null ? '' : `\n  AND event.occurred_at >= ${dialect.addMs('unit.time_zero', -windowMs)}`}
WHERE ${condition}`;
  switch (rule.kind) {
    case 'latest': {
      const value = dialect.jsonText('event.properties', rule.property);
      return first(
        `SELECT unit.unit_id, ${value} AS value,
  ROW_NUMBER() OVER (PARTITION BY unit.unit_id ORDER BY event.occurred_at DESC, event.log_partition DESC, event.log_offset DESC) AS place
${before(null, `${value} IS NOT NULL`)}`,
      );
    }
    case 'most frequent': {
      const value = dialect.jsonText('event.properties', rule.property);
      return first(
        `SELECT unit_id, value, ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY times DESC, value) AS place
FROM (
  SELECT unit.unit_id, ${value} AS value, COUNT(*) AS times
  ${before(null, `${typeIn(rule.events)} AND ${value} IS NOT NULL`)}
  GROUP BY 1, 2
) AS counted`,
      );
    }
    case 'days since first event':
      return `SELECT unit.unit_id, ${dialect.toDouble(`${dialect.epochMs('MIN(unit.time_zero)')} - ${dialect.epochMs('MIN(event.occurred_at)')}`)} / 86400000 AS value
${before(null, '1 = 1')}
GROUP BY unit.unit_id`;
    case 'sum':
      return counted(
        units,
        `SELECT unit.unit_id, ${dialect.toDouble(`SUM(${dialect.jsonNumber('event.properties', rule.property)})`)} / ${rule.divideBy} AS value
${before(rule.windowMs, typeIn([rule.event]))}
GROUP BY unit.unit_id`,
      );
    case 'count':
      return counted(
        units,
        `SELECT unit.unit_id, ${dialect.toDouble('COUNT(*)')} AS value
${before(rule.windowMs, typeIn([rule.event]))}
GROUP BY unit.unit_id`,
      );
    case 'share':
      return `SELECT unit.unit_id, ${dialect.toDouble(`SUM(CASE WHEN ${typeIn([rule.event])} THEN 1 ELSE 0 END)`)} / COUNT(*) AS value
${before(rule.windowMs, typeIn(rule.among))}
GROUP BY unit.unit_id`;
  }
}

/** The event types of the registry are part of the program, and plain words. */
function typeIn(events: readonly string[]): string {
  return `event.event_type IN (${events.map((event) => `'${event}'`).join(', ')})`;
}

function first(ranked: string): string {
  return `SELECT unit_id, value
FROM (
${ranked}
) AS ranked
WHERE place = 1`;
}

/** Of a unit without such events there are none: 0 is known, not missing. */
function counted(units: string, sql: string): string {
  return `SELECT all_units.unit_id, COALESCE(found.value, 0) AS value
FROM ${units} AS all_units
LEFT JOIN (
${sql}
) AS found ON found.unit_id = all_units.unit_id`;
}
