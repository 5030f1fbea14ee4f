import type { Row, Statement, StatementParameter } from '../../warehouse/port.ts';
import type { Dialect, TypedStatement } from '../dialect.ts';
import type { ErasedUnit } from '../erasure.ts';

export interface KeptUserRow extends Row {
  readonly place: string;
  readonly row_count: number;
}

/** Where a user is kept by id beside the events: with the first exposures, and with the links. */
export function keptUserQuery(dialect: Dialect, user: ErasedUnit): TypedStatement<KeptUserRow> {
  const { units, parameters } = unitsOf(user);
  return {
    sql: `-- One row per table: place, row_count.
SELECT 'unit_exposures' AS place, COUNT(*) AS row_count
FROM unit_exposures
WHERE ${areTheirs(dialect, units)}
UNION ALL
SELECT 'linked_users' AS place, COUNT(*) AS row_count
FROM linked_users
WHERE user_id = ${dialect.parameter('unit_0')}
ORDER BY place`,
    parameters,
  };
}

/** Removes them. Sums that they are part of stay; see `daily_statistics`. */
export function eraseKeptUser(dialect: Dialect, user: ErasedUnit): readonly Statement[] {
  const { units, parameters } = unitsOf(user);
  return [
    { sql: `DELETE FROM unit_exposures\nWHERE ${areTheirs(dialect, units)}`, parameters },
    {
      sql: `DELETE FROM linked_users\nWHERE user_id = ${dialect.parameter('unit_0')}`,
      parameters: { unit_0: user.userId },
    },
  ];
}

function areTheirs(dialect: Dialect, units: readonly string[]): string {
  return `unit_id IN (${units.map(dialect.parameter).join(', ')}) AND first_exposed_at <= ${dialect.parameter('until')}`;
}

/** The user and his devices. */
function unitsOf({ userId, deviceIds, untilMs }: ErasedUnit): {
  readonly units: readonly string[];
  readonly parameters: Readonly<Record<string, StatementParameter>>;
} {
  const named = [userId, ...deviceIds].map((id, index) => [`unit_${index}`, id] as const);
  return {
    units: named.map(([name]) => name),
    parameters: { ...Object.fromEntries(named), until: new Date(untilMs) },
  };
}
