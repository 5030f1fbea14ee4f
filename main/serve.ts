import type { Logger } from 'pino';
import { openCausalStore } from '../control-store/postgres/causal-questions.ts';
import { openErasureStore } from '../control-store/postgres/erasure/open.ts';
import { openControlStore } from '../control-store/postgres/open.ts';
import { forgetfulBus } from '../event-bus/forgetful-bus.ts';
import { startGrpcServer } from '../grpc-services/server.ts';
import { createCausalWorkflows } from '../workflows/causal-client.ts';
import { createErasureWorkflows } from '../workflows/erasure-client.ts';
import { createExperimentWorkflows } from '../workflows/experiment-client.ts';
import { requireDatabase, type Configuration } from './configuration.ts';
import { openHealth } from './health/health.ts';
import { eventBusPart, newestRulesetPart, rulesetPart, temporalPart } from './health/parts.ts';
import { probePostgres } from './health/postgres-probe.ts';
import { addPublishMetrics } from './metrics/event-metrics.ts';
import { addServeMetrics } from './metrics/serve-metrics.ts';
import { openEventBus } from './open-event-bus.ts';
import type { RunningProcess } from './process-life.ts';
import { startAll, type StartedParts } from './started-parts.ts';
import { lazyTemporalClient, temporalOptions } from './temporal.ts';

const DEFAULT_HTTP_ADDRESS = '127.0.0.1:7401';

/** Starts the gRPC services. Temporal is connected to when it is first needed: decisions and kills do without it. */
export async function startServe(configuration: Configuration, logger: Logger): Promise<RunningProcess> {
  const { started, parts } = await startAll((starting) => start(configuration, logger, starting));
  return {
    offers: started.offers,
    stop: async () => {
      started.health.drain();
      await parts.stop();
    },
  };
}

async function start(configuration: Configuration, logger: Logger, parts: StartedParts) {
  const url = requireDatabase(configuration);
  const http = configuration.UMPIRE_HTTP_ADDRESS ?? DEFAULT_HTTP_ADDRESS;
  const health = parts.add(await openHealth({ address: http, processName: 'serve' }), (each) => each.stop());
  const postgres = parts.add(probePostgres(url), (each) => each.close());
  const controlStore = parts.add(await openControlStore({ url, logger }), (each) => each.close());
  const erasures = parts.add(await openErasureStore({ url, logger }), (each) => each.close());
  const causalQuestions = parts.add(await openCausalStore({ url, logger }), (each) => each.close());
  const eventBus = parts.add(forgetfulBus(await openEventBus(configuration, logger), erasures), (each) => each.close());
  const temporal = await temporalOptions(configuration);
  const client = parts.add(lazyTemporalClient(temporal), (each) => each.connection.close());
  const server = parts.add(
    await startGrpcServer({
      address: configuration.UMPIRE_ADDRESS,
      controlStore,
      eventBus,
      experimentWorkflows: createExperimentWorkflows(client, temporal),
      erasing: { store: erasures, workflows: createErasureWorkflows(client, temporal) },
      causal: { questions: causalQuestions, workflows: createCausalWorkflows(client, temporal) },
      logger,
    }),
    (each) => each.drain(),
  );
  addServeMetrics(health.metrics, () => server.statistics());
  addPublishMetrics(health.metrics, eventBus);
  // Nothing that is down makes the services unready while they can decide: a balancer that took them all away would make it worse.
  health.watch([
    postgres.part({
      isNeeded: false,
      whileDown: 'decisions go on by the ruleset in force; kills and changes wait until it is back',
    }),
    rulesetPart(() => server.statistics().ruleset),
    newestRulesetPart(() => server.statistics().ruleset),
    eventBusPart(eventBus, {
      isNeeded: false,
      whileDown: 'decisions go on; publishers are told to send their events again, and SDKs do',
    }),
    temporalPart(client, temporal),
  ]);
  logger.info({ address: server.address, health: `http://${health.address}` }, 'serving');
  return { health, offers: { address: server.address, http: health.address } };
}
