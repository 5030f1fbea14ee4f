import type { Outcome } from '@third-umpire/sdk';
import { seededRandom, type SeededRandom } from '../../estimators/seeded-random.ts';
import { pickProvider, type User } from './population.ts';

const DAY_MS = 86_400_000;
export const HISTORY_DAYS = 60;

/** What a user did on the evenings of the last 60 days, before any experiment: what CUPED compares him with. */
export function* historyOf(users: readonly User[], endsAtMs: number, seed: number): Generator<Outcome> {
  const random = seededRandom(seed ^ 0x5eed);
  for (const user of users) {
    for (let left = user.evenings; left > 0; left -= 1) {
      if (random.uniform() >= left) continue;
      const atMs = Math.floor(endsAtMs - 60_000 - random.uniform() * HISTORY_DAYS * DAY_MS);
      yield* evening(user, atMs, random);
    }
  }
}

function* evening(user: User, atMs: number, random: SeededRandom): Generator<Outcome> {
  const event = (type: string, afterMs: number, properties: Outcome['properties']): Outcome => ({
    type,
    userId: user.id,
    anonymousId: user.device,
    timestampMs: atMs + afterMs,
    properties: properties ?? {},
  });
  const contest = `match-${Math.floor(atMs / DAY_MS)}`;
  yield event('contest_viewed', 0, { contest });
  if (random.uniform() < user.depositsRate) {
    const provider = pickProvider(random);
    const amount_paise = 10_000 * (1 + Math.floor(random.uniform() * 9));
    yield event('deposit_attempted', 5_000, { provider, amount_paise });
    yield random.uniform() < user.depositRate
      ? event('deposit_succeeded', 9_000, { provider, amount_paise, attempts: 1 })
      : event('deposit_failed', 9_000, { provider, amount_paise, error_code: 'U30' });
  }
  yield event(random.uniform() < user.joinRate ? 'contest_joined' : 'contest_abandoned', 20_000, { contest });
}
