import { EXPOSURE, type StoredEvent } from '../event-bus/event.ts';
import type { EventBatch } from '../event-bus/port.ts';
import { IDENTITY_LINKED } from '../event-bus/schemas/identity.ts';
import { isCounted } from './metric-value.ts';
import { epochKey, type WatchedExperiment } from './watched-experiment.ts';

/** What one batch of events says about the watched experiments. */
export interface Observations {
  readonly exposures: readonly ObservedExposure[];
  readonly outcomes: readonly ObservedOutcome[];
  readonly links: readonly { readonly userId: string; readonly deviceId: string }[];
}

export interface ObservedExposure {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly unitId: string;
  readonly variant: string;
  readonly occurredAtMs: number;
  readonly offset: bigint;
}

export interface ObservedOutcome {
  readonly eventId: string;
  readonly eventType: string;
  readonly userId: string | null;
  readonly anonymousId: string | null;
  readonly occurredAtMs: number;
  readonly properties: StoredEvent['properties'];
}

/** How far the clock of a service may be behind the platform's: outcomes so much older than an experiment's start are still kept. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

/** Picks what matters to the watched experiments. Only a random split is evidence; every other exposure is passed over. */
export function observe(events: EventBatch['events'], watched: ReadonlyMap<string, WatchedExperiment>): Observations {
  const metrics = [...watched.values()].flatMap(({ guardrails }) => guardrails.map(({ metric }) => metric));
  const oldestMs = Math.min(...[...watched.values()].map(({ startedAtMs }) => startedAtMs)) - CLOCK_TOLERANCE_MS;
  const exposures: ObservedExposure[] = [];
  const outcomes: ObservedOutcome[] = [];
  const links: { userId: string; deviceId: string }[] = [];
  for (const event of events) {
    if (event.eventType === EXPOSURE) {
      const exposure = exposureOf(event);
      if (exposure !== null && watched.has(epochKey(exposure))) exposures.push(exposure);
    } else if (event.eventType === IDENTITY_LINKED) {
      const { user_id: userId, device_id: deviceId } = event.properties;
      if (typeof userId === 'string' && typeof deviceId === 'string') links.push({ userId, deviceId });
    }
    if (event.timestampMs >= oldestMs && metrics.some((metric) => isCounted(metric, event))) {
      outcomes.push(outcomeOf(event));
    }
  }
  return { exposures, outcomes, links };
}

function exposureOf(event: EventBatch['events'][number]): ObservedExposure | null {
  const { experimentKey, epoch, variant, properties } = event;
  const unitId = properties['unit_id'];
  if (experimentKey === null || epoch === null || variant === null) return null;
  if (properties['reason'] !== 'REASON_SPLIT' || typeof unitId !== 'string') return null;
  return { experimentKey, epoch, variant, unitId, occurredAtMs: event.timestampMs, offset: event.offset };
}

function outcomeOf({ eventId, eventType, userId, anonymousId, timestampMs, properties }: StoredEvent): ObservedOutcome {
  return { eventId, eventType, userId, anonymousId, occurredAtMs: timestampMs, properties };
}
