import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { ControlServiceService } from '@third-umpire/proto/umpire/control/v1/control';
import { EventServiceService } from '@third-umpire/proto/umpire/events/v1/events';
import type { Logger } from 'pino';
import type { ControlStore } from '../control-store/port.ts';
import type { EventBus } from '../event-bus/port.ts';
import { Evaluator } from './assignment/evaluator.ts';
import { forgetErasedLinks } from './assignment/forget-links.ts';
import { ASSIGNMENT_SERVICE, createAssignmentService } from './assignment/service.ts';
import { CausalServiceService } from '@third-umpire/proto/umpire/causal/v1/causal';
import { createCausalService, type CausalServiceParts } from './causal/service.ts';
import type { Erasing } from './control/erasures.ts';
import type { ExperimentWorkflows } from './control/experiment-workflows.ts';
import { createControlService } from './control/service.ts';
import { rememberingExposedUsers } from './events/exposed-users.ts';
import { createEventService } from './events/service.ts';
import { addReflection, Health } from './health-and-reflection.ts';
import { PublishedRulesets } from './published-rulesets.ts';
import { createRulesetService, RULESET_SERVICE } from './ruleset/service.ts';
import { CallStatistics } from './statistics/call-statistics.ts';
import { statisticsOf, type GrpcStatistics } from './statistics/grpc-statistics.ts';

export interface GrpcServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly controlStore: ControlStore;
  readonly eventBus: EventBus;
  readonly experimentWorkflows: ExperimentWorkflows;
  /** Default: users cannot be erased through this server. */
  readonly erasing?: Erasing;
  /** Default: no causal questions are taken here. */
  readonly causal?: Pick<CausalServiceParts, 'questions' | 'workflows'>;
  readonly logger: Logger;
  /** Ms since 1970 UTC; default: the machine's clock. */
  readonly clock?: () => number;
}

export interface GrpcServer {
  /** `host:port` as it is listened on. */
  readonly address: string;
  /** What happened since it was started. */
  statistics(): GrpcStatistics;
  /** Takes nothing new, ends the streams, lets what runs finish for at most ten seconds, and stops. */
  drain(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const DRAIN_TIMEOUT_MS = 10_000;
/** As many as are remembered; a user whose link is older is linked again at the start of his session. */
const MAX_LINKS = 500_000;

/** Starts every service in one process. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { controlStore, eventBus, erasing, logger } = options;
  const clock = options.clock ?? Date.now;
  const rulesets = await PublishedRulesets.open(controlStore, logger);
  const draining = new AbortController();
  // Every open stream listens.
  setMaxListeners(0, draining.signal);
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const markUsersExposed = rememberingExposedUsers((userIds) => controlStore.markUsersExposed(userIds));
  const evaluator = new Evaluator(rulesets, clock);
  // A server that is started anew decides for linked users as the one before it did.
  for (const { userId, deviceId } of await controlStore.listLinks(MAX_LINKS)) evaluator.links.set(userId, deviceId);
  const forgetting = erasing === undefined ? null : forgetErasedLinks(evaluator.links, erasing.store, logger);
  const calls = new CallStatistics();
  const common = { logger, clock, draining: draining.signal };
  const add = (definition: ServiceDefinition, implementation: UntypedServiceImplementation): void =>
    server.addService(definition, calls.measured(definition, implementation));
  add(ASSIGNMENT_SERVICE, createAssignmentService({ ...common, evaluator, controlStore, eventBus }));
  add(RULESET_SERVICE, createRulesetService({ ...common, rulesets }));
  add(EventServiceService, { ...createEventService({ ...common, eventBus, markUsersExposed }) });
  add(ControlServiceService, { ...createControlService({ ...options }) });
  if (options.causal !== undefined)
    add(CausalServiceService, { ...createCausalService({ ...common, ...options.causal }) });
  const health = new Health(options.causal === undefined ? [] : ['umpire.causal.v1.CausalService']);
  health.addTo(server);
  await addReflection(server);
  const port = await bind(server, options.address);
  health.set('SERVING');
  return {
    address: `${options.address.slice(0, options.address.lastIndexOf(':'))}:${port}`,
    statistics: () => statisticsOf({ calls, evaluator, rulesets }),
    drain: async () => {
      health.set('NOT_SERVING');
      draining.abort();
      await shutDown(server, logger);
      forgetting?.stop();
      await rulesets.close();
    },
  };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`the gRPC server cannot listen on ${address}: ${error.message}`, { cause: error }));
    });
  });
}

async function shutDown(server: Server, logger: Logger): Promise<void> {
  const finished = new Promise<'finished'>((resolve) => {
    server.tryShutdown((error) => {
      if (error !== undefined) logger.debug({ err: error }, 'the gRPC server was stopped already');
      resolve('finished');
    });
  });
  const timeout = new AbortController();
  const expired = delay(DRAIN_TIMEOUT_MS, 'expired' as const, { signal: timeout.signal });
  const outcome = await Promise.race([finished, expired]);
  timeout.abort();
  expired.catch(() => undefined);
  if (outcome === 'finished') return;
  logger.warn(`calls still ran after ${DRAIN_TIMEOUT_MS} ms; they were ended`);
  server.forceShutdown();
}
