import type { Dialect, Model } from '../dialect.ts';
import { unitIdSql } from '../intermediate/unit-outcomes.ts';
import { namedUnit } from './outcomes.ts';

/** Which cluster each unit of the past belongs to: the one that its first event names which names any. */
export function stagingPastClusters(dialect: Dialect, unitType: string, cluster: string): Model {
  const p = dialect.parameter;
  return {
    name: 'stg_unit_clusters',
    sql: `
-- One row per unit with an event in the time that names a cluster: unit_id, cluster.
SELECT unit_id, cluster
FROM (
  SELECT ${unitIdSql(unitType)} AS unit_id, outcome.cluster, outcome.occurred_at, outcome.log_partition, outcome.log_offset
  FROM (
    SELECT
      user_id, anonymous_id, ${namedUnit(dialect, unitType)} AS named_unit_id,
      ${dialect.jsonText('properties', cluster)} AS cluster,
      occurred_at, log_partition, log_offset
    FROM raw_events
    WHERE occurred_at >= ${p('began_from')}
      AND occurred_at < ${p('as_of')}
  ) AS outcome
  LEFT JOIN stg_links AS link ON link.user_id = outcome.user_id
) AS named
WHERE unit_id IS NOT NULL AND cluster IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY occurred_at, log_partition, log_offset) = 1`,
  };
}
