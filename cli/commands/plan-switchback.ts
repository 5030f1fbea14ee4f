import { parseMetric } from '../../analyze/experiment/metric-expression.ts';
import type { WantedEffect } from '../../analyze/plan/plan.ts';
import type { SlotHistory } from '../../analyze/plan/slots.ts';
import { parseDuration } from '../../definitions/duration.ts';
import type { PlannedStopping } from '../../estimators/planning/plan.ts';
import { UsageError } from '../failures.ts';
import type { Answer, Shell } from '../shell.ts';
import { wholeOf } from './analyze-request.ts';
import { isForeign, metricsOf, pastRequestOf, withPastWarehouse } from './past-warehouse.ts';
import type { BaselineOptions } from './plan-baseline.ts';

/** The options of `umpire plan --design switchback`, beside those of a baseline. */
export interface SwitchbackOptions extends BaselineOptions {
  readonly region?: string;
  readonly slot?: string;
  readonly window?: readonly string[];
  readonly halfLife?: string;
  readonly burnIn?: string;
  readonly seed?: string;
}

const OWN = { region: '--region', slot: '--slot', window: '--window', halfLife: '--half-life', burnIn: '--burn-in' };

/** @throws UsageError where an option belongs to switchbacks */
export function refuseSwitchbackOptions(options: SwitchbackOptions): void {
  for (const [name, option] of Object.entries({ ...OWN, seed: '--seed' }))
    if (Object.hasOwn(options, name)) throw new UsageError(`${option} belongs to --design switchback`);
}

const NOT_OF_SWITCHBACKS = {
  units: '--units',
  days: '--days',
  dailyUnits: '--daily-units',
  weights: '--weights',
  baselineMean: '--baseline-mean',
  baselineSd: '--baseline-sd',
  baselineRate: '--baseline-rate',
  varianceRemoved: '--variance-removed',
  cluster: '--cluster',
  clusterSize: '--cluster-size',
  icc: '--icc',
  unit: '--unit',
  beganWith: '--began-with',
};

function refuseOthers(options: SwitchbackOptions): void {
  for (const [name, option] of Object.entries(NOT_OF_SWITCHBACKS))
    if (Object.hasOwn(options, name))
      throw new UsageError(`${option} does not go with --design switchback, whose units are the windows of regions`);
  const { warehouse, metrics, since, until, covariate } = options;
  if (warehouse === undefined && (metrics ?? since ?? until) !== undefined)
    throw new UsageError('--metrics, --since and --until belong to --warehouse');
  if (covariate.length > 0)
    throw new UsageError('--covariate does not go with --design switchback: windows are compared as they are');
}

interface Wanted {
  readonly effect: WantedEffect | null;
  readonly stopping: PlannedStopping;
  readonly alpha: number;
  readonly power: number;
}

/** How long a switchback has to run, by the length of its windows. */
export async function planOfSwitchback(shell: Shell, options: SwitchbackOptions, wanted: Wanted): Promise<Answer> {
  const { effect } = wanted;
  refuseOthers(options);
  if (effect === null) throw new UsageError('--design switchback needs --mde: the effect of a slot, such as 5%');
  const { planSwitchbackDays, switchbackText } = await import('../../analyze/plan/switchback.ts');
  const { history, source } = await historyOf(shell, options);
  const plan = planSwitchbackDays({
    ...wanted,
    effect,
    history,
    source,
    windowMs: options.window?.map((each) => lengthOf('--window', each)) ?? null,
    halfLifeMs: lengthOf('--half-life', options.halfLife ?? '0s'),
    burnInMs: lengthOf('--burn-in', options.burnIn ?? '0s'),
    seed: wholeOf('--seed', options.seed ?? '1', 0),
  });
  return { json: plan, text: switchbackText(plan) };
}

async function historyOf(
  shell: Shell,
  options: SwitchbackOptions,
): Promise<{ readonly history: SlotHistory; readonly source: string }> {
  const { from, warehouse, region, date, metric } = options;
  if ((from === undefined) === (warehouse === undefined))
    throw new UsageError('--design switchback needs a history: --from a file, or --warehouse');
  if (region === undefined)
    throw new UsageError('--design switchback needs --region: the column or property of a region');
  const slotMs = lengthOf('--slot', options.slot ?? '1h');
  if (slotMs < 1 || 86_400_000 % slotMs !== 0) throw new UsageError('--slot must divide a day, such as 10m, 30m or 1h');
  if (warehouse !== undefined) {
    if (isForeign(warehouse))
      throw new UsageError(
        '--design switchback reads a file, or the events of the platform, not a document of umpire connect',
      );
    const [definition, ...others] = await metricsOf({ ...options, warehouse });
    if (definition === undefined || others.length > 0)
      throw new UsageError('plan for one --metric at a time, by its key: the one that decides');
    const { readPastSlots } = await import('../../analyze/past/past-slots.ts');
    const request = { ...pastRequestOf(shell, { ...options, warehouse }), region, slotMs };
    const history = await withPastWarehouse(warehouse, shell, (opened) => readPastSlots(opened, request, definition));
    return { history, source: `${definition.key} by ${region} in ${warehouse}` };
  }
  const [expression, ...others] = metric;
  if (expression === undefined || others.length > 0) throw new UsageError('plan for one --metric, such as rides:sum');
  if (date === undefined) throw new UsageError('--design switchback needs --date: the column that says when');
  // DuckDB is only loaded by the commands that need it.
  const { readFileSlots } = await import('../../analyze/plan/file-slots.ts');
  const history = await readFileSlots({ file: from ?? '', region, date, metric: parseMetric(expression), slotMs });
  return { history, source: `${expression} by ${region} in ${from ?? ''}` };
}

function lengthOf(option: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${option}: ${error.message}`);
  }
}
