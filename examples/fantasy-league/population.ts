import { seededRandom, type SeededRandom } from '../../estimators/seeded-random.ts';

/** One simulated user: what services know of him, and how he behaves. */
export interface User {
  /** What services give to the SDK; the ids are in it. */
  readonly context: Readonly<Record<string, string | number>>;
  readonly id: string;
  readonly device: string;
  /** Chance that a first deposit attempt succeeds. */
  readonly depositRate: number;
  /** Chance that he joins a contest that he looks at. */
  readonly joinRate: number;
  /** Chance that an evening includes a deposit. */
  readonly depositsRate: number;
  /** Evenings on which he came, in the last 60 days, on average. */
  readonly evenings: number;
}

const REGIONS = ['MH', 'KA', 'TN', 'UP', 'DL', 'WB', 'GJ', 'TS'] as const;
const LANGUAGES = ['hi', 'en', 'ta', 'mr', 'bn', 'te'] as const;
const SOURCES = ['organic', 'ads', 'referral'] as const;
const VERSIONS = ['6.9.4', '7.0.2', '7.1.0', '7.1.3', '7.2.0', '7.2.0', '7.2.1'] as const;
const PROVIDERS = ['razorpay', 'cashfree', 'paytm'] as const;

/** The fantasy league's users; the same for the same seed. */
export function createPopulation(count: number, seed: number): User[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => createUser(index, random));
}

function createUser(index: number, random: SeededRandom): User {
  const cityTier = pick([1, 2, 2, 3, 3], random);
  const networkQuality = pick(cityTier === 1 ? ['good', 'good', 'fair'] : ['good', 'fair', 'poor'], random);
  const os = random.bernoulli(0.72) === 1 ? 'android' : 'ios';
  const penalty = networkQuality === 'poor' ? 0.18 : networkQuality === 'fair' ? 0.08 : 0;
  const id = `user-${index}`;
  const device = `device-${index}`;
  return {
    id,
    device,
    depositRate: bounded(0.7 - penalty + 0.12 * random.normal()),
    joinRate: bounded(0.62 + 0.15 * random.normal()),
    depositsRate: 0.7,
    evenings: random.exponential(1.5),
    context: {
      user: id,
      device,
      region: pick(REGIONS, random),
      city_tier: cityTier,
      network_quality: networkQuality,
      os,
      app_version: pick(VERSIONS, random),
      language: pick(LANGUAGES, random),
      signup_age_days: Math.floor(random.exponential(240)),
      wallet_state: pick(['empty', 'low', 'funded'], random),
      traffic_source: pick(SOURCES, random),
    },
  };
}

export function pickProvider(random: SeededRandom): string {
  return pick(PROVIDERS, random);
}

function pick<T>(choices: readonly T[], random: SeededRandom): T {
  const choice = choices[Math.floor(random.uniform() * choices.length)];
  if (choice === undefined) throw new RangeError('there is nothing to pick from');
  return choice;
}

function bounded(rate: number): number {
  return Math.min(0.97, Math.max(0.05, rate));
}
