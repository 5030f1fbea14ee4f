import type { Statement, StatementParameter } from '../warehouse/port.ts';
import { bigQuery, duckDb, type Dialect, type TypedStatement } from './dialect.ts';

export interface ErasedUnit {
  readonly userId: string;
  readonly deviceIds: readonly string[];
  /** What happened later is somebody's who came back. Ms since 1970 UTC. */
  readonly untilMs: number;
}

export interface ErasedCount {
  readonly [field: string]: unknown;
  readonly event_count: number;
}

/** By the warehouse's own name for it. */
export function erasureDialect(name: Dialect['name']): Dialect {
  return name === 'duckdb' ? duckDb : bigQuery;
}

/** How many raw events are a user's. */
export function countUserQuery(dialect: Dialect, user: ErasedUnit): TypedStatement<ErasedCount> {
  return {
    sql: `-- One row: event_count, the raw events of one user\nSELECT COUNT(*) AS event_count FROM raw_events WHERE ${isTheirs(dialect, user)}`,
    parameters: parametersOf(user),
  };
}

/** Removes a user's raw events: the only rows that are kept per user. What was computed from them before has no user in it. */
export function eraseUserStatement(dialect: Dialect, user: ErasedUnit): Statement {
  return { sql: `DELETE FROM raw_events WHERE ${isTheirs(dialect, user)}`, parameters: parametersOf(user) };
}

/** By the user; without one, by the device or, of an exposure, the unit. */
function isTheirs(dialect: Dialect, { deviceIds }: ErasedUnit): string {
  const p = dialect.parameter;
  const devices = deviceIds.map((_, index) => p(deviceName(index)));
  const unit = dialect.jsonText('properties', 'unit_id');
  const ofDevice = devices.length === 0 ? '' : `anonymous_id IN (${devices.join(', ')}) OR `;
  return `occurred_at <= ${p('until')} AND (user_id = ${p('user_id')} OR (user_id IS NULL AND (${ofDevice}${unit} IN (${[p('user_id'), ...devices].join(', ')}))))`;
}

function parametersOf({ userId, deviceIds, untilMs }: ErasedUnit): Record<string, StatementParameter> {
  const devices = deviceIds.map((id, index) => [deviceName(index), id] as const);
  return { user_id: userId, until: new Date(untilMs), ...Object.fromEntries(devices) };
}

function deviceName(index: number): string {
  return `device_${index}`;
}
