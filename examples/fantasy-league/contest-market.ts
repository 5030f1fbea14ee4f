import { seededRandom, type SeededRandom } from '../../estimators/seeded-random.ts';

/** One hour of one region: who looked at its contests, and how many seats there were. */
export interface MarketHour {
  readonly region: string;
  readonly startMs: number;
  readonly seats: number;
  /** A user each, in the order of their coming: the highest share of the fee's charm at which he joins. */
  readonly reluctance: readonly number[];
}

export const HOUR_MS = 3_600_000;
const REGIONS: Readonly<Record<string, number>> = { KA: 260, TN: 220, MH: 300, DL: 180, WB: 150, GJ: 120 };
/** A Monday. */
const START_MS = Date.UTC(2026, 5, 1);
/** Seats for each user of an hour of average demand. */
const SEATS_RATIO = 0.34;
/** How much of the noise of one hour is left in the next. */
const PERSISTENCE = 0.7;
const NOISE = 0.12;

/** Share of users who want a seat, by fee. */
export const WANTING = { control: 0.28, lower_fee: 0.42 } as const;
export type Fee = keyof typeof WANTING;

/** Two weeks of every region: demand has a daily cycle and a memory, seats have neither. */
export function createMarket(days: number, seed: number): MarketHour[] {
  const random = seededRandom(seed);
  return Object.entries(REGIONS).flatMap(([region, usersAnHour]) => {
    let noise = 0;
    return Array.from({ length: days * 24 }, (_, hour) => {
      noise = PERSISTENCE * noise + NOISE * random.normal();
      const cycle = 1 + 0.35 * Math.sin((2 * Math.PI * (hour % 24)) / 24);
      const expected = usersAnHour * cycle * Math.exp(noise);
      return {
        region,
        startMs: START_MS + hour * HOUR_MS,
        seats: Math.round(SEATS_RATIO * usersAnHour),
        reluctance: reluctances(expected, random),
      };
    });
  });
}

function reluctances(expected: number, random: SeededRandom): number[] {
  const users = Math.max(1, Math.round(expected + Math.sqrt(expected) * random.normal()));
  return Array.from({ length: users }, () => random.uniform());
}

/** Who gets a seat when each user sees his fee: first come, first served, until the seats are gone. */
export function seatsTaken({ reluctance, seats }: MarketHour, feeOf: (user: number) => Fee): boolean[] {
  let left = seats;
  return reluctance.map((limit, user) => {
    const joins = left > 0 && limit < WANTING[feeOf(user)];
    if (joins) left -= 1;
    return joins;
  });
}
