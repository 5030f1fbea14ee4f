import pg from 'pg';
import type { HealthPart } from './readiness.ts';

const TIMEOUT_MS = 2_000;

export interface PostgresProbe {
  part(role: Pick<HealthPart, 'isNeeded' | 'whileDown'>): HealthPart;
  close(): Promise<void>;
}

/** Asks PostgreSQL by a connection of its own, so that neither waits for the other's. */
export function probePostgres(url: string): PostgresProbe {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: 'umpire health',
  });
  // A lost connection shows in the next check.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    part: (role) => ({
      ...role,
      name: 'PostgreSQL',
      check: async () => {
        await pool.query('select 1');
        return 'answers';
      },
    }),
    close: () => pool.end(),
  };
}
