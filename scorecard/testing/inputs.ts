import type { ExperimentRecord } from '../../control-store/port.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import type { MetricDefinition } from '../../definitions/metric.ts';
import type { MetricStatistics, ScorecardInput } from '../build.ts';

const DAY_MS = 86_400_000;
const STARTED_AT_MS = Date.UTC(2026, 3, 1);

export function metricDefinition(key: string, goodDirection: MetricDefinition['goodDirection']): MetricDefinition {
  return {
    kind: 'metric',
    key,
    owner: 'payments',
    description: key,
    type: 'proportion',
    event: 'deposit_succeeded',
    property: null,
    where: [],
    windowMs: DAY_MS,
    goodDirection,
    covariateMs: 0,
    valueUnit: 'deposits per unit',
  };
}

/** `deposited` is the primary, `failed` a guardrail with a margin of 5 %, one week to four. */
export function experimentDefinition(changes: Partial<ExperimentDefinition> = {}): ExperimentDefinition {
  return {
    kind: 'experiment',
    key: 'upi_retry',
    hypothesis: 'A retry saves deposits',
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
    segments: ['device'],
    metrics: {
      primary: 'deposited',
      secondary: [],
      guardrails: [{ metric: 'failed', marginRatio: 0.05 }],
    },
    stopping: { rule: 'always-valid', alpha: 0.05 },
    approval: { required: false },
    ramp: { stages: [{ percent: 50, holdMs: DAY_MS }], calendar: null, blackouts: [] },
    runtime: { minimumMs: 7 * DAY_MS, maximumMs: 28 * DAY_MS },
    holdback: { percent: 0, forMs: 0 },
    ...changes,
  };
}

export function experimentRecord(changes: Partial<ExperimentRecord> = {}): ExperimentRecord {
  return {
    key: 'upi_retry',
    epoch: 1,
    definitionVersion: 1,
    status: 'running',
    statusReason: '',
    stage: 1,
    enrolledBasisPoints: 5_000,
    shippedVariant: null,
    startedAtMs: STARTED_AT_MS,
    enrolledAtMs: STARTED_AT_MS,
    analysisClosedAtMs: null,
    isKilled: false,
    revision: 1,
    ...changes,
  };
}

/** Statistics of a proportion, without a covariate. */
export function proportion(metricKey: string, variant: string, count: number, rate: number): MetricStatistics {
  const sum = Math.round(count * rate);
  return { metricKey, variant, count, sumY: sum, sumYY: sum, sumX: 0, sumXX: 0, sumXY: 0 };
}

export interface Observed {
  readonly units: readonly [number, number];
  /** Shares of units that deposited, control's first. */
  readonly deposited: readonly [number, number];
  readonly failed: readonly [number, number];
  readonly days?: number;
  readonly definition?: Partial<ExperimentDefinition>;
  readonly record?: Partial<ExperimentRecord>;
}

/** What the warehouse would have counted; every unit has matured. */
export function scorecardInput({ units, deposited, failed, days = 10, definition, record }: Observed): ScorecardInput {
  const variants = ['control', 'retry'] as const;
  const statistics = variants.flatMap((variant, arm) => {
    const count = units[arm] ?? 0;
    if (count === 0) return [];
    return [
      proportion('deposited', variant, count, deposited[arm] ?? 0),
      proportion('failed', variant, count, failed[arm] ?? 0),
    ];
  });
  return {
    definition: experimentDefinition(definition),
    record: experimentRecord(record),
    metrics: new Map([
      ['deposited', metricDefinition('deposited', 'increase')],
      ['failed', metricDefinition('failed', 'decrease')],
    ]),
    computedAtMs: STARTED_AT_MS + days * DAY_MS,
    split: variants.map((variant, arm) => ({ variant, units: units[arm] ?? 0 })).filter(({ units: n }) => n > 0),
    segments: [],
    segmentStatistics: [],
    statistics,
    reading: { kind: 'any-time' },
    isFullAtMs: null,
    leftOut: { crossedUnits: 0, notRandomExposures: 0 },
  };
}
