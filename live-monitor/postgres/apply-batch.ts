import { sql } from 'kysely';
import type { EventBatch } from '../../event-bus/port.ts';
import { observe, type Observations } from '../observations.ts';
import type { WatchedExperiment } from '../watched-experiment.ts';
import type { Database, Tx } from './schema.ts';
import { recomputeUnitValues } from './unit-values.ts';

/** Any number that nothing else locks in this database. */
const WRITER_LOCK = 7_310_003;

/**
 * Takes a batch into the state of the units and stores where to read on, in one transaction. A batch that was taken in before
 * changes nothing. Writers take turns: a link may tie units of two partitions together.
 */
export async function applyBatch(
  database: Database,
  batch: EventBatch,
  watched: ReadonlyMap<string, WatchedExperiment>,
): Promise<void> {
  await database.transaction().execute(async (tx) => {
    await lockWriters(tx);
    const from = await nextOffset(tx, batch.partition);
    if (batch.nextOffset <= from) return;
    const events = batch.events.filter(({ offset }) => offset >= from);
    await store(tx, batch.partition, events, watched);
    await savePosition(tx, batch);
  });
}

/** Until the transaction ends, nobody else changes the state of units. */
export async function lockWriters(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${WRITER_LOCK})`.execute(tx);
}

/** The offset from which the monitor reads on in a partition; 0 before its first batch. */
export async function nextOffset(database: Database, partition: number): Promise<bigint> {
  const row = await database
    .selectFrom('positions')
    .select('next_offset')
    .where('partition', '=', partition)
    .executeTakeFirst();
  return row === undefined ? 0n : BigInt(row.next_offset);
}

/** Where the monitor reads on, by partition. */
export async function loadPositions(database: Database): Promise<ReadonlyMap<number, bigint>> {
  const rows = await database.selectFrom('positions').selectAll().execute();
  return new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
}

async function savePosition(tx: Tx, { partition, nextOffset: next }: EventBatch): Promise<void> {
  await tx
    .insertInto('positions')
    .values({ partition, next_offset: String(next) })
    .onConflict((conflict) => conflict.column('partition').doUpdateSet({ next_offset: String(next) }))
    .execute();
}

async function store(
  tx: Tx,
  partition: number,
  events: EventBatch['events'],
  watched: ReadonlyMap<string, WatchedExperiment>,
): Promise<void> {
  const observations = observe(events, watched);
  await storeLinks(tx, observations.links);
  await storeExposures(tx, partition, observations.exposures);
  await storeOutcomes(tx, observations.outcomes);
  const otherUnitTypes = [...watched.values()]
    .map(({ unitType }) => unitType)
    .filter((type) => !LINKED_TYPES.has(type));
  await recomputeUnitValues(tx, touchedIds(observations, otherUnitTypes), watched);
}

/** Unit types whose ids are in the envelope; others are properties of an outcome. */
const LINKED_TYPES: ReadonlySet<string> = new Set(['user', 'device']);

/** The ids of every unit and person whose values may have changed. */
function touchedIds({ links, exposures, outcomes }: Observations, otherUnitTypes: readonly string[]): string[] {
  const ids = new Set<string>();
  for (const { userId, deviceId } of links) ids.add(userId).add(deviceId);
  for (const { unitId } of exposures) ids.add(unitId);
  for (const { userId, anonymousId, properties } of outcomes) {
    if (userId !== null) ids.add(userId);
    if (anonymousId !== null) ids.add(anonymousId);
    for (const unitType of otherUnitTypes) {
      const id = properties[unitType];
      if (typeof id === 'string') ids.add(id);
    }
  }
  return [...ids];
}

async function storeLinks(tx: Tx, links: Observations['links']): Promise<void> {
  if (links.length === 0) return;
  const rows = links.map(({ userId, deviceId }) => ({ user_id: userId, device_id: deviceId }));
  await sql`
    insert into umpire_live_monitor.links (user_id, device_id)
    select user_id, device_id from json_to_recordset(${JSON.stringify(rows)}) as link (user_id text, device_id text)
    on conflict (user_id) do nothing`.execute(tx);
}

/** Keeps each unit's first exposure, by time, then by place in the log. */
async function storeExposures(tx: Tx, partition: number, exposures: Observations['exposures']): Promise<void> {
  if (exposures.length === 0) return;
  const rows = exposures.map((exposure) => ({
    experiment_key: exposure.experimentKey,
    epoch: exposure.epoch,
    unit_id: exposure.unitId,
    variant: exposure.variant,
    at: exposure.occurredAtMs,
    log_offset: String(exposure.offset),
  }));
  await sql`
    insert into umpire_live_monitor.units as known
      (experiment_key, epoch, unit_id, variant, first_exposed_at_ms, partition, log_offset)
    select distinct on (experiment_key, epoch, unit_id)
      experiment_key, epoch, unit_id, variant, at, ${partition}::integer, log_offset
    from json_to_recordset(${JSON.stringify(rows)}) as exposure
      (experiment_key text, epoch integer, unit_id text, variant text, at bigint, log_offset bigint)
    order by experiment_key, epoch, unit_id, at, log_offset
    on conflict (experiment_key, epoch, unit_id) do update
      set variant = excluded.variant, first_exposed_at_ms = excluded.first_exposed_at_ms,
          partition = excluded.partition, log_offset = excluded.log_offset
      where (excluded.first_exposed_at_ms, excluded.partition, excluded.log_offset)
          < (known.first_exposed_at_ms, known.partition, known.log_offset)`.execute(tx);
}

async function storeOutcomes(tx: Tx, outcomes: Observations['outcomes']): Promise<void> {
  if (outcomes.length === 0) return;
  const rows = outcomes.map((outcome) => ({
    event_id: outcome.eventId,
    event_type: outcome.eventType,
    user_id: outcome.userId,
    anonymous_id: outcome.anonymousId,
    at: outcome.occurredAtMs,
    properties: outcome.properties,
  }));
  await sql`
    insert into umpire_live_monitor.outcomes (event_id, event_type, user_id, anonymous_id, occurred_at_ms, properties)
    select event_id, event_type, user_id, anonymous_id, at, properties
    from json_to_recordset(${JSON.stringify(rows)}) as outcome
      (event_id text, event_type text, user_id text, anonymous_id text, at bigint, properties json)
    on conflict (event_id) do nothing`.execute(tx);
}
