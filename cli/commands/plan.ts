import type { Command } from 'commander';
import { parseMetric } from '../../analyze/experiment/metric-expression.ts';
import { makePlan, type PlanRequest, type WantedEffect } from '../../analyze/plan/plan.ts';
import { planText } from '../../analyze/plan/plan-text.ts';
import type { Baseline, PlannedStopping } from '../../estimators/planning/plan.ts';
import { UsageError } from '../failures.ts';
import type { Shell } from '../shell.ts';
import { choice, levelOf, spendingOf, wholeOf } from './analyze-request.ts';

interface Options {
  readonly from?: string;
  readonly unit?: string;
  readonly metric?: string;
  readonly covariate: readonly string[];
  readonly date?: string;
  readonly baselineMean?: string;
  readonly baselineSd?: string;
  readonly baselineRate?: string;
  readonly varianceRemoved?: string;
  readonly mde?: string;
  readonly units?: string;
  readonly days?: string;
  readonly dailyUnits?: string;
  readonly power: string;
  readonly alpha: string;
  readonly arms: string;
  readonly weights?: string;
  readonly stopping: string;
  readonly looks: string;
  readonly spending: string;
  readonly tunedFor?: string;
}

const EXAMPLES = `
The baseline comes from numbers (a mean and its standard deviation, or a rate), or from a file with units as they are today.

Examples:
  umpire plan --baseline-mean 42 --baseline-sd 90 --mde 2% --daily-units 5000
  umpire plan --baseline-rate 0.08 --mde 5% --stopping group-sequential --looks 4
  umpire plan --from history.csv --unit user_id --metric clicks/views:ratio --covariate clicks_pre --units 40000`;

export function addPlanCommand(program: Command, shell: Shell): void {
  program
    .command('plan')
    .description('how many units and days an experiment needs, or which effect it can find; needs no platform')
    .option('--baseline-mean <number>', 'the mean per unit as it is today')
    .option('--baseline-sd <number>', 'the standard deviation between units')
    .option('--baseline-rate <number>', 'of a proportion: the rate as it is today, between 0 and 1')
    .option('--from <file>', 'a CSV or Parquet file to take the baseline from, with --unit and --metric')
    .option('--unit <column>', 'in the file: the column that says whose row it is')
    .option('--metric <metric>', 'in the file: COLUMN:TYPE, as for umpire analyze')
    .option('--covariate <column>', 'in the file: a column known before (CUPED); repeat it for more', collect, [])
    .option('--date <column>', 'in the file: when a row happened, to count units a day')
    .option('--variance-removed <share>', 'what covariates will remove, such as 30%')
    .option('--mde <effect>', 'the effect to find: 2% of the mean, or a number in its unit')
    .option('--units <number>', 'how many units there will be')
    .option('--days <number>', 'how many days it will run, with --daily-units')
    .option('--daily-units <number>', 'new units a day, in all arms together')
    .option('--power <share>', 'how surely it should be found', '0.8')
    .option('--alpha <level>', 'two-sided error level', '0.05')
    .option('--arms <number>', 'arms of equal size, control included', '2')
    .option('--weights <list>', 'the split, control first, such as 90,10; in place of --arms')
    .option('--stopping <rule>', 'always-valid, fixed or group-sequential', 'always-valid')
    .option('--looks <number>', 'group-sequential: how many looks', '5')
    .option('--spending <name>', 'group-sequential: how alpha is spent', 'obrien-fleming')
    .option('--tuned-for <units>', 'always-valid: the number of units at which intervals are narrowest')
    .addHelpText('after', EXAMPLES)
    .action((options: Options, command: Command) =>
      shell.answer(command, async () => {
        const plan = makePlan(await requestOf(options));
        return { json: plan, text: planText(plan) };
      }),
    );
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

async function requestOf(options: Options): Promise<PlanRequest> {
  const { mde, units, days } = options;
  const rest = {
    shares: sharesOf(options),
    stopping: stoppingOf(options),
    alpha: levelOf(options.alpha),
    power: shareOf('--power', options.power),
    effect: mde === undefined ? null : effectOf(mde),
  };
  const { dailyUnits: counted, ...baseline } = await baselineOf(options);
  const dailyUnits = options.dailyUnits === undefined ? counted : positive('--daily-units', options.dailyUnits);
  if (units !== undefined && days !== undefined) throw new UsageError('give either --units or --days');
  if (days !== undefined && dailyUnits === null) throw new UsageError('--days needs --daily-units');
  const inDays = days === undefined || dailyUnits === null ? null : Math.floor(positive('--days', days) * dailyUnits);
  return { ...rest, ...baseline, dailyUnits, units: units === undefined ? inDays : wholeOf('--units', units, 4) };
}

type FromBaseline = Pick<PlanRequest, 'baseline' | 'source' | 'varianceRemovedRatio' | 'dailyUnits'>;

async function baselineOf(options: Options): Promise<FromBaseline> {
  const { from, unit, metric, covariate, date, baselineMean, baselineSd, baselineRate } = options;
  const removed = options.varianceRemoved;
  const varianceRemovedRatio = removed === undefined ? 0 : shareOf('--variance-removed', removed, 0);
  const numbers = [baselineMean, baselineSd, baselineRate].filter((each) => each !== undefined);
  if (from === undefined) {
    const given: Baseline = baselineOfNumbers(options);
    return { baseline: given, source: 'as given', varianceRemovedRatio, dailyUnits: null };
  }
  if (numbers.length > 0) throw new UsageError('give the baseline either as numbers or as a file with --from');
  if (unit === undefined || metric === undefined) throw new UsageError('--from needs --unit and --metric');
  // DuckDB is only loaded by the commands that need it.
  const { readHistory } = await import('../../analyze/plan/history.ts');
  const request = { file: from, unit, metric: parseMetric(metric), covariates: covariate, date: date ?? null };
  const { unitCount, dailyUnits, ...history } = await readHistory(request);
  const source = `${metric} of ${unitCount} units in ${from}`;
  return { ...history, ...(removed === undefined ? {} : { varianceRemovedRatio }), source, dailyUnits };
}

function baselineOfNumbers({ baselineMean, baselineSd, baselineRate }: Options): Baseline {
  if (baselineRate !== undefined) {
    if ((baselineMean ?? baselineSd) !== undefined)
      throw new UsageError('give either --baseline-rate or --baseline-mean with --baseline-sd');
    return { kind: 'proportion', rate: shareOf('--baseline-rate', baselineRate) };
  }
  if (baselineMean === undefined || baselineSd === undefined)
    throw new UsageError('give --baseline-mean and --baseline-sd, or --baseline-rate, or --from a file');
  return {
    kind: 'mean',
    mean: finite('--baseline-mean', baselineMean),
    standardDeviation: positive('--baseline-sd', baselineSd),
  };
}

function effectOf(text: string): WantedEffect {
  const isRelative = text.trim().endsWith('%');
  const number = finite('--mde', isRelative ? text.trim().slice(0, -1) : text);
  if (number === 0) throw new UsageError('--mde must not be 0: no experiment finds nothing');
  return isRelative ? { kind: 'relative', ratio: number / 100 } : { kind: 'absolute', difference: number };
}

function sharesOf({ arms, weights }: Options): number[] {
  if (weights === undefined) {
    const count = wholeOf('--arms', arms, 2);
    return Array.from({ length: count }, () => 1 / count);
  }
  const parts = weights.split(',').map((part) => positive('--weights', part));
  if (parts.length < 2) throw new UsageError(`--weights has a weight for each arm, control first; got "${weights}"`);
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / total);
}

function stoppingOf({ stopping, looks, spending, tunedFor }: Options): PlannedStopping {
  const rule = choice('--stopping', stopping, ['always-valid', 'fixed', 'fixed-horizon', 'group-sequential']);
  if (rule === 'always-valid')
    return { rule, ...(tunedFor === undefined ? {} : { tunedForCount: wholeOf('--tuned-for', tunedFor, 2) }) };
  if (rule === 'group-sequential') return { rule, spending: spendingOf(spending), looks: wholeOf('--looks', looks, 1) };
  return { rule: 'fixed-horizon' };
}

function finite(option: string, text: string): number {
  const number = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new UsageError(`${option} must be a number, got "${text}"`);
}

function positive(option: string, text: string): number {
  const number = finite(option, text);
  if (number > 0) return number;
  throw new UsageError(`${option} must be above 0, got "${text}"`);
}

/** A share as 0.3 or 30%. */
function shareOf(option: string, text: string, least?: 0): number {
  const isPercent = text.trim().endsWith('%');
  const number = finite(option, isPercent ? text.trim().slice(0, -1) : text) / (isPercent ? 100 : 1);
  if ((number > 0 || number === least) && number < 1) return number;
  throw new UsageError(`${option} must lie between 0 and 1 (or 0 % and 100 %), got "${text}"`);
}
