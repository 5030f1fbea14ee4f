import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import type { Event } from '../../event-bus/event.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { OUTCOME_REGISTRY, outcomes, seededRandom } from './outcomes.ts';

const BATCH = 500;
const FAILURES = 4;

/** Where the room ends: within the journal of the first rows, and within the first checkpoint (over which DuckDB gives itself up). */
for (const megabytes of [5, 18]) {
  test(`a warehouse whose disk of ${megabytes} MB is full goes on when there is room again`, async (t) => {
    const disk = smallDisk(megabytes);
    if (disk === null) {
      t.skip('a disk of its own can only be mounted by root on Linux');
      return;
    }
    const postgres = await startTestPostgres();
    t.after(() => postgres.stop());
    const bus = await openEventLog({ url: postgres.url, registry: OUTCOME_REGISTRY });
    const warehouse = await openDuckDb({ file: path.join(disk.folder, 'warehouse.duckdb') });
    t.after(async () => {
      await bus.close();
      await warehouse.close();
      disk.unmount();
    });
    const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });

    const random = seededRandom(20_260_402);
    let sent = 0;
    const publish = async (): Promise<void> => {
      await bus.publish(outcomes(0, sent, BATCH).map((event) => bulky(event, random)));
      sent += BATCH;
    };
    while (ingest.statistics().failures < FAILURES) await Promise.all([publish(), setTimeout(5)]);
    const stored = ingest.statistics().rows;
    await publish();
    assert.ok(stored < sent, `${stored} of ${sent} events fitted`);
    disk.grow(megabytes + 200);
    await publish();
    await ingest.caughtUp();

    const [counts] = await warehouse.query<{ rows: number; ids: number }>({
      sql: 'SELECT COUNT(*) AS rows, COUNT(DISTINCT event_id) AS ids FROM raw_events',
      parameters: {},
    });
    t.diagnostic(`${sent} sent, ${stored} stored when the disk was full, ${counts?.rows} stored in the end`);
    assert.deepEqual(counts, { rows: sent, ids: sent });
    await ingest.stop();
  });
}

/** Text that does not compress: the disk has to be full soon. */
function bulky(event: Event, random: () => number): Event {
  const noise = Array.from({ length: 20 }, () => random().toString(36)).join('');
  return { ...event, serviceName: `payment ${noise}`.slice(0, 200) };
}

/** A disk in memory; `null` where none can be mounted. */
function smallDisk(megabytes: number): { folder: string; grow(megabytes: number): void; unmount(): void } | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'umpire-small-disk-'));
  const mount = (...args: string[]): void => void execFileSync('mount', args, { stdio: 'pipe' });
  try {
    mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
    throw error;
  }
  return {
    folder,
    grow: (to) => mount('-o', `remount,size=${to}m`, folder),
    unmount: () => {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
