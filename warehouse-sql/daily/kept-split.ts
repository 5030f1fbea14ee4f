import type { Row } from '../../warehouse/port.ts';
import { compose, type Dialect, type TypedStatement } from '../dialect.ts';
import { ASKED_EPOCHS, askedParameter, askedStatistics, type AskedStatistic } from './asked.ts';
import { DAY_MS } from './positions.ts';

/** Units by variant, units that crossed, and exposures that are no evidence, by question; see `ScorecardRow`. */
export interface KeptSplitRow extends Row {
  readonly question: number;
  readonly part: 'exposed' | 'crossed' | 'not_random';
  readonly variant: string;
  readonly units: number;
}

/** @param asked one statistic of each question is enough */
export function keptSplitQuery(dialect: Dialect, asked: readonly AskedStatistic[]): TypedStatement<KeptSplitRow> {
  const p = dialect.parameter;
  const lastDays = asked.map(({ asOfMs }) => Math.floor(asOfMs / DAY_MS) * DAY_MS);
  const from = (part: string, variant: string, units: string): string =>
    `SELECT epoch.question, '${part}' AS part, ${variant} AS variant, ${units} AS units
FROM asked_epochs AS epoch`;
  const same = (name: string): string =>
    `${name}.experiment_key = epoch.experiment_key AND ${name}.epoch = epoch.epoch`;
  const sql = `
${from('exposed', 'exposure.variant', 'COUNT(*)')}
INNER JOIN unit_exposures AS exposure ON ${same('exposure')}
WHERE ${dialect.epochMs('exposure.first_exposed_at')} <= epoch.as_of_ms
GROUP BY epoch.question, exposure.variant
UNION ALL
${from('crossed', "''", 'COUNT(*)')}
INNER JOIN unit_exposures AS exposure ON ${same('exposure')}
WHERE ${dialect.epochMs('exposure.crossed_at')} <= epoch.as_of_ms
GROUP BY epoch.question
UNION ALL
${from('not_random', "''", 'SUM(left_out.exposures)')}
INNER JOIN left_out_exposures AS left_out ON ${same('left_out')}
WHERE left_out.day_ms + ${DAY_MS} <= epoch.as_of_ms
GROUP BY epoch.question
UNION ALL
-- Of the as-of time's own day those until then.
${from('not_random', "''", 'COUNT(*)')}
INNER JOIN raw_events AS event ON ${same('event')}
WHERE event.event_type = 'exposure'
  AND event.occurred_at >= ${p('last_day')}
  AND event.occurred_at <= ${p('latest')}
  AND ${dialect.dayMs('event.occurred_at')} + ${DAY_MS} > epoch.as_of_ms
  AND ${dialect.epochMs('event.occurred_at')} <= epoch.as_of_ms
  AND COALESCE(${dialect.jsonText('event.properties', 'reason')}, '') <> 'REASON_SPLIT'
GROUP BY epoch.question
ORDER BY 1, 2, 3`;
  return compose([askedStatistics(dialect), ASKED_EPOCHS], sql, {
    asked: askedParameter(asked),
    last_day: new Date(Math.min(...lastDays)),
    latest: new Date(Math.max(...asked.map(({ asOfMs }) => asOfMs))),
  });
}
