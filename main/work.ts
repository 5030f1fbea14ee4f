import type { Logger } from 'pino';
import { createActivities, type Activities } from '../activities/activities.ts';
import { createJudge, createJudgeTogether } from '../activities/judge.ts';
import { createDailyStatistics } from '../judge/daily-statistics.ts';
import type { ControlStore } from '../control-store/port.ts';
import type { ErasureStore } from '../control-store/erasure-port.ts';
import type { CausalStore } from '../control-store/causal-port.ts';
import { openCausalStore } from '../control-store/postgres/causal-questions.ts';
import { openErasureStore } from '../control-store/postgres/erasure/open.ts';
import { openControlStore } from '../control-store/postgres/open.ts';
import { forgetfulBus } from '../event-bus/forgetful-bus.ts';
import type { EventBus } from '../event-bus/port.ts';
import { createResultTables } from '../judge/result-tables.ts';
import { startLiveMonitor, type LiveMonitor } from '../live-monitor/live-monitor.ts';
import { startIngest, type Ingest } from '../warehouse/ingest.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { createExperimentWorkflows } from '../workflows/experiment-client.ts';
import { requireDatabase, type Configuration } from './configuration.ts';
import { erasableStores } from './erasable-stores.ts';
import { countEvents } from './event-counts.ts';
import { openHealth } from './health/health.ts';
import { eventBusPart, temporalWorkerPart, warehousePart } from './health/parts.ts';
import { probePostgres } from './health/postgres-probe.ts';
import { addConsumeMetrics } from './metrics/event-metrics.ts';
import { measureWarehouse } from './metrics/measured-warehouse.ts';
import { addWorkMetrics } from './metrics/work-metrics.ts';
import { keepLogShort, openEventBus } from './open-event-bus.ts';
import { openWarehouse, warehouseName } from './open-warehouse.ts';
import type { RunningProcess } from './process-life.ts';
import { startAll, type StartedParts } from './started-parts.ts';
import { lazyTemporalClient, temporalOptions } from './temporal.ts';
import { keepWorking } from './temporal-worker.ts';

const DEFAULT_HTTP_ADDRESS = '127.0.0.1:7402';

/**
 * Starts what works on events: ingest into the warehouse, the live monitor, and the Temporal worker. The only owner of the DuckDB file.
 * Ingest and the live monitor run on while Temporal is down; the worker joins when it is back.
 */
export async function startWork(configuration: Configuration, logger: Logger): Promise<RunningProcess> {
  const { started, parts } = await startAll((starting) => start(configuration, logger, starting));
  return {
    offers: started.offers,
    answers: started.answers,
    stop: async () => {
      started.health.drain();
      await parts.stop();
    },
  };
}

async function start(configuration: Configuration, logger: Logger, parts: StartedParts) {
  const url = requireDatabase(configuration);
  const http = configuration.UMPIRE_HTTP_ADDRESS ?? DEFAULT_HTTP_ADDRESS;
  const health = parts.add(await openHealth({ address: http, processName: 'work' }), (each) => each.stop());
  const postgres = parts.add(probePostgres(url), (each) => each.close());
  const controlStore = parts.add(await openControlStore({ url, logger }), (each) => each.close());
  const erasures = parts.add(await openErasureStore({ url, logger }), (each) => each.close());
  const questions = parts.add(await openCausalStore({ url, logger }), (each) => each.close());
  const bus = parts.add(forgetfulBus(await openEventBus(configuration, logger), erasures), (each) => each.close());
  parts.add(keepLogShort(configuration, logger), (each) => each?.stop() ?? Promise.resolve());
  const measuredWarehouse = measureWarehouse(
    parts.add(await openWarehouse(configuration, logger), (each) => each.close()),
  );
  const { warehouse } = measuredWarehouse;
  const ingest = parts.add(await startIngest({ bus, warehouse, logger }), (each) => each.stop());
  const temporal = await temporalOptions(configuration);
  const client = parts.add(lazyTemporalClient(temporal), (each) => each.connection.close());
  const experiments = createExperimentWorkflows(client, temporal);
  const monitor = parts.add(
    await startLiveMonitor({
      bus,
      controlStore,
      databaseUrl: url,
      logger,
      onBreach: ({ experimentKey, kill }) => experiments.killed(experimentKey, kill),
    }),
    (each) => each.stop(),
  );
  const activities = openActivities({ warehouse, controlStore, ingest, bus, erasures, monitor, questions });
  const worker = parts.add(keepWorking({ configuration, temporal, client, activities, logger }), (each) => each.stop());
  addConsumeMetrics(health.metrics, bus);
  addWorkMetrics(health.metrics, { ingest, monitor, worker, warehouse: measuredWarehouse });
  const whileDown = 'ingest and the live monitor stand still and go on where they were';
  health.watch([
    postgres.part({ isNeeded: true, whileDown }),
    eventBusPart(bus, { isNeeded: true, whileDown }),
    warehousePart(warehouse.dialectName, measuredWarehouse),
    temporalWorkerPart(worker),
  ]);
  const warehouseAt = warehouseName(configuration);
  logger.info({ warehouse: warehouseAt, health: `http://${health.address}` }, 'working');
  const answers = { 'event counts': () => countEvents({ bus, warehouse, ingest, monitor }) };
  return { health, offers: { warehouse: warehouseAt, http: health.address }, answers };
}

interface ActivityPorts {
  readonly warehouse: Warehouse;
  readonly controlStore: ControlStore;
  readonly ingest: Ingest;
  readonly bus: EventBus;
  readonly erasures: ErasureStore;
  readonly monitor: LiveMonitor;
  readonly questions: CausalStore;
}

function openActivities({
  warehouse,
  controlStore,
  ingest,
  bus,
  erasures,
  monitor,
  questions,
}: ActivityPorts): Activities {
  const parts = { warehouse, controlStore, clock: Date.now };
  const daily = createDailyStatistics(parts);
  const judge = createJudge(parts, daily);
  const judgeTogether = createJudgeTogether(parts, daily);
  return createActivities({
    controlStore,
    causal: { questions, controlStore, warehouse, clock: Date.now, caughtUp: () => ingest.caughtUp() },
    erasure: { erasures, stores: erasableStores({ erasures, bus, monitor, warehouse }) },
    results: {
      tables: createResultTables({ warehouse, clock: Date.now }),
      deadLetters: (options) => bus.deadLetters(options),
    },
    // A judgement is of everything that was published when it was asked for.
    judge: async (experimentKey) => {
      await ingest.caughtUp();
      return await judge(experimentKey);
    },
    judgeTogether: async (experimentKeys) => {
      await ingest.caughtUp();
      return await judgeTogether(experimentKeys);
    },
  });
}
