import { sql, type RawBuilder } from 'kysely';
import type { JsonObject } from '../../event-bus/event.ts';
import { metricValue, type Outcome } from '../metric-value.ts';
import { epochKey, type WatchedExperiment } from '../watched-experiment.ts';
import type { Tx } from './schema.ts';

interface TouchedUnit {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly unitId: string;
  readonly firstExposedAtMs: number;
}

/**
 * Computes the metric values of the units behind some ids anew from all of their stored outcomes. From scratch and not by adding up,
 * so that an outcome that came before its exposure, an earlier exposure that came late, and a link all give what any other order
 * would have given.
 */
export async function recomputeUnitValues(
  tx: Tx,
  ids: readonly string[],
  watched: ReadonlyMap<string, WatchedExperiment>,
): Promise<void> {
  if (ids.length === 0) return;
  const units = await touchedUnits(tx, ids);
  if (units.length === 0) return;
  const unitTypeOf = (unit: TouchedUnit): string | undefined => watched.get(epochKey(unit))?.unitType;
  const outcomes = await outcomesByUnitType(tx, units, unitTypeOf);
  const values = units.flatMap((unit) => {
    const guardrails = watched.get(epochKey(unit))?.guardrails ?? [];
    const own = outcomes.get(unitTypeOf(unit))?.get(unit.unitId) ?? [];
    return guardrails.map(({ metric }) => ({
      experiment_key: unit.experimentKey,
      epoch: unit.epoch,
      metric_key: metric.key,
      unit_id: unit.unitId,
      value: metricValue(metric, unit.firstExposedAtMs, own),
    }));
  });
  await saveValues(tx, values);
}

async function touchedUnits(tx: Tx, ids: readonly string[]): Promise<TouchedUnit[]> {
  const { rows } = await sql<{ experiment_key: string; epoch: number; unit_id: string; at: string }>`
    select experiment_key, epoch, unit_id, first_exposed_at_ms as at
    from umpire_live_monitor.units
    where unit_id = any(${ids}::text[])
      or unit_id in (select device_id from umpire_live_monitor.links where user_id = any(${ids}::text[]))`.execute(tx);
  return rows.map((row) => ({
    experimentKey: row.experiment_key,
    epoch: row.epoch,
    unitId: row.unit_id,
    firstExposedAtMs: Number(row.at),
  }));
}

type OutcomesByUnit = ReadonlyMap<string, readonly Outcome[]>;

async function outcomesByUnitType(
  tx: Tx,
  units: readonly TouchedUnit[],
  unitTypeOf: (unit: TouchedUnit) => string | undefined,
): Promise<ReadonlyMap<string | undefined, OutcomesByUnit>> {
  const byType = new Map<string | undefined, OutcomesByUnit>();
  for (const unitType of new Set(units.map(unitTypeOf))) {
    if (unitType === undefined) continue;
    const ids = units.filter((unit) => unitTypeOf(unit) === unitType).map(({ unitId }) => unitId);
    byType.set(unitType, await outcomesByUnit(tx, unitType, [...new Set(ids)]));
  }
  return byType;
}

/** Which unit an outcome belongs to, as `warehouse-sql/intermediate/unit-outcomes.ts` says it: these two have to agree. */
function outcomesQuery(unitType: string, unitIds: readonly string[]): RawBuilder<OutcomeRow> {
  const ids = sql`${unitIds}::text[]`;
  if (unitType === 'user') {
    return sql<OutcomeRow>`
      select link.device_id as unit_id, event_type, occurred_at_ms as at, properties
      from umpire_live_monitor.links link join umpire_live_monitor.outcomes outcome using (user_id)
      where link.device_id = any(${ids})
      union all
      select outcome.user_id, event_type, occurred_at_ms, properties
      from umpire_live_monitor.outcomes outcome left join umpire_live_monitor.links link using (user_id)
      where outcome.user_id = any(${ids}) and link.user_id is null
      union all
      select anonymous_id, event_type, occurred_at_ms, properties
      from umpire_live_monitor.outcomes
      where user_id is null and anonymous_id = any(${ids})`;
  }
  if (unitType === 'device') {
    return sql<OutcomeRow>`
      select anonymous_id as unit_id, event_type, occurred_at_ms as at, properties
      from umpire_live_monitor.outcomes where anonymous_id = any(${ids})
      union all
      select link.device_id, event_type, occurred_at_ms, properties
      from umpire_live_monitor.links link join umpire_live_monitor.outcomes outcome using (user_id)
      where link.device_id = any(${ids}) and outcome.anonymous_id is null`;
  }
  return sql<OutcomeRow>`
    select properties ->> ${unitType} as unit_id, event_type, occurred_at_ms as at, properties
    from umpire_live_monitor.outcomes where properties ->> ${unitType} = any(${ids})`;
}

interface OutcomeRow {
  readonly unit_id: string;
  readonly event_type: string;
  readonly at: string;
  readonly properties: JsonObject;
}

async function outcomesByUnit(tx: Tx, unitType: string, unitIds: readonly string[]): Promise<OutcomesByUnit> {
  const { rows } = await outcomesQuery(unitType, unitIds).execute(tx);
  const byUnit = new Map<string, Outcome[]>();
  for (const { unit_id: unitId, event_type: eventType, at, properties } of rows) {
    const outcome = { eventType, occurredAtMs: Number(at), properties };
    const others = byUnit.get(unitId);
    if (others === undefined) byUnit.set(unitId, [outcome]);
    else others.push(outcome);
  }
  return byUnit;
}

async function saveValues(
  tx: Tx,
  values: readonly { experiment_key: string; epoch: number; metric_key: string; unit_id: string; value: number }[],
): Promise<void> {
  if (values.length === 0) return;
  await sql`
    insert into umpire_live_monitor.unit_values (experiment_key, epoch, metric_key, unit_id, value)
    select experiment_key, epoch, metric_key, unit_id, value
    from json_to_recordset(${JSON.stringify(values)}) as unit
      (experiment_key text, epoch integer, metric_key text, unit_id text, value double precision)
    on conflict (experiment_key, epoch, metric_key, unit_id) do update set value = excluded.value
      where unit_values.value is distinct from excluded.value`.execute(tx);
}
