import type { Client } from '@temporalio/client';
import type { EventBus } from '../../event-bus/port.ts';
import type { RulesetStatistics } from '../../grpc-services/statistics/grpc-statistics.ts';
import type { MeasuredWarehouse } from '../metrics/measured-warehouse.ts';
import { temporalFailure } from '../temporal-failure.ts';
import type { KeptWorker } from '../temporal-worker.ts';
import type { TemporalOptions } from '../temporal.ts';
import type { HealthPart } from './readiness.ts';

type Role = Pick<HealthPart, 'isNeeded' | 'whileDown'>;

/** Leaves time to find out why it does not answer. */
const TEMPORAL_DEADLINE_MS = 1_000;

export function eventBusPart(bus: Pick<EventBus, 'endOffsets'>, role: Role): HealthPart {
  return {
    ...role,
    name: 'event bus',
    check: async () => `${(await bus.endOffsets()).size} partitions`,
  };
}

/** The services are not started before they have one, so this part is never down: it tells by which ruleset decisions are made. */
export function rulesetPart(ruleset: () => RulesetStatistics): HealthPart {
  return {
    name: 'ruleset',
    isNeeded: true,
    whileDown: 'every decision is the default of its caller',
    check: () => {
      const { version, publishedAtMs, experiments } = ruleset();
      const when = publishedAtMs === null ? '' : `, published at ${new Date(publishedAtMs).toISOString()}`;
      return `version ${version} with ${experiments} experiments is compiled${when}`;
    },
  };
}

/** Down where what was published last is not what decides. */
export function newestRulesetPart(ruleset: () => RulesetStatistics): HealthPart {
  return {
    name: 'newest ruleset',
    isNeeded: false,
    whileDown: 'the last good one stays in force; mend the definition that it names',
    check: () => {
      const { refusal } = ruleset();
      if (refusal !== null) throw new Error(`version ${refusal.version} was refused: ${refusal.reason}`);
      return 'is in force';
    },
  };
}

export function temporalPart(
  client: Pick<Client, 'connection' | 'workflowService'>,
  options: TemporalOptions,
): HealthPart {
  return {
    name: 'Temporal',
    isNeeded: false,
    whileDown: 'decisions, events and kills go on; experiments can be neither started nor steered',
    check: async () => {
      try {
        const { serverVersion } = await client.connection.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, () =>
          client.workflowService.getSystemInfo({}),
        );
        return serverVersion === '' ? 'answers' : `answers; server ${serverVersion}`;
      } catch (error) {
        throw await temporalFailure(error, options);
      }
    },
  };
}

export function temporalWorkerPart({ state }: Pick<KeptWorker, 'state'>): HealthPart {
  return {
    name: 'Temporal worker',
    isNeeded: false,
    whileDown: 'ingest and the live monitor go on; ramps and scorecards stand still and go on where they were',
    check: () => {
      const { isRunning, problem, starts, version } = state();
      if (!isRunning) throw new Error(problem ?? 'it is being started');
      const as = version === null ? 'runs' : `runs as build ${version.buildId} of ${version.deploymentName}`;
      return starts === 1 ? as : `${as}; it was started ${starts} times`;
    },
  };
}

/** Told by what ingest does all the time: asking a warehouse costs money in some. */
export function warehousePart(name: string, { appendFailure }: Pick<MeasuredWarehouse, 'appendFailure'>): HealthPart {
  return {
    name: 'warehouse',
    isNeeded: true,
    whileDown: 'the live monitor goes on; events wait in the bus and are ingested when it is back',
    check: () => {
      const failure = appendFailure();
      if (failure !== null) throw new Error(`events cannot be appended: ${failure}`);
      return `${name} takes events`;
    },
  };
}
