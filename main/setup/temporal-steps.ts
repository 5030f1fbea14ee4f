import type { Client } from '@temporalio/client';
import { ensureSchedules, isScheduled } from '../../workflows/schedules.ts';
import { ensureSearchAttributes, missingSearchAttributes } from '../../workflows/search-attributes.ts';
import type { Configuration } from '../configuration.ts';
import { connectTemporalClient, temporalOptions } from '../temporal.ts';
import type { SetupStep } from './step.ts';

/** What workflows are found by. The namespace itself is the operator's to make: it has a retention time and a price. */
export function searchAttributesStep(configuration: Configuration): SetupStep {
  return {
    name: 'search attributes of Temporal',
    missing: () =>
      withClient(configuration, async (client) => {
        const missing = await missingSearchAttributes(client);
        return missing.map((name) => `search attribute ${name}`);
      }),
    make: () => withClient(configuration, ensureSearchAttributes),
  };
}

export function schedulesStep(configuration: Configuration): SetupStep {
  return {
    name: 'schedules of Temporal',
    missing: () =>
      withClient(configuration, async (client) =>
        (await isScheduled(client)) ? [] : ['the schedule that refreshes scorecards'],
      ),
    make: () =>
      withClient(configuration, (client) =>
        ensureSchedules(client, {
          everyMs: configuration.UMPIRE_SCORECARD_EVERY_MS,
          taskQueue: configuration.UMPIRE_TASK_QUEUE,
        }),
      ),
  };
}

async function withClient<Result>(
  configuration: Configuration,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectTemporalClient(await temporalOptions(configuration));
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}
