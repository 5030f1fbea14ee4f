import type { Row, Statement } from '../../warehouse/port.ts';
import type { Dialect, Model, TypedStatement } from '../dialect.ts';
import { isAtPositions, isOnDays, type DayRange, type Positions } from './positions.ts';

/** Identity links that were taken in; stands for the model that reads them out of the events. */
export const TAKEN_LINKS: Model = {
  name: 'stg_links',
  sql: `
-- One row per linked user: user_id, device_id.
SELECT user_id, device_id FROM linked_users`,
};

/** New identity links, and the days on which they were written. */
export interface NewLinks {
  readonly positions: readonly Positions[];
  readonly days: readonly DayRange[];
}

interface LinkedDayRow extends Row {
  readonly day_ms: number;
}

/**
 * The UTC days on which users acted before it was known by which device they are hashed: their outcomes belong to another unit now. A user
 * is linked at his first login, so there are hardly any.
 */
export function relinkedDaysQuery(dialect: Dialect, links: NewLinks): TypedStatement<LinkedDayRow> {
  const { sql, parameters } = newLinks(dialect, links);
  return {
    sql: `-- One row per UTC day of outcomes that move to another unit: day_ms.
SELECT DISTINCT ${dialect.dayMs('outcome.occurred_at')} AS day_ms
FROM raw_events AS outcome
INNER JOIN ${sql} AS fresh ON fresh.user_id = outcome.user_id
LEFT JOIN linked_users AS known ON known.user_id = fresh.user_id
WHERE outcome.event_type NOT IN ('exposure', 'identity_linked')
  AND (known.user_id IS NULL OR fresh.device_id < known.device_id)
ORDER BY day_ms`,
    parameters,
  };
}

/** Takes new links in. The control store writes one link per user, so any of its events tells it. */
export function takeLinks(dialect: Dialect, links: NewLinks): readonly Statement[] {
  if (links.days.length === 0) return [];
  const { sql, parameters } = newLinks(dialect, links);
  return [
    {
      sql: `UPDATE linked_users AS known
SET device_id = fresh.device_id
FROM ${sql} AS fresh
WHERE known.user_id = fresh.user_id AND fresh.device_id < known.device_id`,
      parameters,
    },
    {
      sql: `INSERT INTO linked_users (user_id, device_id, linked_at)
SELECT fresh.user_id, fresh.device_id, fresh.linked_at
FROM ${sql} AS fresh
LEFT JOIN linked_users AS known ON known.user_id = fresh.user_id
WHERE known.user_id IS NULL`,
      parameters,
    },
  ];
}

function newLinks(dialect: Dialect, { positions, days }: NewLinks): Pick<Statement, 'sql' | 'parameters'> {
  const onDays = isOnDays(dialect, 'event.occurred_at', days, 'day');
  const isNew = isAtPositions(dialect, positions);
  return {
    sql: `(
  SELECT user_id, MIN(device_id) AS device_id, MIN(occurred_at) AS linked_at
  FROM (
    SELECT
      event.occurred_at,
      ${dialect.jsonText('event.properties', 'user_id')} AS user_id,
      ${dialect.jsonText('event.properties', 'device_id')} AS device_id
    FROM raw_events AS event
    WHERE event.event_type = 'identity_linked' AND ${isNew.sql} AND ${onDays.sql}
  ) AS link
  WHERE user_id IS NOT NULL AND device_id IS NOT NULL
  GROUP BY user_id
)`,
    parameters: { ...onDays.parameters, ...isNew.parameters },
  };
}
