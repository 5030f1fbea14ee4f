import { randomUUID } from 'node:crypto';
import { parseDefinitions } from '../../definitions/parse.ts';
import type { Definition } from '../../definitions/definition.ts';
import type { Event, JsonObject } from '../../event-bus/event.ts';
import { IDENTITY_LINKED } from '../../event-bus/schemas/identity.ts';
import type { EventTypeSchema } from '../../event-bus/schemas/event-type.ts';
import type { SeededRandom } from '../../estimators/seeded-random.ts';

export const EXPERIMENT = 'wallet_prompt';
const WINDOW_MS = 1_000;

export const EVENT_TYPES: readonly EventTypeSchema[] = [
  { key: 'contest_joined', version: 1, properties: { fee: { type: 'number' }, kind: { type: 'string' } } },
];

/** An experiment with a guardrail of each type of metric, one of them with a filter. */
export function experimentDocuments(): Definition[] {
  const metric = (key: string, fields: string): string => `
kind: metric
key: ${key}
owner: contests
event: contest_joined
window: ${WINDOW_MS}ms
goodDirection: increase
${fields}
---`;
  return parseDefinitions(
    `${metric('joined', 'type: proportion')}
${metric('joins', 'type: count\nwhere: [{ property: kind, operator: equals, value: paid }]')}
${metric('fees', 'type: sum\nproperty: fee')}
kind: experiment
key: ${EXPERIMENT}
hypothesis: It helps.
owner: contests
variants:
  - { key: control, value: false }
  - { key: prompt, value: true }
metrics:
  primary: joined
  guardrails:
    - { metric: joined, margin: 5% }
    - { metric: joins, margin: 90% }
    - { metric: fees, margin: 90% }
ramp: { stages: [{ percent: 100, hold: 1d }] }
`,
    'test',
  );
}

export interface MatchEvents {
  /** Exposure, outcomes and links of many users, in an order that a real log could have. */
  readonly events: readonly Event[];
}

function event(eventType: string, userId: string | null, timestampMs: number, fields: Partial<Event> = {}): Event {
  return {
    eventId: randomUUID(),
    eventType,
    schemaVersion: 1,
    userId,
    anonymousId: null,
    timestampMs,
    serviceName: 'test',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties: {},
    ...fields,
  };
}

export function exposure(
  unitId: string,
  userId: string | null,
  variant: string,
  atMs: number,
  reason = 'REASON_SPLIT',
): Event {
  const properties: JsonObject = {
    flag_key: EXPERIMENT,
    reason,
    unit_type: 'user',
    unit_id: unitId,
    ruleset_version: 2,
    segments: {},
  };
  const anonymousId = userId === null ? unitId : null;
  return event('exposure', userId, atMs, { anonymousId, experimentKey: EXPERIMENT, epoch: 1, variant, properties });
}

export function joined(
  userId: string | null,
  atMs: number,
  properties: JsonObject = {},
  anonymousId: string | null = null,
): Event {
  return event('contest_joined', userId, atMs, { anonymousId, properties });
}

function linked(userId: string, deviceId: string, atMs: number): Event {
  const properties = { user_id: userId, device_id: deviceId };
  return event(IDENTITY_LINKED, userId, atMs, { anonymousId: deviceId, properties });
}

/** Every hardship at once: duplicates, outcomes before their exposures, late first exposures, crossed units, links, other reasons. */
export function hardEvents(users: number, fromMs: number, random: SeededRandom): Event[] {
  const events: Event[] = [];
  for (let index = 0; index < users; index += 1) {
    const userId = `user-${index}`;
    const isLinked = random.uniform() < 0.2;
    const unitId = isLinked ? `device-${index}` : userId;
    const variant = random.uniform() < 0.5 ? 'control' : 'prompt';
    const atMs = fromMs + Math.floor(random.uniform() * 10_000);
    if (isLinked) events.push(linked(userId, unitId, atMs - 10));
    events.push(exposure(unitId, random.uniform() < 0.1 && isLinked ? null : userId, variant, atMs));
    if (random.uniform() < 0.1) events.push(exposure(unitId, userId, variant, atMs - 200));
    if (random.uniform() < 0.05)
      events.push(exposure(unitId, userId, variant === 'control' ? 'prompt' : 'control', atMs + 50));
    if (random.uniform() < 0.1) events.push(exposure(`killed-${index}`, userId, 'control', atMs, 'REASON_KILLED'));
    for (let count = Math.floor(random.uniform() * 4); count > 0; count -= 1) {
      const whenMs = atMs + Math.floor((random.uniform() * 1.6 - 0.3) * WINDOW_MS);
      const byDevice = isLinked && random.uniform() < 0.3;
      const properties = { fee: Math.floor(random.uniform() * 100), kind: random.uniform() < 0.5 ? 'paid' : 'free' };
      events.push(joined(byDevice ? null : userId, whenMs, properties, byDevice ? unitId : null));
    }
  }
  // Some arrive twice, and all in an order of their own.
  for (const twice of events.filter(() => random.uniform() < 0.1)) events.push(twice);
  return events
    .map((e) => ({ e, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ e }) => e);
}
