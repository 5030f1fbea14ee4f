import type { EventBus } from '../event-bus/port.ts';
import type { LiveMonitor } from '../live-monitor/live-monitor.ts';
import type { Ingest } from '../warehouse/ingest.ts';
import type { Warehouse } from '../warehouse/port.ts';

/** How many events are at each place on their way, each hop having caught up with the one before. */
export interface EventCounts {
  /** Places in the bus that were ever taken, in all partitions. */
  readonly inBus: number;
  readonly deadLetters: number;
  /** Rows of `raw_events`. */
  readonly rows: number;
  /** Events that ingest met a second time and did not store again. */
  readonly duplicates: number;
  /** Places in the bus that the live monitor has taken in. */
  readonly monitored: number;
}

export interface CountedParts {
  readonly bus: EventBus;
  readonly warehouse: Warehouse;
  readonly ingest: Ingest;
  readonly monitor: LiveMonitor;
}

const MAX_DEAD_LETTERS = 100_000;

/** Waits until everything published so far was ingested and taken in by the live monitor, and counts. */
export async function countEvents({ bus, warehouse, ingest, monitor }: CountedParts): Promise<EventCounts> {
  await Promise.all([ingest.caughtUp(), monitor.caughtUp()]);
  const [ends, letters, positions] = await Promise.all([
    bus.endOffsets(),
    bus.deadLetters({ limit: MAX_DEAD_LETTERS }),
    monitor.positions(),
  ]);
  const [counts] = await warehouse.query<{ row_count: number; duplicates: number }>({
    sql: `SELECT (SELECT COUNT(*) FROM raw_events) AS row_count,
                 (SELECT COALESCE(SUM(duplicate_count), 0) FROM ingest_offsets) AS duplicates`,
    parameters: {},
  });
  return {
    inBus: sumOf(ends.values()),
    deadLetters: letters.length,
    rows: counts?.row_count ?? 0,
    duplicates: counts?.duplicates ?? 0,
    monitored: sumOf(positions.values()),
  };
}

function sumOf(offsets: Iterable<bigint>): number {
  let sum = 0n;
  for (const offset of offsets) sum += offset;
  return Number(sum);
}
