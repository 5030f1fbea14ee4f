import pg from 'pg';
import { startScratchPostgres } from '../parts/scratch-postgres.ts';
import type { BareMessage, BusUnderTest } from './bus-under-test.ts';
import { inBatches } from './workload.ts';

const CONNECTIONS = 4;
const READ_SIZE = 5_000;

/** The embedded log. Its floor: bare INSERTs of ready texts, a thousand at a time over four connections, and bare SELECTs. */
export async function startEmbedded(): Promise<BusUnderTest> {
  const server = await startScratchPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: CONNECTIONS });
  // An idle connection ends with the server, which is stopped last.
  pool.on('error', () => undefined);
  await pool.query(
    `CREATE TABLE bare_events (round integer, position bigint, event json NOT NULL, PRIMARY KEY (round, position))`,
  );
  return {
    kind: 'embedded',
    address: server.url,
    bareProduce: (round, messages) => insert(pool, round, messages),
    bareConsume: (round, count) => select(pool, round, count),
    stop: async () => {
      await pool.end();
      await server.stop();
    },
  };
}

async function insert(pool: pg.Pool, round: number, messages: readonly BareMessage[]): Promise<number> {
  const startedAtMs = performance.now();
  const batches = inBatches(messages).entries();
  const worker = async (): Promise<void> => {
    for (const [number, batch] of batches) {
      await pool.query(
        `INSERT INTO bare_events SELECT $1, $2::bigint + item.position, item.event::json
         FROM unnest($3::text[]) WITH ORDINALITY AS item (event, position)`,
        [round, number * batch.length, batch.map(({ text }) => text)],
      );
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return performance.now() - startedAtMs;
}

async function select(pool: pg.Pool, round: number, count: number): Promise<number> {
  const startedAtMs = performance.now();
  let read = 0;
  for (let after = -1n; read < count;) {
    const { rows } = await pool.query<{ position: string; event: string }>(
      'SELECT position, event::text FROM bare_events WHERE round = $1 AND position > $2 ORDER BY position LIMIT $3',
      [round, String(after), READ_SIZE],
    );
    if (rows.length === 0) throw new Error(`only ${read} of ${count} events are there`);
    read += rows.length;
    after = BigInt(rows.at(-1)?.position ?? 0);
  }
  return performance.now() - startedAtMs;
}
