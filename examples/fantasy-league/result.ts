import type { ContestPricing } from './contest-pricing.ts';

/** What the platform concluded about one experiment, beside what is true. Effects are relative to control. */
export interface ExperimentResult {
  readonly key: string;
  readonly verdict: 'ship' | 'rollback' | 'invalid' | 'inconclusive' | 'none';
  /** Null where no effect is shown. */
  readonly estimate: number | null;
  readonly interval: readonly [number, number] | null;
  readonly metric: string | null;
  readonly truth: number | null;
  /** Why, in a sentence. */
  readonly reason: string;
  readonly expected: ExperimentResult['verdict'];
  readonly isAsExpected: boolean;
}

export interface DemoResult {
  readonly seed: number;
  readonly bus: 'embedded' | 'kafka';
  readonly experiments: readonly ExperimentResult[];
  /** The National Supported Work experiment. */
  readonly nsw: unknown;
  /** Users who compete for seats: what a user-level experiment says, what a switchback says, and what is true. */
  readonly contestPricing: ContestPricing & {
    /** Why the platform refuses the user-level experiment. */
    readonly refusal: string;
  };
  readonly timings: {
    readonly firstHarmfulExposureToBreachMs: number | null;
    /** From the breach to the last of the SDKs serving control. */
    readonly breachToLastControlMs: number | null;
    readonly sdksOnControl: number;
    readonly sdks: number;
    readonly setUpMs: number;
    readonly backfillMs: number;
    readonly eveningMs: number;
  };
  readonly events: {
    readonly backfilled: number;
    readonly sessions: number;
    readonly dropped: number;
    readonly undelivered: number;
    /** Acknowledged to the SDKs, with the history. */
    readonly published: number;
    /** Every place in the bus. */
    readonly inBus: number;
    readonly deadLetters: number;
    /** Rows of `raw_events`. */
    readonly rows: number;
    /** Met a second time by ingest, and not stored again. */
    readonly duplicates: number;
    /** Places in the bus that the live monitor has taken in. */
    readonly monitored: number;
  };
  readonly addresses: { readonly temporalUi: string; readonly grpc: string };
}

const LONGEST_TO_CONTROL_MS = 5_000;

/** What is not as it should be, a sentence each; empty when the platform kept every promise. */
export function shortcomingsOf({ experiments, contestPricing, timings, events }: DemoResult): string[] {
  const shortcomings = experiments.flatMap(({ key, verdict, expected, reason }) =>
    verdict === expected ? [] : [`${key}: expected ${expected}, the verdict is ${verdict}: ${reason}`],
  );
  const { breachToLastControlMs: toControlMs, sdks, sdksOnControl } = timings;
  if (sdksOnControl < sdks) shortcomings.push(`only ${sdksOnControl} of ${sdks} SDKs served control after the breach`);
  if (toControlMs !== null && toControlMs >= LONGEST_TO_CONTROL_MS) {
    shortcomings.push(
      `${toControlMs} ms from the breach to the last SDK on control, not under ${LONGEST_TO_CONTROL_MS}`,
    );
  }
  const lost = events.dropped + events.undelivered;
  if (lost > 0) shortcomings.push(`${lost} events of the evening did not reach the platform`);
  return [...shortcomings, ...wrongPrices(contestPricing), ...disagreementsOf(events)];
}

/** An interval of 95 % misses the truth on one evening in twenty; one of four standard errors does not. */
const SURELY_OFF = 4;

function wrongPrices({ switchback, userLevel, refusal }: DemoResult['contestPricing']): string[] {
  const shortcomings: string[] = [];
  if (Math.abs(switchback.error) > SURELY_OFF * switchback.standardError)
    shortcomings.push(`contest_pricing: the switchback is off by ${switchback.error.toFixed(1)} seats`);
  if (userLevel.isTruthInside) shortcomings.push('contest_pricing: the user-level reading should have been wrong');
  if (refusal === '') shortcomings.push('contest_pricing: a user-level experiment on shared seats was not refused');
  return shortcomings;
}

/** Every event is at every hop, once. */
function disagreementsOf(events: DemoResult['events']): string[] {
  const { published, inBus, deadLetters, rows, duplicates, monitored } = events;
  const equal = (what: string, found: number, expected: number): string[] =>
    found === expected ? [] : [`${what}: ${found}, not ${expected}`];
  return [
    ...equal('events in the warehouse and dead letters', rows + deadLetters, published),
    ...equal('events in the warehouse and duplicates', rows + duplicates, inBus),
    ...equal('events that the live monitor took in', monitored, inBus),
  ];
}
