import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { startTestStore, type TestStore } from '../control-store/testing/test-store.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import type { Event } from '../event-bus/event.ts';
import type { EventBus } from '../event-bus/port.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import { createRegistry } from '../event-bus/schemas/registry.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { startIngest } from '../warehouse/ingest.ts';
import { duckDb } from '../warehouse-sql/dialect.ts';
import { scorecardQuery, type ScorecardRow } from '../warehouse-sql/scorecard-queries.ts';
import type { PublishedBreach } from './breach.ts';
import { startLiveMonitor, type LiveMonitor } from './live-monitor.ts';
import { EVENT_TYPES, EXPERIMENT, experimentDocuments, exposure, hardEvents, joined } from './testing/match-events.ts';

const logger = pino({ level: 'silent' });

describe('live monitor', () => {
  let bench: TestStore;
  let bus: EventBus;
  let databaseUrl: string;

  before(async () => {
    bench = await startTestStore();
    databaseUrl = bench.server.url;
    bus = await openEventLog({ url: databaseUrl, registry: createRegistry(EVENT_TYPES) });
    await bench.put(experimentDocuments());
    await bench.run(EXPERIMENT);
  });
  after(async () => {
    await bus.close();
    await bench.stop();
  });

  const start = (overrides: Partial<Parameters<typeof startLiveMonitor>[0]> = {}): Promise<LiveMonitor> =>
    startLiveMonitor({
      bus,
      controlStore: bench.store,
      databaseUrl,
      logger,
      onBreach: () => Promise.resolve(),
      ...overrides,
    });

  async function publish(events: readonly Event[]): Promise<void> {
    const results = await bus.publish(events);
    assert.deepEqual(new Set(results.map(({ status }) => status)), new Set(['accepted']));
  }

  /** What the warehouse counts, of everything published so far. */
  async function warehouseSums(asOfMs: number) {
    const warehouse = await openDuckDb({ file: ':memory:' });
    const ingest = await startIngest({ bus, warehouse, logger });
    await ingest.caughtUp();
    const metrics = experimentDocuments().filter((document) => document.kind === 'metric');
    const analysis = { experimentKey: EXPERIMENT, epoch: 1, unitType: 'user', asOfMs };
    const rows = await warehouse.query<ScorecardRow>(scorecardQuery(duckDb, analysis, metrics));
    await ingest.stop();
    await warehouse.close();
    return rows.flatMap(({ part, metric, variant, units, sum_y: sum, sum_yy: sumOfSquares }) => {
      const metricKey = metrics[metric]?.key ?? '';
      return part === 'matured' ? [{ metricKey, variant, units, sum, sumOfSquares }] : [];
    });
  }

  test('at equal offsets it equals the warehouse, also after restarts in the middle', async (context) => {
    const fromMs = Date.now() - 60_000;
    const events = hardEvents(1_500, fromMs, seededRandom(7));
    // Nothing is checked meanwhile: this test is about the sums.
    const quiet = { checkEveryMs: 3_600_000 };
    const part = Math.ceil(events.length / 4);
    for (let begin = 0; begin < events.length; begin += part) {
      const monitor = await start(quiet);
      await publish(events.slice(begin, begin + part));
      await monitor.caughtUp();
      await monitor.stop();
    }
    const monitor = await start(quiet);
    await monitor.caughtUp();
    for (const asOfMs of [fromMs + 4_000, fromMs + 8_000, Date.now()]) {
      const seen = await monitor.sums(EXPERIMENT, asOfMs);
      const expected = await warehouseSums(asOfMs);
      assert.ok(expected.some(({ units }) => units > 100));
      const key = (row: { metricKey: string; variant: string }): string => `${row.metricKey}/${row.variant}`;
      const sorted = <R extends { metricKey: string; variant: string }>(rows: readonly R[]): R[] =>
        rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
      assert.deepEqual(sorted(seen ?? []), sorted(expected));
      context.diagnostic(`${expected.reduce((sum, { units }) => sum + units, 0) / 3} matured units are equal`);
    }
    await monitor.stop();
  });

  test('a breach is killed with the workflow service down, and told once it is back, also by another monitor', async () => {
    const atMs = Date.now() - 30_000;
    const random = seededRandom(8);
    const harmful: Event[] = [];
    for (let index = 0; index < 3_000; index += 1) {
      const userId = `breach-${index}`;
      const variant = index % 2 === 0 ? 'control' : 'prompt';
      harmful.push(exposure(userId, userId, variant, atMs));
      if (random.uniform() < (variant === 'control' ? 0.6 : 0.2)) harmful.push(joined(userId, atMs + 100));
    }
    const killed = new Promise<number>((resolve) => {
      void bench.store.watchRulesets((ruleset) => {
        if (ruleset.kills.length > 0) resolve(ruleset.version);
      });
    });
    let refusals = 0;
    const down = await start({
      onBreach: () => {
        refusals += 1;
        return Promise.reject(new Error('Temporal is down'));
      },
    });
    await publish(harmful);
    await killed;
    const record = await bench.store.getExperiment(EXPERIMENT);
    assert.equal(record.isKilled, true);
    assert.match(
      record.statusReason,
      /killed by live-monitor: guardrail joined of variant prompt: .* is beyond a harm of 5/,
    );
    await down.stop();

    const told = new Promise<PublishedBreach>((resolve) => {
      void start({
        onBreach: (breach) => {
          resolve(breach);
          return Promise.resolve();
        },
      }).then((up) => monitors.push(up));
    });
    const breach = await told;
    assert.equal(breach.experimentKey, EXPERIMENT);
    assert.equal(breach.kill.actor.name, 'live-monitor');
    const audit = await bench.store.listAudit({ subject: EXPERIMENT, limit: 100 });
    assert.equal(audit.filter(({ action }) => action === 'kill').length, 1, `killed once, refused ${refusals} times`);
    for (const monitor of monitors) await monitor.stop();
  });

  const monitors: LiveMonitor[] = [];
});
