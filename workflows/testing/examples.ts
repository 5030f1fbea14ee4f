import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import type { Scorecard, Verdict } from '../../scorecard/scorecard.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A ramp of a month: 1 %, 5 %, 25 %, 50 %, a week each. */
export function exampleDefinition(changes: Partial<ExperimentDefinition> = {}): ExperimentDefinition {
  return {
    kind: 'experiment',
    key: 'upi_retry',
    hypothesis: 'Retrying a failed UPI payment raises completed deposits.',
    owner: 'payments',
    flag: 'upi_retry',
    unit: 'user',
    layer: 'upi_retry',
    variants: [
      { key: 'control', value: false, weightBasisPoints: 5_000 },
      { key: 'retry', value: true, weightBasisPoints: 5_000 },
    ],
    control: 'control',
    targeting: null,
    segments: [],
    metrics: { primary: 'deposit_rate', secondary: [], guardrails: [] },
    stopping: { rule: 'always-valid', alpha: 0.05 },
    approval: { required: false },
    ramp: {
      stages: [1, 5, 25, 50].map((percent) => ({ percent, holdMs: 7 * DAY_MS })),
      calendar: null,
      blackouts: [],
    },
    runtime: { minimumMs: 7 * DAY_MS, maximumMs: 90 * DAY_MS },
    holdback: { percent: 0, forMs: 0 },
    ...changes,
  };
}

export function exampleScorecard(verdict: Verdict, changes: Partial<Scorecard> = {}): Scorecard {
  return {
    experimentKey: 'upi_retry',
    epoch: 1,
    computedAtMs: 0,
    verdict,
    summary: `The verdict is ${verdict}.`,
    winningVariant: verdict === 'ship' ? 'retry' : null,
    split: null,
    look: null,
    readouts: [],
    segments: [],
    gates: [],
    leftOut: { crossedUnits: 0, notRandomExposures: 0, immatureUnits: {} },
    ...changes,
  };
}
