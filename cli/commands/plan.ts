import type { Command } from 'commander';
import { evenArrivals, unitsAfter } from '../../analyze/plan/arrivals.ts';
import { makePlan, type PlanRequest, type WantedEffect } from '../../analyze/plan/plan.ts';
import { planText } from '../../analyze/plan/plan-text.ts';
import type { PlannedStopping } from '../../estimators/planning/plan.ts';
import { UsageError } from '../failures.ts';
import type { Shell } from '../shell.ts';
import { choice, levelOf, spendingOf, wholeOf } from './analyze-request.ts';
import { finite, positive, shareOf } from './option-numbers.ts';
import { WAREHOUSE_HELP } from './past-warehouse.ts';
import { baselineOf } from './plan-baseline.ts';
import { planOfSwitchback, refuseSwitchbackOptions, type SwitchbackOptions } from './plan-switchback.ts';

interface Options extends SwitchbackOptions {
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
The baseline comes from numbers (a mean and its standard deviation, or a rate), from a file with units as they are today, or from the platform's own
events: there units come as they came, and their metric is that of scorecards.

Examples:
  umpire plan --baseline-mean 42 --baseline-sd 90 --mde 2% --daily-units 5000
  umpire plan --baseline-rate 0.08 --mde 5% --stopping group-sequential --looks 4
  umpire plan --from history.csv --unit user_id --metric clicks/views:ratio --covariate clicks_pre --units 40000
  umpire plan --from history.csv --unit pupil --metric score:mean --design cluster --cluster school --mde 3%
  umpire plan --baseline-mean 42 --baseline-sd 90 --design cluster --cluster-size 120 --icc 0.05 --mde 5%
  umpire plan --from rides.csv --metric fare:sum --design switchback --region city --date started_at --half-life 20m --mde 3% --stopping fixed
  umpire plan --warehouse warehouse.duckdb --metrics metrics.yaml --metric revenue --began-with session_started --mde 2%`;

export function addPlanCommand(program: Command, shell: Shell): void {
  program
    .command('plan')
    .description('how many units and days an experiment needs, or which effect it can find; needs no platform')
    .option('--baseline-mean <number>', 'the mean per unit as it is today')
    .option('--baseline-sd <number>', 'the standard deviation between units')
    .option('--baseline-rate <number>', 'of a proportion: the rate as it is today, between 0 and 1')
    .option('--from <file>', 'a CSV or Parquet file to take the baseline from, with --unit and --metric')
    .option(
      '--unit <column>',
      "in the file: the column that says whose row it is; with --warehouse the kind of unit (default 'user')",
    )
    .option(
      '--metric <metric>',
      'in the file: COLUMN:TYPE, as for umpire analyze; with --warehouse: a key of --metrics',
      collect,
      [],
    )
    .option('--warehouse <warehouse>', `take the baseline from the platform's past: ${WAREHOUSE_HELP}`)
    .option('--metrics <files...>', 'with --warehouse: documents of metrics')
    .option('--began-with <event>', 'with --warehouse: the event by which a unit would enter; default: any')
    .option('--since <time>', 'with --warehouse: units that began from then on, ISO 8601; default: 28 days')
    .option('--until <time>', 'with --warehouse: nothing after this counts; default: the last whole day (UTC)')
    .option('--covariate <column>', 'in the file: a column known before (CUPED); repeat it for more', collect, [])
    .option('--date <column>', 'in the file: when a row happened, to count units a day')
    .option(
      '--design <design>',
      'what will be randomized: user, cluster (such as schools) or switchback (regions in windows of time)',
      'user',
    )
    .option(
      '--cluster <column>',
      "with --design cluster: the column of the file, or the property of events, that names a unit's cluster",
    )
    .option('--cluster-size <number>', 'with --design cluster and no file: units of a cluster, on average')
    .option('--size-variation <share>', "of the clusters' sizes: standard deviation over mean, such as 40%")
    .option('--icc <number>', 'with --design cluster and no file: the intracluster correlation, such as 0.05')
    .option(
      '--region <name>',
      'with --design switchback: the column of the file, or the property of events, that names a region',
    )
    .option('--slot <length>', 'with --design switchback: the finest time that windows are cut in (default 1h)')
    .option('--window <lengths...>', 'with --design switchback: lengths to be compared, such as 1h 2h 6h')
    .option(
      '--half-life <length>',
      'with --design switchback: half of an effect has come, or gone, this long after a switch',
    )
    .option('--burn-in <length>', 'with --design switchback: left out at the beginning of each window')
    .option(
      '--seed <number>',
      'with --design switchback: the same seed gives the same simulated experiments (default 1)',
    )
    .option('--variance-removed <share>', 'what covariates will remove, such as 30%')
    .option('--mde <effect>', 'the effect to find: 2% of the mean, or a number in its unit')
    .option('--units <number>', 'how many units (or clusters) there will be')
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
        const design = choice('--design', options.design, ['user', 'cluster', 'switchback']);
        if (design === 'switchback') return planOfSwitchback(shell, options, wantedOf(options));
        refuseSwitchbackOptions(options);
        const plan = makePlan(await requestOf(shell, options));
        return { json: plan, text: planText(plan) };
      }),
    );
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

function wantedOf(options: Options): Pick<PlanRequest, 'stopping' | 'alpha' | 'power' | 'effect'> {
  return {
    stopping: stoppingOf(options),
    alpha: levelOf(options.alpha),
    power: shareOf('--power', options.power),
    effect: options.mde === undefined ? null : effectOf(options.mde),
  };
}

async function requestOf(shell: Shell, options: Options): Promise<PlanRequest> {
  const { units, days } = options;
  const rest = { ...wantedOf(options), shares: sharesOf(options) };
  const baseline = await baselineOf(shell, options);
  const { dailyUnits } = options;
  const arrivals = dailyUnits === undefined ? baseline.arrivals : evenArrivals(positive('--daily-units', dailyUnits));
  if (options.design === 'cluster' && (dailyUnits ?? days) !== undefined)
    throw new UsageError('clusters do not come by day; say with --units how many clusters there will be');
  if (units !== undefined && days !== undefined) throw new UsageError('give either --units or --days');
  if (days !== undefined && arrivals === null) throw new UsageError('--days needs --daily-units');
  const inDays = days === undefined || arrivals === null ? null : unitsAfter(arrivals, positive('--days', days));
  return { ...rest, ...baseline, arrivals, units: units === undefined ? inDays : wholeOf('--units', units, 4) };
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
