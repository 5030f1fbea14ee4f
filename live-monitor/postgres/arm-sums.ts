import { sql } from 'kysely';
import type { WatchedExperiment } from '../watched-experiment.ts';
import type { Database } from './schema.ts';

/** Sums over the matured units of one variant, for one metric. */
export interface ArmSums {
  readonly metricKey: string;
  readonly variant: string;
  readonly units: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** Reads the sums of every arm and guardrail metric over the units whose window has closed at `asOfMs`. */
export async function armSums(database: Database, watched: WatchedExperiment, asOfMs: number): Promise<ArmSums[]> {
  const metrics = watched.guardrails.map(({ metric }) => ({ metric_key: metric.key, window_ms: metric.windowMs }));
  const { rows } = await sql<ArmSumsRow>`
    select metric.metric_key, unit.variant, count(*) as units,
      coalesce(sum(unit_value.value), 0) as sum, coalesce(sum(unit_value.value * unit_value.value), 0) as sum_of_squares
    from json_to_recordset(${JSON.stringify(metrics)}) as metric (metric_key text, window_ms bigint)
    join umpire_live_monitor.units unit on unit.first_exposed_at_ms + metric.window_ms <= ${asOfMs}::bigint
    left join umpire_live_monitor.unit_values unit_value
      on unit_value.experiment_key = unit.experiment_key and unit_value.epoch = unit.epoch
      and unit_value.metric_key = metric.metric_key and unit_value.unit_id = unit.unit_id
    where unit.experiment_key = ${watched.experimentKey} and unit.epoch = ${watched.epoch}
    group by metric.metric_key, unit.variant
    order by metric.metric_key, unit.variant`.execute(database);
  return rows.map((row) => ({
    metricKey: row.metric_key,
    variant: row.variant,
    units: Number(row.units),
    sum: row.sum,
    sumOfSquares: row.sum_of_squares,
  }));
}

interface ArmSumsRow {
  readonly metric_key: string;
  readonly variant: string;
  readonly units: string;
  readonly sum: number;
  readonly sum_of_squares: number;
}
