import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CausalServiceService, QuestionState } from '@third-umpire/proto/umpire/causal/v1/causal';
import type { Command } from 'commander';
import type { CausalReport } from '../../causal/report/report.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import type { Server } from '../server.ts';
import type { Answer, Shell } from '../shell.ts';
import { choice, levelOf, wholeOf } from './analyze-request.ts';

interface Options {
  readonly data?: string;
  readonly treatment?: string;
  readonly treated?: string;
  readonly outcome?: string;
  readonly outcomeUnit: string;
  readonly covariates?: string;
  readonly segments?: string;
  readonly placeboOutcome: readonly string[];
  readonly negativeControl: readonly string[];
  readonly method: string;
  readonly estimand: string;
  readonly neighbours: string;
  readonly caliper: string;
  readonly nuisances: string;
  readonly withoutReplacement?: boolean;
  readonly alpha: string;
  readonly seed: string;
  readonly report?: string;
  readonly id?: string;
}

const EXAMPLES = `
One row of the file is one unit, as it was at time zero: whether it was treated, what was known of it before, and its outcome. Methods: auto, psm
(propensity score matching), ipw, aipw (doubly robust), regression, cem, entropy-balancing, subclassification. Estimands: ATT (on the treated), ATE (on
everybody), ATO (on those in between).

Examples:
  umpire ask examples/causal/deposit_failure.yaml
  umpire ask --data examples/data/nsw_cps.csv --treatment treat --outcome re78 \\
    --covariates age,educ,black,hisp,marr,nodegree,re74,re75 --method psm
  umpire ask --data people.parquet --treatment failed --outcome spend_7d --outcome-unit Rs --covariates region,device,spend_before \\
    --segments region --placebo-outcome spend_before --report report.html`;

export function addAskCommand(program: Command, shell: Shell): void {
  program
    .command('ask [question]')
    .description(
      'ask a causal question of data that nobody randomized: QUESTION (YAML) of the platform, or --data of a file',
    )
    .option('--data <file>', 'a CSV or Parquet file')
    .option('--treatment <column>', 'what happened to some of the units: 1 and 0, or labels with --treated')
    .option('--treated <label>', 'the label of the treated, where the column of --treatment is not 1 and 0')
    .option('--outcome <column>', 'a numeric column from after the treatment')
    .option('--outcome-unit <unit>', 'what the outcome is counted in, such as Rs', '')
    .option('--covariates <list>', 'columns known before the treatment, with commas between them; numbers or texts')
    .option('--segments <list>', 'columns within whose values the effect is read, too')
    .option('--placebo-outcome <column>', 'an outcome from before the treatment; repeat it for more', collect, [])
    .option(
      '--negative-control <column>',
      'an outcome that the treatment does not reach; repeat it for more',
      collect,
      [],
    )
    .option(
      '--method <method>',
      'auto, psm, ipw, aipw, regression, cem, entropy-balancing or subclassification',
      'auto',
    )
    .option('--estimand <estimand>', 'ATT, ATE or ATO', 'ATT')
    .option('--neighbours <number>', 'psm: controls for each treated unit', '1')
    .option('--caliper <deviations>', 'psm: the largest distance, in standard deviations of the logit, or none', '0.2')
    .option('--nuisances <kind>', 'aipw: linear, or boosted-trees for what no line follows', 'linear')
    .option('--without-replacement', 'psm: each control stands for one treated unit at most')
    .option('--alpha <level>', 'two-sided error level', '0.05')
    .option('--seed <number>', 'the same seed gives the same answer', '1')
    .option('--report <file>', 'write an HTML report to this file')
    .addHelpText('after', EXAMPLES)
    .option('--id <id>', 'of the platform: the id of the question, so that asking again goes on with it')
    .action((question: string | undefined, options: Options, command: Command) => {
      if (question === undefined) return shell.answer(command, () => fileAnswer(options, shell));
      if (options.data !== undefined)
        throw new UsageError('give either a question for the platform, or --data for a file; not both');
      return shell.ask(command, (server) => platformAnswer(server, question, options, shell));
    });
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

// DuckDB is only loaded by the commands that need it.
async function fileAnswer(options: Options, shell: Shell): Promise<Answer> {
  const { METHODS } = await import('../../causal/methods/method.ts');
  const { data, treatment, outcome, covariates } = options;
  if (data === undefined) throw missing('--data <file>', 'a CSV or Parquet file with one row for each unit');
  if (treatment === undefined) throw missing('--treatment <column>', 'the column that says who was treated');
  if (outcome === undefined) throw missing('--outcome <column>', 'the column that is compared');
  if (covariates === undefined)
    throw missing('--covariates <list>', 'the columns known before the treatment, such as age,region');
  const question = {
    file: data,
    treatment,
    treated: options.treated ?? null,
    outcome,
    outcomeUnit: options.outcomeUnit,
    covariates: listOf(covariates),
    segments: listOf(options.segments ?? ''),
    placeboOutcomes: options.placeboOutcome,
    negativeControls: options.negativeControl,
    method: choice('--method', options.method, ['auto', ...METHODS] as const),
    estimand: choice('--estimand', options.estimand.toUpperCase(), ['ATT', 'ATE', 'ATO'] as const),
    alpha: levelOf(options.alpha),
    seed: wholeOf('--seed', options.seed, 0),
    options: {
      neighbours: wholeOf('--neighbours', options.neighbours, 1),
      caliper: caliperOf(options.caliper),
      withReplacement: options.withoutReplacement !== true,
      nuisances: choice('--nuisances', options.nuisances, ['linear', 'boosted-trees'] as const),
    },
  };
  const { askFile } = await import('../../analyze/causal-file/ask-file.ts');
  let last = '';
  const report = await askFile(question, (step) => {
    if (step !== last && step !== 'done') shell.surroundings.err(step);
    last = step;
  });
  return await reported(report, options);
}

const POLL_MS = 500;

/** Asks the platform and follows the question until it is over. */
async function platformAnswer(server: Server, file: string, options: Options, shell: Shell): Promise<Answer> {
  const { signal, err } = shell.surroundings;
  const { questionId, workflowId } = await server.call(CausalServiceService.ask, {
    question: await readDocument(file),
    questionId: options.id ?? '',
  });
  err(`question ${questionId}, workflow ${workflowId}`);
  let last = '';
  for (;;) {
    const { question } = await server.call(CausalServiceService.getQuestion, { questionId });
    if (question === undefined) throw new CommandFailure('NOT_FOUND', `there is no question ${questionId}`);
    const { state, detail, reportJson } = question;
    if (detail !== last) err(detail);
    last = detail;
    if (state === QuestionState.QUESTION_STATE_FAILED) throw new CommandFailure('FAILED_PRECONDITION', detail);
    if (state === QuestionState.QUESTION_STATE_CANCELLED) throw new CommandFailure('CANCELLED', detail);
    if (state !== QuestionState.QUESTION_STATE_RUNNING)
      return await reported(JSON.parse(reportJson) as CausalReport, options);
    await delay(POLL_MS, undefined, { signal });
  }
}

async function readDocument(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('INVALID_ARGUMENT', `the question cannot be read: ${why}`, { cause: error });
  }
}

async function reported(report: CausalReport, options: Options): Promise<Answer> {
  const { causalText } = await import('../../analyze/causal-file/report-text.ts');
  if (options.report !== undefined) {
    const { causalHtml } = await import('../../causal/report/html.ts');
    await writeReport(options.report, causalHtml(report));
  }
  return { json: report, text: causalText(report), isFailure: report.status === 'refused' };
}

function missing(option: string, what: string): UsageError {
  return new UsageError(`required option '${option}' not specified: ${what}`);
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function caliperOf(text: string): number | null {
  if (text === 'none') return null;
  const caliper = Number(text);
  if (text.trim() !== '' && caliper > 0 && Number.isFinite(caliper)) return caliper;
  throw new UsageError(`--caliper is a number of standard deviations above 0, such as 0.2, or none; got "${text}"`);
}

async function writeReport(file: string, html: string): Promise<void> {
  try {
    await writeFile(file, html);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('INVALID_ARGUMENT', `--report cannot be written: ${why}`, { cause: error });
  }
}
