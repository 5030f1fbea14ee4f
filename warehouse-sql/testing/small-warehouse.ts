import { after, before } from 'node:test';
import type { MetricDefinition } from '../../definitions/metric.ts';
import type { EventBatch } from '../../event-bus/port.ts';
import { openDuckDb, type DuckDbWarehouse } from '../../warehouse/duckdb.ts';
import type { Statement } from '../../warehouse/port.ts';
import { duckDb } from '../dialect.ts';
import { scorecardQuery, type ScorecardRow } from '../scorecard-queries.ts';

type BatchEvent = EventBatch['events'][number];
export type Draft = Pick<BatchEvent, 'eventType' | 'timestampMs' | 'properties'> & Partial<BatchEvent>;

export const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 3, 1);
export const KEY = 'upi_retry';

/** A time so many days after the start. */
export const day = (days: number): number => START_MS + Math.round(days * DAY_MS);

/** An exposure of a unit by a random split, unless changed. */
export function exposure(unitId: string, variant: string, days: number, changes: Partial<Draft> = {}): Draft {
  const { properties = {}, ...envelope } = changes;
  return {
    eventType: 'exposure',
    timestampMs: day(days),
    experimentKey: KEY,
    epoch: 1,
    variant,
    userId: unitId,
    properties: {
      flag_key: KEY,
      reason: 'REASON_SPLIT',
      unit_type: 'user',
      unit_id: unitId,
      ruleset_version: 1,
      segments: {},
      ...properties,
    },
    ...envelope,
  };
}

/** A deposit of a user. */
export function deposit(userId: string | null, days: number, amountPaise = 100, changes: Partial<Draft> = {}): Draft {
  const properties = { amount_paise: amountPaise, method: 'upi', ...changes.properties };
  return { eventType: 'deposit_succeeded', timestampMs: day(days), userId, ...changes, properties };
}

/** The sum of deposits within two days, without a covariate. */
export const DEPOSITED: MetricDefinition = {
  kind: 'metric',
  key: 'deposited',
  owner: 'payments',
  description: 'Paise deposited',
  type: 'sum',
  event: 'deposit_succeeded',
  property: 'amount_paise',
  where: [],
  windowMs: 2 * DAY_MS,
  goodDirection: 'increase',
  covariateMs: 0,
  valueUnit: 'paise',
};

let warehouse: DuckDbWarehouse | undefined;
before(async () => {
  warehouse = await openDuckDb({ file: ':memory:', queryConnections: 1 });
});
after(async () => {
  await warehouse?.close();
});

/** Empties `raw_events` and writes these events into it as they are, without the deduplication of ingest, in the order of the log. */
export async function fill(drafts: readonly Draft[]): Promise<DuckDbWarehouse> {
  if (warehouse === undefined) throw new Error('the warehouse is not open yet');
  await warehouse.execute([{ sql: 'DELETE FROM raw_events', parameters: {} }]);
  await warehouse.execute(drafts.map((draft, offset) => insert(draft, offset)));
  return warehouse;
}

function insert(draft: Draft, offset: number): Statement {
  const parameters = rawEvent(draft, offset);
  const values = Object.keys(parameters).map((name) => `$${name}`);
  return { sql: `INSERT INTO raw_events VALUES (${values.join(', ')})`, parameters };
}

/** An event as a row of `raw_events`, in the order of its columns. */
export function rawEvent(draft: Draft, offset: number) {
  return {
    event_id: draft.eventId ?? `event-${offset}`,
    event_type: draft.eventType,
    schema_version: 1,
    user_id: draft.userId ?? null,
    anonymous_id: draft.anonymousId ?? null,
    occurred_at: new Date(draft.timestampMs),
    service_name: 'test',
    experiment_key: draft.experimentKey ?? null,
    epoch: draft.epoch ?? null,
    variant: draft.variant ?? null,
    decision_id: null,
    properties: JSON.stringify(draft.properties),
    ingested_at: new Date(draft.ingestedAtMs ?? draft.timestampMs),
    log_partition: 0,
    log_offset: Number(draft.offset ?? offset),
  };
}

export interface Count {
  readonly metrics?: readonly MetricDefinition[];
  readonly asOf?: number;
  readonly unitType?: string;
}

/** Runs the scorecard's query as of a day; ten days after the start, if not said. */
export async function count(
  drafts: readonly Draft[],
  { metrics = [DEPOSITED], asOf = 10, unitType = 'user' }: Count = {},
): Promise<readonly ScorecardRow[]> {
  const filled = await fill(drafts);
  const analysis = { experimentKey: KEY, epoch: 1, unitType, asOfMs: day(asOf) };
  return await filled.query<ScorecardRow>(scorecardQuery(duckDb, analysis, metrics));
}

/** The matured rows in short: `variant: units, sum of y, sum of y²`, in order. */
export function matured(rows: readonly ScorecardRow[], metric = 0): string[] {
  return rows
    .filter((row) => row.part === 'matured' && row.metric === metric)
    .map(({ variant, units, sum_y: y, sum_yy: yy }) => `${variant}: ${units}, ${y}, ${yy}`);
}

/** The units of a part by variant. */
export function unitsOf(rows: readonly ScorecardRow[], part: ScorecardRow['part']): Record<string, number> {
  return Object.fromEntries(rows.filter((row) => row.part === part).map(({ variant, units }) => [variant, units]));
}
