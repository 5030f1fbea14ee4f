import type { Registry } from 'prom-client';
import type { ConsumerLag } from '../../event-bus/metrics.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { addCounter, addGauge } from './scraped.ts';

/** What this process publishes. */
export function addPublishMetrics(registry: Registry, bus: Pick<EventBus, 'metrics'>): void {
  addCounter(registry, {
    name: 'umpire_events_published_total',
    help: 'Events that publishers handed in and that are durable: accepted, or dead_lettered with the reason.',
    labelNames: ['result'],
    read: () => {
      const { published, deadLettered } = bus.metrics();
      return [
        { labels: { result: 'accepted' }, value: published },
        { labels: { result: 'dead_lettered' }, value: deadLettered },
      ];
    },
  });
  addCounter(registry, {
    name: 'umpire_event_bus_failed_attempts_total',
    help: 'Attempts to store a batch of events that failed and were made again.',
    read: () => [{ value: bus.metrics().failedAttempts }],
  });
  addGauge(registry, {
    name: 'umpire_event_bus_waiting_events',
    help: 'Events that wait to be stored; their publishers wait for the acknowledgement.',
    read: () => [{ value: bus.metrics().waiting }],
  });
}

/** What this process consumes, by consumer group and partition. */
export function addConsumeMetrics(registry: Registry, bus: Pick<EventBus, 'metrics'>): void {
  const labelNames = ['group', 'partition'];
  addGauge(registry, {
    name: 'umpire_consumer_lag_events',
    help: 'How far a consumer group is behind the end of a partition that this process reads.',
    labelNames,
    read: () => bus.metrics().consumers.map((consumer) => ({ labels: labelsOf(consumer), value: consumer.lag })),
  });
  addCounter(registry, {
    name: 'umpire_consumer_events_total',
    help: 'Events that a consumer group handled since this process took the partition; from 0 when it is taken anew.',
    labelNames,
    read: () => bus.metrics().consumers.map((consumer) => ({ labels: labelsOf(consumer), value: consumer.handled })),
  });
}

function labelsOf({ group, partition }: ConsumerLag): Record<string, string> {
  return { group, partition: String(partition) };
}
