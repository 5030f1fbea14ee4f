import { seededRandom } from '../../estimators/seeded-random.ts';
import type { EventBatch } from '../../event-bus/port.ts';

type BatchEvent = EventBatch['events'][number];
const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const START_MS = Date.UTC(2026, 3, 1);
export const NOW_MS = START_MS + 8 * DAY_MS;

/** Events with all that makes counting hard: units that cross, exposures by no split, repeated ids, open windows, nobody's outcomes. */
export function ownEvents(): BatchEvent[] {
  const random = seededRandom(7);
  const all: BatchEvent[] = [];
  const push = (eventType: string, timestampMs: number, changes: Partial<BatchEvent>): void => {
    const offset = all.length;
    all.push({
      eventId: `event-${random.uniform() < 0.02 ? offset - 1 : offset}`,
      schemaVersion: 1,
      userId: null,
      anonymousId: null,
      serviceName: 'test',
      experimentKey: null,
      epoch: null,
      variant: null,
      decisionId: null,
      properties: {},
      ingestedAtMs: timestampMs,
      offset: BigInt(offset),
      eventType,
      timestampMs,
      ...changes,
    });
  };
  for (let unit = 0; unit < 4_000; unit += 1) {
    const userId = `u${unit}`;
    const variant = random.uniform() < 0.5 ? 'control' : 'retry';
    const exposedAtMs = START_MS + Math.floor(random.uniform() * 7.5 * DAY_MS);
    const expose = (timestampMs: number, arm: string, reason = 'REASON_SPLIT'): void =>
      push('exposure', timestampMs, {
        userId,
        experimentKey: 'upi_retry',
        epoch: 1,
        variant: arm,
        properties: {
          reason,
          unit_type: 'user',
          unit_id: userId,
          segments: { device: unit % 3 === 0 ? 'ios' : 'android' },
        },
      });
    if (random.uniform() < 0.05) expose(exposedAtMs - HOUR_MS, 'control', 'REASON_DEFAULT');
    expose(exposedAtMs, variant);
    if (random.uniform() < 0.3) expose(exposedAtMs + HOUR_MS, variant);
    if (random.uniform() < 0.02) expose(exposedAtMs + HOUR_MS, variant === 'retry' ? 'control' : 'retry');
    for (const [days, chance] of [
      [-0.5, 0.4],
      [0.1, variant === 'retry' ? 0.6 : 0.4],
      [0.9, 0.3],
      [3, 0.3],
    ] as const) {
      if (random.uniform() >= chance) continue;
      const method = ['upi', 'card', 'wallet'][Math.floor(random.uniform() * 3)] ?? '';
      const properties = { amount_paise: Math.floor(random.uniform() * 10_000), method };
      if (random.uniform() < 0.9) push('deposit_opened', exposedAtMs + days * DAY_MS - 60_000, { userId });
      const isNobodys = random.uniform() < 0.01;
      push('deposit_succeeded', exposedAtMs + days * DAY_MS, { userId: isNobodys ? null : userId, properties });
    }
  }
  return all;
}
