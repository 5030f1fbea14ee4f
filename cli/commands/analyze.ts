import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { AnalyzeOptions } from '../../analyze/analysis.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import type { Answer, Shell } from '../shell.ts';
import { experimentRequest, levelOf, type ExperimentOptions } from './analyze-request.ts';

interface Options extends ExperimentOptions {
  readonly outcome?: string;
  readonly treatment?: string;
  readonly alwaysValid?: boolean;
  readonly report?: string;
}

const EXAMPLES = `
A metric is COLUMN:TYPE: mean, sum, count, proportion, distinct, A/B:ratio, or quantile:0.9 after a colon; with :cap=500 or :cap=p99
large values are cut, with :good=decrease less is better. The first metric is the primary one. A unit's rows are added up.

Examples:
  umpire analyze users.csv --unit user_id --variant arm --control control \\
    --metric revenue:mean --metric clicks/views:ratio --covariate revenue_pre --segment country
  umpire analyze users.parquet --unit user_id --variant arm --control control --metric paid:proportion \\
    --stopping group-sequential --looks 5 --look 3 --report report.html
  umpire analyze examples/data/nsw_mixtape.csv --outcome re78 --treatment treat --covariate re75`;

export function addAnalyzeCommand(program: Command, shell: Shell): void {
  program
    .command('analyze <file>')
    .description('read an experiment from a CSV or Parquet file; needs no platform')
    .option('--unit <column>', 'the column that says whose row it is')
    .option('--variant <column>', 'the column that says which arm')
    .option('--control <label>', "control's label (with --treatment only where the arms are not 0 and 1)")
    .option('--metric <metric>', 'COLUMN:TYPE, see below; repeat it for more', collect, [])
    .option(
      '--covariate <column>',
      'a numeric column known before the treatment (CUPED); repeat it for more',
      collect,
      [],
    )
    .option(
      '--cupac <column>',
      'a column known before the treatment, of numbers or texts, from which each metric is predicted (CUPAC); repeat it for more',
      collect,
      [],
    )
    .option(
      '--interaction <column>',
      'the arms of another experiment on the same units, as COLUMN or COLUMN=CONTROL; repeat it for more',
      collect,
      [],
    )
    .option('--triggered <column>', 'a column of 0 and 1: whether a unit came to where the arms differ')
    .option('--segment <column>', 'read the effect within each value of this column; repeat it for more', collect, [])
    .option('--post-stratify <column>', 'compare the arms within each value of this column, known before the treatment')
    .option('--stopping <rule>', 'always-valid, fixed or group-sequential', 'always-valid')
    .option('--looks <number>', 'group-sequential: how many looks were planned')
    .option('--look <number>', 'group-sequential: which of them this is')
    .option(
      '--spending <name>',
      'group-sequential: obrien-fleming, pocock, hwang-shih-decani=GAMMA or power=RHO',
      'obrien-fleming',
    )
    .option(
      '--futility <name>',
      'group-sequential: say when to give up; how 1 - power is spent, named as for --spending',
    )
    .option('--futility-power <share>', 'the power that giving up must leave, such as 80%', '80%')
    .option('--information <list>', 'group-sequential: units over planned units at each look so far, such as 0.2,0.5')
    .option(
      '--sequences <kind>',
      'always-valid: auto (exact for proportions with a rare outcome), exact (also quantiles) or asymptotic',
      'auto',
    )
    .option('--tuned-for <units>', 'always-valid: the number of units at which intervals are narrowest')
    .option('--design <design>', 'what was randomized: user, cluster or switchback', 'user')
    .option('--cluster <column>', 'cluster: the column that says which cluster')
    .option('--region <column>', 'switchback: the column that says which region')
    .option('--window <column>', 'switchback: the column that says which window of time')
    .option('--correction <method>', 'for many comparisons: bh, by, holm or none', 'bh')
    .option('--weights <list>', 'the intended split, such as control=90,large=10; default: equal')
    .option('--date <column>', 'when a row happened: the effect by day, and first rows are the earliest')
    .option('--missing <policy>', 'missing values of a metric: refuse, drop (leave the unit out) or zero', 'refuse')
    .option('--alpha <level>', 'two-sided error level', '0.05')
    .option('--report <file>', 'write an HTML report to this file')
    .option('--outcome <column>', 'two arms, one row a unit: the numeric column that is compared')
    .option('--treatment <column>', "two arms, one row a unit: the column with each row's arm")
    .option('--always-valid', 'with --outcome: intervals that hold however often you look')
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: Options, command: Command) => {
      const isExperiment = options.metric.length > 0;
      if (isExperiment && (options.outcome ?? options.treatment) !== undefined)
        throw new UsageError(
          'give either --metric (with --unit, --variant and --control) or --outcome (with --treatment)',
        );
      if (isExperiment) return shell.answer(command, () => experimentAnswer(file, options));
      const request = requestOf(file, options);
      return shell.answer(command, () => twoArmsAnswer(request));
    });
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

// DuckDB is only loaded by the commands that need it.
async function experimentAnswer(file: string, options: Options): Promise<Answer> {
  const request = experimentRequest(file, options);
  const { analyzeExperiment } = await import('../../analyze/experiment/analyze-experiment.ts');
  const { experimentText } = await import('../../analyze/report/terminal.ts');
  const analysis = await analyzeExperiment(request);
  if (options.report !== undefined) {
    const { experimentHtml } = await import('../../analyze/report/html.ts');
    await writeReport(options.report, experimentHtml(analysis));
  }
  return { json: analysis, text: experimentText(analysis), isFailure: analysis.status === 'invalid' };
}

async function writeReport(file: string, html: string): Promise<void> {
  try {
    await writeFile(file, html);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('INVALID_ARGUMENT', `--report cannot be written: ${why}`, { cause: error });
  }
}

async function twoArmsAnswer(request: AnalyzeOptions): Promise<Answer> {
  const { analyzeFile } = await import('../../analyze/analyze-file.ts');
  const { formatAnalysis } = await import('../../analyze/format-analysis.ts');
  const analysis = await analyzeFile(request);
  return { json: analysis, text: formatAnalysis(analysis) };
}

function requestOf(file: string, options: Options): AnalyzeOptions {
  const { outcome, treatment, covariate, control, alpha, alwaysValid } = options;
  if (outcome === undefined)
    throw new UsageError("required option '--metric <metric>' not specified, such as --metric revenue:mean");
  if (treatment === undefined) throw new UsageError("required option '--treatment <column>' not specified");
  const [first, ...more] = covariate;
  if (more.length > 0) throw new UsageError('--outcome takes one --covariate; --metric takes several');
  return {
    file,
    outcome,
    treatment,
    alpha: levelOf(alpha),
    method: alwaysValid === true ? 'always-valid' : 'fixed-horizon',
    ...(first === undefined ? {} : { covariate: first }),
    ...(control === undefined ? {} : { control }),
  };
}
