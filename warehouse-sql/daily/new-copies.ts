import type { Row, Statement, StatementParameter } from '../../warehouse/port.ts';
import { compose, type Dialect, type Model, type TypedStatement } from '../dialect.ts';
import { copiedEvents, COPIES_WITHIN_MS } from '../first-copies.ts';
import { isOnDays, type DayRange } from './positions.ts';

/** Copies of outcomes that were taken in; stands for the model that finds them. */
export const TAKEN_COPIES: Model = {
  name: 'copied_outcomes',
  sql: `
-- One row per copy: log_partition, log_offset.
SELECT log_partition, log_offset FROM copied_events`,
};

interface CopiedDayRow extends Row {
  readonly day_ms: number;
}

/**
 * The UTC days of events that turn out to be copies now: mostly new ones, but with several partitions the first in the log may come last.
 *
 * @param days of the new outcomes
 */
export function copiedDaysQuery(dialect: Dialect, days: readonly DayRange[]): TypedStatement<CopiedDayRow> {
  const { models, parameters } = newCopies(dialect, days);
  return compose(
    models,
    `SELECT DISTINCT ${dialect.dayMs('occurred_at')} AS day_ms FROM new_copies ORDER BY 1`,
    parameters,
  );
}

/** Remembers which of the outcomes are copies. */
export function takeCopies(dialect: Dialect, days: readonly DayRange[]): readonly Statement[] {
  if (days.length === 0) return [];
  const { models, parameters } = newCopies(dialect, days);
  const { sql } = compose(models, 'SELECT log_partition, log_offset, occurred_at FROM new_copies', {});
  return [{ sql: `INSERT INTO copied_events (log_partition, log_offset, occurred_at)\n${sql}`, parameters }];
}

function newCopies(
  dialect: Dialect,
  days: readonly DayRange[],
): { readonly models: readonly Model[]; readonly parameters: Readonly<Record<string, StatementParameter>> } {
  const near = days.map(({ fromMs, untilMs }) => ({
    fromMs: fromMs - COPIES_WITHIN_MS,
    untilMs: untilMs + COPIES_WITHIN_MS,
  }));
  const { sql: isNear, parameters } = isOnDays(dialect, 'occurred_at', near, 'near');
  const models = [
    ...copiedEvents(dialect, 'outcomes', `event_type NOT IN ('exposure', 'identity_linked')\n  AND ${isNear}`),
    {
      name: 'new_copies',
      sql: `
-- One row per copy that is not known yet: log_partition, log_offset, occurred_at.
SELECT found.log_partition, found.log_offset, found.occurred_at
FROM copied_outcomes AS found
LEFT JOIN copied_events AS known
  ON known.log_partition = found.log_partition AND known.log_offset = found.log_offset
WHERE known.log_offset IS NULL`,
    },
  ];
  return { models, parameters };
}
