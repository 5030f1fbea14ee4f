import type { AbsoluteEffect } from './result.ts';

/** Whether an arm of another experiment changes an effect. */
export interface InteractionReading {
  /** The column of the other experiment. */
  readonly experiment: string;
  readonly otherArm: string;
  readonly otherControl: string;
  readonly metric: string;
  readonly arm: string;
  /** Of all four cells. */
  readonly units: number;
  /** Arm minus control among units in the other experiment's control, in the metric's unit. */
  readonly effectWithout: number;
  /** The same among units in the other arm. */
  readonly effectWith: number;
  /** The one minus the other. */
  readonly difference: AbsoluteEffect;
  readonly pValue: number;
  readonly adjustedPValue: number;
}

/** An effect among the units that triggered, and what it is worth over all assigned ones. */
export interface DilutionReading {
  readonly metric: string;
  readonly arm: string;
  /** Share of the assigned units that triggered. */
  readonly triggeredRatio: number;
  /** Of both arms. */
  readonly triggeredUnits: number;
  /** Per triggered unit. */
  readonly amongTriggered: AbsoluteEffect & { readonly pValue: number };
  /** Per assigned unit. */
  readonly overall: AbsoluteEffect & { readonly pValue: number };
}

/** How the effect on the primary metric changes over the days since a unit's first row. */
export interface TrendReading {
  readonly metric: string;
  readonly arm: string;
  /** Units that had this many days are read. */
  readonly dayCount: number;
  readonly units: { readonly control: number; readonly arm: number };
  /** Change of the effect from one day to the next. */
  readonly slopePerDay: AbsoluteEffect & { readonly pValue: number };
  /** Effect per day over the first half of the days. */
  readonly firstHalf: AbsoluteEffect & { readonly pValue: number };
  readonly secondHalf: AbsoluteEffect & { readonly pValue: number };
  readonly reading: 'fades' | 'grows' | 'not shown';
}
