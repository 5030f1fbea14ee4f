import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import type { ControlStore } from '../control-store/port.ts';
import { startConsumer } from '../event-bus/consumer/start-consumer.ts';
import type { Consumer, ErasedUser, EventBus, FoundInBus } from '../event-bus/port.ts';
import type { PublishedBreach } from './breach.ts';
import { findBreaches } from './find-breaches.ts';
import { applyBatch, loadPositions, nextOffset } from './postgres/apply-batch.ts';
import { armSums, type ArmSums } from './postgres/arm-sums.ts';
import { noteBreach, untoldBreaches } from './postgres/breaches.ts';
import { blamingEvents } from './postgres/refused-data.ts';
import { eraseUser, findUser } from './postgres/erase-user.ts';
import { migrate } from './postgres/migrations.ts';
import { SCHEMA, type Database, type LiveMonitorTables } from './postgres/schema.ts';
import { WatchList } from './postgres/watch-list.ts';
import { publishKill, tellOfBreach } from './publish-breach.ts';
import { repeat, type Repetition } from './repeat.ts';

export interface LiveMonitorOptions {
  readonly bus: EventBus;
  readonly controlStore: ControlStore;
  /** A PostgreSQL database; the monitor keeps to the schema `umpire_live_monitor`. */
  readonly databaseUrl: string;
  /** Tells the workflow of a kill that is already published. While it rejects it is called again, with backoff, also after a restart. */
  readonly onBreach: (breach: PublishedBreach) => Promise<void>;
  readonly logger: Logger;
  /** Ms since 1970 UTC; default: the machine's clock. */
  readonly clock?: () => number;
  /** The shortest time between two looks at the guardrails, in ms. A look that takes long is followed by a longer rest. */
  readonly checkEveryMs?: number;
}

export interface LiveMonitor {
  /** Resolves once everything published before the call was taken in. */
  caughtUp(): Promise<void>;
  /** The sums of an experiment's running epoch over the units matured at `asOfMs`; `null` where it is not watched. */
  sums(experimentKey: string, asOfMs: number): Promise<readonly ArmSums[] | null>;
  statistics(): LiveMonitorStatistics;
  /** Where it reads on, by partition; everything before was taken in. */
  positions(): Promise<ReadonlyMap<number, bigint>>;
  /** Counts the state that is kept of a user. */
  findUser(user: ErasedUser): Promise<FoundInBus>;
  /** Removes it. What is read after the erasure is the bus's to keep out. */
  eraseUser(user: ErasedUser): Promise<void>;
  /** Finishes what is at hand and resolves. */
  stop(): Promise<void>;
}

/** What happened since the monitor was started. */
export interface LiveMonitorStatistics {
  /** Experiments whose guardrails are looked at. */
  readonly watched: number;
  /** Looks at all of them. */
  readonly checks: number;
  readonly failedChecks: number;
  /** When all of them were looked at last; `null` before the first time. */
  readonly lastCheckAtMs: number | null;
  /** Experiments that were killed for a breach. */
  readonly kills: number;
  /** Breaches that the workflow could not be told of yet; each failed attempt counts. */
  readonly failedTellings: number;
}

const CHECK_EVERY_MS = 200;
const TELL_EVERY_MS = 1_000;
const MAX_BATCH_SIZE = 2_000;
export const CONSUMER_GROUP = 'live-monitor';

/**
 * Watches the guardrails of running experiments, unit by unit, straight from the event bus. On a breach it publishes the kill itself and
 * then tells the workflow, so that stepping back to control needs neither Temporal nor the warehouse. Its state and its place in
 * the log change in one transaction: it can be ended at any moment and goes on where it was.
 */
export async function startLiveMonitor(options: LiveMonitorOptions): Promise<LiveMonitor> {
  const { bus, controlStore, logger } = options;
  const clock = options.clock ?? Date.now;
  const root = openDatabase(options.databaseUrl, logger);
  try {
    await migrate(root);
  } catch (error) {
    await root.destroy();
    throw error;
  }
  const database = root.withSchema(SCHEMA);
  const watchList = new WatchList(database, controlStore);
  await watchList.refresh();
  const consumer = await consume(bus, database, watchList, logger);

  const publisher = { ...options, database };
  const counts = { checks: 0, failedChecks: 0, lastCheckAtMs: null as number | null, kills: 0, failedTellings: 0 };
  async function check(): Promise<void> {
    await watchList.refresh();
    for (const experiment of watchList.watched.values()) {
      const nowMs = clock();
      const [breach] = findBreaches(experiment, await armSums(database, experiment, nowMs), nowMs);
      if (breach === undefined) continue;
      logger.warn({ ...breach }, 'guardrail breached: killing the experiment');
      await noteBreach(database, breach);
      await publishKill(publisher, breach);
      counts.kills += 1;
    }
    counts.checks += 1;
    counts.lastCheckAtMs = clock();
  }
  // Apart from the checks, because a workflow service that hangs must not hold up the next kill.
  async function tell(): Promise<void> {
    const told = (await untoldBreaches(database)).map((breach) => tellOfBreach(publisher, breach));
    const failed = (await Promise.allSettled(told)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  const repetitions: readonly Repetition[] = [
    repeat(check, {
      everyMs: options.checkEveryMs ?? CHECK_EVERY_MS,
      onError: (error) => {
        counts.failedChecks += 1;
        problem(logger, 'guardrails could not be checked', error);
      },
    }),
    repeat(tell, {
      everyMs: TELL_EVERY_MS,
      onError: (error) => {
        counts.failedTellings += 1;
        problem(logger, 'a breach could not be passed on', error);
      },
    }),
  ];
  return {
    caughtUp: () => consumer.caughtUp(),
    sums: async (experimentKey, asOfMs) => {
      const watched = [...watchList.watched.values()].find((experiment) => experiment.experimentKey === experimentKey);
      return watched === undefined ? null : await armSums(database, watched, asOfMs);
    },
    statistics: () => ({ ...counts, watched: watchList.watched.size }),
    positions: () => loadPositions(database),
    findUser: (user) => findUser(database, user),
    eraseUser: (user) => eraseUser(database, user),
    stop: async () => {
      await consumer.stop();
      await Promise.all(repetitions.map((repetition) => repetition.stop()));
      await root.destroy();
    },
  };
}

async function consume(bus: EventBus, database: Database, watchList: WatchList, logger: Logger): Promise<Consumer> {
  return await startConsumer({
    bus,
    group: CONSUMER_GROUP,
    maxBatchSize: MAX_BATCH_SIZE,
    offsets: { load: (partition) => nextOffset(database, partition) },
    handle: async (batch) => {
      await watchList.refresh();
      await blamingEvents(() => applyBatch(database, batch, watchList.watched));
    },
    onDeadLetter: ({ event, error }) => {
      logger.error({ err: error, eventId: event.eventId }, 'an event cannot be taken in; it is in the dead letters');
    },
    onFailure: (error, batch, attempt) => {
      logger.error(
        { err: error, partition: batch.partition, attempt },
        'a batch could not be taken in; it is tried again',
      );
    },
  });
}

function openDatabase(url: string, logger: Logger): Kysely<LiveMonitorTables> {
  const pool = new pg.Pool({ connectionString: url, max: 6, keepAlive: true, application_name: 'umpire live monitor' });
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle connection to PostgreSQL was lost'));
  pool.on('connect', (client) =>
    client.on('error', (error) => logger.warn({ err: error }, 'a connection to PostgreSQL was lost')),
  );
  return new Kysely<LiveMonitorTables>({ dialect: new PostgresDialect({ pool }) });
}

function problem(logger: Logger, what: string, error: unknown): void {
  logger.error({ err: error }, `live monitor: ${what}; it is tried again`);
}
