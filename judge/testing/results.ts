import type { EventBatch } from '../../event-bus/port.ts';
import type { Scorecard } from '../../scorecard/scorecard.ts';
import type { Warehouse } from '../../warehouse/port.ts';

export const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 3, 1);

const READOUT = {
  metricKey: 'deposited',
  role: 'primary',
  goodDirection: 'increase',
  valueUnit: 'share of units',
  variant: 'retry',
  controlMean: 0.4,
  variantMean: 0.5,
  controlUnits: 1_000,
  variantUnits: 1_010,
  absolute: { estimate: 0.1, lower: 0.05, upper: 0.15 },
  relative: { estimate: 0.25, lower: 0.1, upper: Infinity },
  pValue: 0.001,
  method: 'asymptotic confidence sequence at 95.0 %',
  adjustedPValue: null,
  varianceRemovedRatio: null,
} as const;

/** One of `upi_retry`: its primary has an effect, its guardrail none yet. */
export function scorecard(changes: Partial<Scorecard> = {}): Scorecard {
  return {
    experimentKey: 'upi_retry',
    epoch: 1,
    computedAtMs: START_MS,
    verdict: 'keep-running',
    summary: 'No verdict yet.',
    winningVariant: null,
    split: {
      pValue: 0.4,
      threshold: 0.0005,
      isMismatch: false,
      counts: [{ variant: 'control', units: 7, expectedUnits: 7 }],
      suspectSegments: [],
    },
    look: null,
    readouts: [READOUT],
    segments: [],
    gates: [{ gate: 'guardrail', metricKey: 'failed', status: 'waiting', reason: 'failed: no matured units yet' }],
    leftOut: { crossedUnits: 3, notRandomExposures: 4, immatureUnits: {} },
    ...changes,
  };
}

/** Exposures of `upi_retry`, so many days after the start. */
export function exposures(
  partition: number,
  fromOffset: number,
  dayOf: readonly [unit: string, days: number][],
): EventBatch {
  return {
    partition,
    nextOffset: BigInt(fromOffset + dayOf.length),
    events: dayOf.map(([unit, days], index) => ({
      eventId: `${partition}-${fromOffset + index}`,
      eventType: 'exposure',
      schemaVersion: 1,
      userId: unit,
      anonymousId: null,
      timestampMs: START_MS + days * DAY_MS,
      serviceName: 'test',
      experimentKey: 'upi_retry',
      epoch: 1,
      variant: 'retry',
      decisionId: null,
      properties: { reason: 'REASON_SPLIT', unit_type: 'user', unit_id: unit },
      ingestedAtMs: START_MS,
      offset: BigInt(fromOffset + index),
    })),
  };
}

/** Day, exposures, units. */
export async function dailyCounts(warehouse: Pick<Warehouse, 'query'>): Promise<readonly (readonly unknown[])[]> {
  const sql = 'SELECT exposure_date, exposures, units FROM exposures_daily ORDER BY exposure_date';
  const rows = await warehouse.query({ sql, parameters: {} });
  return rows.map((row) => [row['exposure_date'], row['exposures'], row['units']]);
}
