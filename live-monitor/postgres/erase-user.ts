import { sql, type RawBuilder } from 'kysely';
import type { ErasedUser, FoundInBus } from '../../event-bus/port.ts';
import { lockWriters } from './apply-batch.ts';
import type { Database, Tx } from './schema.ts';

const PLACES = ['outcomes', 'units', 'unit_values', 'links'] as const;
type Place = (typeof PLACES)[number];

/** Counts the state that is kept of a user. */
export async function findUser(database: Database, user: ErasedUser): Promise<FoundInBus> {
  const found = [];
  for (const place of PLACES) {
    const { rows } = await sql<{ count: string }>`
      select count(*) from ${sql.table(`umpire_live_monitor.${place}`)} where ${isTheirs(place, user)}`.execute(
      database,
    );
    found.push({ place: `umpire_live_monitor.${place}`, rows: Number(rows[0]?.count ?? 0) });
  }
  return {
    found,
    query:
      'select count(*) from umpire_live_monitor.outcomes where occurred_at_ms <= :until and (user_id = :user or (user_id is null and anonymous_id = any(:devices))); ' +
      'the same for units (unit_id, first_exposed_at_ms), unit_values (unit_id) and links (user_id, device_id)',
    notes: [],
  };
}

/** Removes the state of a user, between two batches. His units count nowhere any more. */
export async function eraseUser(database: Database, user: ErasedUser): Promise<void> {
  await database.transaction().execute(async (tx) => {
    await lockWriters(tx);
    // Values first: they go with the units.
    for (const place of ['unit_values', 'units', 'outcomes', 'links'] as const) await remove(tx, place, user);
  });
}

async function remove(tx: Tx, place: Place, user: ErasedUser): Promise<void> {
  await sql`delete from ${sql.table(`umpire_live_monitor.${place}`)} where ${isTheirs(place, user)}`.execute(tx);
}

function isTheirs(place: Place, { userId, deviceIds, untilMs }: ErasedUser): RawBuilder<boolean> {
  const ids = sql`${[userId, ...deviceIds]}::text[]`;
  const devices = sql`${[...deviceIds]}::text[]`;
  const until = sql`${untilMs}::bigint`;
  switch (place) {
    case 'outcomes':
      return sql<boolean>`(occurred_at_ms <= ${until} and (user_id = ${userId} or (user_id is null and (
        anonymous_id = any(${devices}) or properties ->> 'unit_id' = any(${ids})))))`;
    case 'units':
      return sql<boolean>`(unit_id = any(${ids}) and first_exposed_at_ms <= ${until})`;
    case 'unit_values':
      return sql<boolean>`(unit_id = any(${ids}) and exists (
        select from umpire_live_monitor.units unit where unit.experiment_key = unit_values.experiment_key
          and unit.epoch = unit_values.epoch and unit.unit_id = unit_values.unit_id
          and unit.first_exposed_at_ms <= ${until}))`;
    case 'links':
      return sql<boolean>`(user_id = ${userId} or device_id = any(${devices}))`;
  }
}
