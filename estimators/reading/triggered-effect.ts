import { differenceOfMeans, type Effect } from '../effect.ts';
import type { Moments } from '../moments.ts';

/** An arm, split by whether the change could be seen at all. */
export interface TriggeredArm {
  /** Units that came to where the arms differ. */
  readonly triggered: Moments;
  /** Assigned units that did not. */
  readonly untriggeredCount: number;
}

export interface TriggeredEffect {
  /** Among triggered units, treatment minus control, in the metric's unit per triggered unit. */
  readonly amongTriggered: Effect;
  /** Share of the assigned units that triggered, over both arms. */
  readonly triggeredRatio: number;
  /** The effect on the mean over all assigned units. */
  readonly overall: Effect;
}

/**
 * Dilution: what an effect among triggered units is worth over all assigned ones. Where units that do not trigger cannot be affected, the overall
 * effect is the triggered effect times the share that triggers: r·Δ, whose variance is r² var(Δ) + Δ² r (1 − r) / N. That is less than the variance of
 * the difference over all assigned units, whose untriggered units add noise and no effect. For means per unit and proportions; a ratio of sums and a
 * quantile are not diluted by the share of units.
 *
 * Holds only where triggering is the same in both arms (test the split of the triggered units) and untriggered units do not differ.
 *
 * Source: A. Deng, V. Hu, "Diluted treatment effect estimation for trigger analysis in online controlled experiments", WSDM 2015; the
 * variance by the delta method, as the share and the triggered means are independent given which units triggered.
 *
 * @throws RangeError for fewer than two triggered units in an arm, or counts that cannot be
 */
export function triggeredEffect(control: TriggeredArm, treatment: TriggeredArm): TriggeredEffect {
  const amongTriggered = differenceOfMeans(control.triggered, treatment.triggered);
  for (const { untriggeredCount } of [control, treatment])
    if (!Number.isSafeInteger(untriggeredCount) || untriggeredCount < 0)
      throw new RangeError(
        `triggered: untriggered units must be a whole number of at least 0, got ${untriggeredCount}`,
      );
  const triggeredCount = control.triggered.count + treatment.triggered.count;
  const count = triggeredCount + control.untriggeredCount + treatment.untriggeredCount;
  const triggeredRatio = triggeredCount / count;
  const { estimate, standardError } = amongTriggered;
  const ofShare = (estimate * estimate * triggeredRatio * (1 - triggeredRatio)) / count;
  return {
    amongTriggered,
    triggeredRatio,
    overall: {
      estimate: triggeredRatio * estimate,
      standardError: Math.sqrt((triggeredRatio * standardError) ** 2 + ofShare),
    },
  };
}
