import type { Client } from '@third-umpire/sdk';
import type { SeededRandom } from '../../estimators/seeded-random.ts';
import { pickProvider, type User } from './population.ts';
import { TRUTH } from './truth.ts';

/** What the simulation knows and no service does. */
export interface Observer {
  /** A unit was exposed to `upi_retry`; its chances of a deposit that succeeds without and with the retry. */
  onRetryExposure(user: User, withoutRetry: number, withRetry: number): void;
  /** A unit was exposed to `wallet_prompt`; its chances of joining without and with the prompt. */
  onPromptExposure(user: User, withoutPrompt: number, withPrompt: number, variant: string | null): void;
}

export interface SessionParts {
  readonly client: Client;
  readonly user: User;
  readonly random: SeededRandom;
  readonly observer: Observer;
  /** Runs something after a delay, unless the evening ends before. */
  readonly later: (delayMs: number, work: () => void) => void;
}

const SPLIT = 'REASON_SPLIT';

/** One user's evening, as the services of the league live it: they ask the SDK where their paths differ, and publish what happened. */
export function playSession(parts: SessionParts): void {
  const { client, user, random, later } = parts;
  const publish = publisher(client, user);
  const contest = 'tonight';
  publish('contest_viewed', { contest });
  const card = showCard(parts);
  const joinRate = promptedJoinRate(parts, card.value === 'large' ? 1 + TRUTH.cardGainRatio : 1);
  if (random.uniform() < user.depositsRate) deposit(parts);
  const joins = random.uniform() < joinRate;
  later(300 + 1_200 * random.uniform(), () => {
    if (!joins) {
      publish('contest_abandoned', { contest });
      return;
    }
    publish('contest_joined', { contest });
    publish('team_created', { contest });
    publish('wallet_spent', { amount_paise: 4_900 });
    publish('match_entered', { contest });
  });
}

/** The contest service. Its bug: on Android the larger card sometimes crashes before the exposure is logged. */
function showCard({ client, user, random }: SessionParts): ReturnType<Client['evaluate']> {
  const card = client.evaluate('contest_card', user.context);
  const isLost =
    card.value === 'large' && user.context['os'] === 'android' && random.uniform() < TRUTH.cardExposureLossRatio;
  if (!isLost) client.expose('contest_card', user.context);
  return card;
}

/** The wallet service: shows the prompt, which keeps some users from joining. */
function promptedJoinRate({ client, user, observer }: SessionParts, gain: number): number {
  const prompt = client.expose('wallet_prompt', user.context);
  const without = Math.min(1, user.joinRate * gain);
  const withPrompt = without * (1 - TRUTH.promptLossRatio);
  if (prompt.reason === SPLIT) observer.onPromptExposure(user, without, withPrompt, prompt.variant);
  return prompt.value === true ? withPrompt : without;
}

/** The payment service: with the retry it asks another provider where the first one failed. */
function deposit({ client, user, random, observer, later }: SessionParts): void {
  const publish = publisher(client, user);
  const provider = pickProvider(random);
  const amount_paise = 10_000 * (1 + Math.floor(random.uniform() * 9));
  const retry = client.expose('upi_retry', user.context);
  if (retry.reason === SPLIT) {
    const { depositRate } = user;
    observer.onRetryExposure(user, depositRate, depositRate + (1 - depositRate) * TRUTH.retrySuccessRate);
  }
  publish('deposit_attempted', { provider, amount_paise });
  const firstSucceeds = random.uniform() < user.depositRate;
  const secondSucceeds = random.uniform() < TRUTH.retrySuccessRate;
  later(200 + 800 * random.uniform(), () => {
    if (firstSucceeds) publish('deposit_succeeded', { provider, amount_paise, attempts: 1 });
    else if (retry.value === true && secondSucceeds) {
      publish('deposit_succeeded', { provider: pickProvider(random), amount_paise, attempts: 2 });
    } else publish('deposit_failed', { provider, amount_paise, error_code: 'U30' });
  });
}

function publisher(client: Client, user: User): (type: string, properties: Record<string, unknown>) => void {
  return (type, properties) => {
    client.publish({ type, userId: user.id, anonymousId: user.device, properties });
  };
}
