import type { Gate, Scorecard, Verdict } from '../scorecard/scorecard.ts';

/** What a workflow keeps of a scorecard; the whole one is in the control store. */
export interface ScorecardSummary {
  readonly epoch: number;
  readonly computedAtMs: number;
  readonly verdict: Verdict;
  readonly summary: string;
  readonly winningVariant: string | null;
  readonly readouts: readonly {
    readonly metricKey: string;
    readonly role: 'primary' | 'secondary' | 'guardrail';
    readonly variant: string;
    readonly units: number;
    /** Variant over control minus 1; null where control's mean is not bounded away from 0. */
    readonly relativeLift: { readonly estimate: number; readonly lower: number; readonly upper: number } | null;
  }[];
  readonly gates: readonly Gate[];
}

/** Enough for any sensible experiment; a definition with hundreds of metrics must not fill the history. */
const MOST_READOUTS = 20;
const MOST_GATES = 20;

export function summarize(scorecard: Scorecard): ScorecardSummary {
  return {
    epoch: scorecard.epoch,
    computedAtMs: scorecard.computedAtMs,
    verdict: scorecard.verdict,
    summary: scorecard.summary,
    winningVariant: scorecard.winningVariant,
    readouts: scorecard.readouts.slice(0, MOST_READOUTS).map((readout) => ({
      metricKey: readout.metricKey,
      role: readout.role,
      variant: readout.variant,
      units: readout.controlUnits + readout.variantUnits,
      relativeLift: readout.relative,
    })),
    gates: scorecard.gates.slice(0, MOST_GATES),
  };
}
