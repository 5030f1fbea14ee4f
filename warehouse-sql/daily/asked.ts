import type { Dialect, Model } from '../dialect.ts';
import { DAY_MS } from './positions.ts';

/** Statistics of one metric in one epoch of an experiment, of all its units or by one segment attribute. */
export interface AskedStatistic {
  /** Which of the questions that are asked together; all statistics of an epoch have one as-of time. */
  readonly question: number;
  readonly experimentKey: string;
  readonly epoch: number;
  /** Place of the metric in the list. */
  readonly metric: number;
  readonly metricKey: string;
  /** A digest of the metric's definition. */
  readonly statistic: string;
  /** Empty: of all units. */
  readonly attribute: string;
  readonly windowMs: number;
  readonly covariateMs: number;
  /** Windows that were still open then do not count. Ms since 1970 UTC. */
  readonly asOfMs: number;
}

const COLUMNS = {
  place: 'integer',
  question: 'integer',
  experiment_key: 'text',
  epoch: 'integer',
  metric: 'integer',
  metric_key: 'text',
  statistic: 'text',
  attribute: 'text',
  window_ms: 'integer',
  covariate_ms: 'integer',
  as_of_ms: 'integer',
} as const;

/** The value of the parameter `asked`. */
export function askedParameter(asked: readonly AskedStatistic[]): string {
  return JSON.stringify(
    asked.map((each, place) => ({
      place,
      question: each.question,
      experiment_key: each.experimentKey,
      epoch: each.epoch,
      metric: each.metric,
      metric_key: each.metricKey,
      statistic: each.statistic,
      attribute: each.attribute,
      window_ms: each.windowMs,
      covariate_ms: each.covariateMs,
      as_of_ms: each.asOfMs,
    })),
  );
}

export function askedStatistics(dialect: Dialect): Model {
  return {
    name: 'asked',
    sql: `
-- One row per statistic that is asked: its place in the list, and all that AskedStatistic says.
SELECT * FROM ${dialect.jsonRows('asked', COLUMNS)} AS statistics`,
  };
}

/** The epochs that are asked about. */
export const ASKED_EPOCHS: Model = {
  name: 'asked_epochs',
  sql: `
-- One row per question: question, experiment_key, epoch, as_of_ms.
SELECT DISTINCT question, experiment_key, epoch, as_of_ms FROM asked`,
};

/**
 * The days whose statistics are not there yet. Those of a day whose windows have all closed are kept for good (as-of time 0); of a day of which only
 * some have closed, until the next as-of time.
 */
export function missingDays(dialect: Dialect): readonly Model[] {
  return [
    askedStatistics(dialect),
    ASKED_EPOCHS,
    {
      name: 'exposure_days',
      sql: `
-- One row per question and UTC day on which units were first exposed: question, exposure_date, day_ms.
SELECT
  epoch.question,
  CAST(exposure.first_exposed_at AS DATE) AS exposure_date,
  ${dialect.dayMs('exposure.first_exposed_at')} AS day_ms
FROM unit_exposures AS exposure
INNER JOIN asked_epochs AS epoch ON epoch.experiment_key = exposure.experiment_key AND epoch.epoch = exposure.epoch
GROUP BY 1, 2, 3`,
    },
    {
      name: 'missing_days',
      sql: `
-- One row per statistic and day that has to be computed: what was asked, and exposure_date, day_ms, kept_as_of_ms.
SELECT wanted.*
FROM (
  SELECT
    asked.*, day.exposure_date, day.day_ms,
    CASE WHEN day.day_ms + ${DAY_MS} + asked.window_ms <= asked.as_of_ms THEN 0 ELSE asked.as_of_ms END AS kept_as_of_ms
  FROM asked
  INNER JOIN exposure_days AS day ON day.question = asked.question
  WHERE day.day_ms + asked.window_ms <= asked.as_of_ms
) AS wanted
LEFT JOIN (
  SELECT DISTINCT experiment_key, epoch, statistic, attribute, day_ms, as_of_ms FROM daily_statistics
) AS known
  ON known.experiment_key = wanted.experiment_key
  AND known.epoch = wanted.epoch
  AND known.statistic = wanted.statistic
  AND known.attribute = wanted.attribute
  AND known.day_ms = wanted.day_ms
  AND known.as_of_ms = wanted.kept_as_of_ms
WHERE known.statistic IS NULL`,
    },
  ];
}
