import type { MetricDefinition, PropertyFilter } from '../../definitions/metric.ts';
import type { Statement } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';
import type { Design } from '../../definitions/design.ts';
import { designedQuery } from '../designed-queries.ts';
import { countUserQuery, eraseUserStatement, type ErasedUnit } from '../erasure.ts';
import {
  pastArrivalsQuery,
  pastClustersQuery,
  pastSlotsQuery,
  pastSpanQuery,
  pastStatisticsQuery,
  pastUnitsQuery,
  type PastUnits,
} from '../past-queries.ts';
import { eventTypesQuery, makeCohort, type CohortQuestion } from '../cohorts/cohort.ts';
import { FEATURES } from '../../definitions/features.ts';
import { maturityQuery, scorecardQuery, segmentSplitQuery, type Analysis } from '../scorecard-queries.ts';
import { day, DAY_MS, DEPOSITED, KEY } from './small-warehouse.ts';

/** A statement of the platform, as one of the experiments that it serves asks for it. */
export interface RegisteredStatement {
  /** The exported function that renders it. */
  readonly builder: string;
  /** What is special about it; names its snapshot. */
  readonly name: string;
  readonly render: (dialect: Dialect) => Statement;
}

const ANALYSIS: Analysis = { experimentKey: KEY, epoch: 1, unitType: 'user', asOfMs: day(10) };
const UNIT_TYPES = ['user', 'device', 'team'];
const FILTERS: readonly PropertyFilter[] = [
  ...(['upi', 1.5, 7, true, ''] as const).flatMap((value) =>
    (['equals', 'not_equals'] as const).map((operator) => ({ property: 'method', operator, value })),
  ),
  { property: 'amount_paise', operator: 'greater_than', value: 15 },
  { property: 'amount_paise', operator: 'less_than', value: -0.5 },
];

const metric = (changes: Partial<MetricDefinition>): MetricDefinition => ({ ...DEPOSITED, ...changes });
const METRICS: Readonly<Record<MetricDefinition['type'], MetricDefinition>> = {
  proportion: metric({ type: 'proportion', property: null }),
  count: metric({ type: 'count', property: null, windowMs: DAY_MS }),
  sum: metric({ type: 'sum', cap: 5_000 }),
  retention: metric({ type: 'retention', property: null, fromMs: DAY_MS }),
  count_distinct: metric({ type: 'count_distinct', property: 'method' }),
  mean: metric({ type: 'mean' }),
  quantile: metric({ type: 'quantile', quantile: 0.9 }),
  funnel: metric({
    type: 'funnel',
    event: 'deposit_opened',
    property: null,
    steps: [
      { event: 'deposit_succeeded', where: FILTERS.slice(0, 1) },
      { event: 'contest_joined', where: [] },
    ],
    givenStep: 2,
  }),
  ratio: metric({
    type: 'ratio',
    where: [{ property: 'method', operator: 'equals', value: 'upi' }],
    covariateMs: DAY_MS,
    denominator: {
      event: 'contest_joined',
      property: 'entries',
      where: [{ property: 'is_free', operator: 'equals', value: false }],
    },
  }),
};
const EVERY_METRIC: readonly MetricDefinition[] = [
  ...Object.values(METRICS),
  ...FILTERS.map((filter) => metric({ type: 'count', property: null, where: [filter] })),
  metric({ event: 'contest_joined', type: 'proportion', property: null, where: FILTERS, windowMs: 30 * DAY_MS }),
  metric({ covariateMs: 14 * DAY_MS, windowMs: 1 }),
];

function scorecard(name: string, metrics: readonly MetricDefinition[], analysis = ANALYSIS): RegisteredStatement {
  return { builder: 'scorecardQuery', name, render: (dialect) => scorecardQuery(dialect, analysis, metrics) };
}

function segments(name: string, attributes: readonly string[]): RegisteredStatement {
  return { builder: 'segmentSplitQuery', name, render: (dialect) => segmentSplitQuery(dialect, ANALYSIS, attributes) };
}

function maturity(name: string, maximumUnits: number | null): RegisteredStatement {
  const question = { windowMs: DAY_MS, lookTimesMs: [day(4), day(8)], maximumUnits };
  return { builder: 'maturityQuery', name, render: (dialect) => maturityQuery(dialect, ANALYSIS, question) };
}

const DESIGNS: readonly Design[] = [
  { type: 'switchback', region: 'city', windowMs: 3_600_000, burnInMs: 300_000 },
  { type: 'cluster', cluster: 'team' },
  { type: 'geo', region: 'city' },
];

function designed(design: Design): RegisteredStatement {
  const metrics = [metric({ type: 'sum' }), METRICS.count];
  return {
    builder: 'designedQuery',
    name: `designed-${design.type}`,
    render: (dialect) => designedQuery(dialect, ANALYSIS, design, metrics),
  };
}

const ERASED: Readonly<Record<string, ErasedUnit>> = {
  user: { userId: 'u1', deviceIds: [], untilMs: day(1) },
  'user-with-devices': { userId: 'u1', deviceIds: ['d1', 'd2'], untilMs: day(1) },
};

const PAST: PastUnits = { unitType: 'user', beganWith: null, fromMs: day(0), untilMs: day(28) };
const BEGAN_WITH: PastUnits = { ...PAST, unitType: 'team', beganWith: 'session_started' };
const PAST_STATEMENTS: readonly RegisteredStatement[] = [
  { builder: 'pastSpanQuery', name: 'past-span', render: pastSpanQuery },
  { builder: 'pastUnitsQuery', name: 'past-units', render: (dialect) => pastUnitsQuery(dialect, PAST, EVERY_METRIC) },
  {
    builder: 'pastStatisticsQuery',
    name: 'past-statistics',
    render: (dialect) => pastStatisticsQuery(dialect, BEGAN_WITH, EVERY_METRIC),
  },
  {
    builder: 'pastClustersQuery',
    name: 'past-clusters',
    render: (dialect) => pastClustersQuery(dialect, PAST, 'team', METRICS.count),
  },
  {
    builder: 'pastSlotsQuery',
    name: 'past-slots',
    render: (dialect) =>
      pastSlotsQuery(dialect, { region: 'city', fromMs: day(0), untilMs: day(28), slotMs: 3_600_000 }, METRICS.count),
  },
  { builder: 'pastArrivalsQuery', name: 'past-arrivals', render: (dialect) => pastArrivalsQuery(dialect, BEGAN_WITH) },
];

const COHORT: CohortQuestion = {
  populationEvent: 'deposit_attempted',
  fromMs: day(0),
  untilMs: day(10),
  treatmentEvent: 'deposit_failed',
  withinMs: 600_000,
  outcome: metric({ type: 'sum' }),
  outcomeWindowMs: 7 * DAY_MS,
  features: FEATURES,
  negativeControls: [metric({ type: 'count', property: null }), metric({ type: 'proportion', property: null })],
  hasPriorOutcome: true,
  asOfMs: day(10),
};

/**
 * Every statement that the platform asks the warehouse, in every form that a definition can give it. A test wants each exported `…Query`
 * and `…Statement` and each model to occur here.
 */
export const STATEMENTS: readonly RegisteredStatement[] = [
  ...Object.entries(METRICS).map(([type, definition]) => scorecard(`scorecard-${type}`, [definition])),
  scorecard('scorecard-percentile-cap', [metric({ capPercentile: 99.5, covariateMs: DAY_MS }), METRICS.ratio]),
  scorecard('scorecard-covariate', [metric({ covariateMs: 14 * DAY_MS })]),
  ...UNIT_TYPES.map((unitType) => scorecard(`scorecard-of-${unitType}s`, [DEPOSITED], { ...ANALYSIS, unitType })),
  scorecard('scorecard-every-metric', EVERY_METRIC),
  {
    builder: 'scorecardQuery',
    name: 'scorecard-by-segments',
    render: (dialect) =>
      scorecardQuery(dialect, ANALYSIS, [metric({ covariateMs: DAY_MS })], { attributes: ['region', 'os'], metric: 0 }),
  },
  maturity('maturity-of-looks', null),
  maturity('maturity-up-to-units', 500),
  ...DESIGNS.map(designed),
  ...PAST_STATEMENTS,
  {
    builder: 'makeCohort',
    name: 'causal-cohort',
    render: (dialect) => makeCohort(dialect, 'causal_cohort_0', COHORT),
  },
  {
    builder: 'eventTypesQuery',
    name: 'event-types',
    render: (dialect) => eventTypesQuery(dialect, day(0), day(10)),
  },
  segments('segments-one', ['region']),
  segments('segments-several', ['region', 'os', 'app_version']),
  ...Object.entries(ERASED).flatMap(([name, user]) => [
    { builder: 'countUserQuery', name: `count-${name}`, render: (dialect: Dialect) => countUserQuery(dialect, user) },
    {
      builder: 'eraseUserStatement',
      name: `erase-${name}`,
      render: (dialect: Dialect) => eraseUserStatement(dialect, user),
    },
  ]),
];
