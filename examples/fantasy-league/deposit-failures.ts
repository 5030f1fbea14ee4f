import { seededRandom, type SeededRandom } from '../../estimators/seeded-random.ts';
import type { Event, JsonObject } from '../../event-bus/event.ts';

/** What a failed first deposit truly does, and how the world is confounded. */
export interface DepositWorld {
  readonly seed: number;
  readonly users: number;
  /** What a user whose first deposit fails spends more over the next 7 days because of it, in rupees; negative: less. */
  readonly effectRupees: number;
  /** How strongly something that no event tells moves failures, spending and calls to support; 0: not at all. */
  readonly hidden?: number;
  /** When the questions are asked, in ms since 1970 UTC. */
  readonly asOfMs: number;
}

const DAY_MS = 86_400_000;
const REGIONS = ['north', 'south', 'east', 'west'] as const;
const NETWORKS = ['poor', 'fair', 'good'] as const;
const METHODS = ['upi', 'card', 'netbanking'] as const;

/**
 * Deposits that fail more often on bad networks, in some regions and for users who spend little, all of which also move what is spent afterwards: the plain
 * difference of the groups is wrong, and what is right is known.
 */
export function* depositFailures(world: DepositWorld): Generator<Event> {
  const random = seededRandom(world.seed);
  for (let user = 0; user < world.users; user += 1) yield* lifeOf(`depositor-${user}`, world, random);
}

function* lifeOf(
  userId: string,
  { effectRupees, hidden = 0, asOfMs }: DepositWorld,
  random: SeededRandom,
): Generator<Event> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random.uniform() * of.length)] as T;
  const [region, network] = [pick(REGIONS), pick(NETWORKS)];
  const [interest, unseen] = [random.normal(), random.normal()];
  const zeroMs = Math.floor(asOfMs - (8 + 12 * random.uniform()) * DAY_MS);
  const event = (eventType: string, timestampMs: number, properties: JsonObject): Event => ({
    eventId: uuidOf(random),
    eventType,
    schemaVersion: 1,
    userId,
    anonymousId: null,
    timestampMs: Math.floor(timestampMs),
    serviceName: 'fantasy-league',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties,
  });
  const opened = {
    region,
    device: pick(['android', 'ios']),
    app_version: pick(['7.1', '7.2', '8.0']),
    language: pick(['en', 'hi', 'ta']),
  };
  yield event('app_opened', zeroMs - (20 + 30 * random.uniform()) * DAY_MS, {
    ...opened,
    network_quality: pick(NETWORKS),
  });
  yield event('app_opened', zeroMs - (1 + random.uniform()) * DAY_MS, { ...opened, network_quality: network });
  const spentBefore = Math.max(10, 200 + 60 * interest + 10 * random.normal());
  for (const share of [0.4, 0.6])
    yield event('wallet_spent', zeroMs - (10 + 15 * random.uniform()) * DAY_MS, {
      amount_paise: Math.round(100 * share * spentBefore),
    });
  for (let join = 0; join < 3 + Math.round(interest); join += 1)
    yield event('contest_joined', zeroMs - (2 + 20 * random.uniform()) * DAY_MS, { contest: `past-${join}` });
  const logit =
    -1.1 +
    { poor: 1, fair: 0, good: -0.6 }[network] +
    { north: 0.4, south: 0, east: -0.3, west: 0.2 }[region] -
    0.6 * interest +
    hidden * unseen;
  const isFailed = random.uniform() < 1 / (1 + Math.exp(-logit));
  const amount_paise = 10_000;
  const provider = 'payu';
  yield event('deposit_attempted', zeroMs, { provider, amount_paise, method: pick(METHODS) });
  yield isFailed
    ? event('deposit_failed', zeroMs + 4_000, { provider, amount_paise, error_code: 'U30' })
    : event('deposit_succeeded', zeroMs + 4_000, { provider, amount_paise, attempts: 1 });
  const spent =
    120 +
    25 * interest +
    { poor: -8, fair: 0, good: 6 }[network] +
    { north: -6, south: 0, east: 5, west: -2 }[region] +
    25 * hidden * unseen +
    (isFailed ? effectRupees : 0) +
    14 * random.normal();
  yield event('wallet_spent', zeroMs + (1 + 5 * random.uniform()) * DAY_MS, {
    amount_paise: Math.max(0, Math.round(100 * spent)),
  });
  // Who tries again later, and whether that fails, moves nobody between the groups.
  if (random.uniform() < 0.3) {
    yield event('deposit_attempted', zeroMs + 3 * DAY_MS, { provider, amount_paise, method: 'upi' });
    yield event('deposit_failed', zeroMs + 3 * DAY_MS + 4_000, { provider, amount_paise, error_code: 'U30' });
  }
  const calls = Math.max(0, Math.round(2 + 1.5 * hidden * unseen + 0.8 * random.normal()));
  for (let call = 0; call < calls; call += 1)
    yield event('support_contacted', zeroMs + (1 + 4 * random.uniform()) * DAY_MS, { topic: 'rules' });
}

/** A UUID of version 4 out of seeded draws. */
function uuidOf(random: SeededRandom): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(16 * random.uniform()).toString(16));
  hex[12] = '4';
  hex[16] = '8';
  const text = hex.join('');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}
