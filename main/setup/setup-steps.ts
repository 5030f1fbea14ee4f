import type { Logger } from 'pino';
import { requireDatabase, type Configuration } from '../configuration.ts';
import { controlStoreStep, eventBusStep, liveMonitorStep, warehouseStep } from './database-steps.ts';
import type { SetupStep } from './step.ts';
import { schedulesStep, searchAttributesStep } from './temporal-steps.ts';

/** Everything that `umpire setup` makes, in the order in which it is needed. */
export function setupSteps(configuration: Configuration, logger: Logger): readonly SetupStep[] {
  const url = requireDatabase(configuration);
  return [
    controlStoreStep(url, logger),
    eventBusStep(configuration, logger),
    liveMonitorStep(url),
    // The embedded warehouse is a file that its owner makes.
    ...(configuration.BIGQUERY_PROJECT === undefined ? [] : [warehouseStep(configuration, logger)]),
    searchAttributesStep(configuration),
    schedulesStep(configuration),
  ];
}
