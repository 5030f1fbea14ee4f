import type { Command } from 'commander';
import { parseMetric } from '../../analyze/experiment/metric-expression.ts';
import type { AaSplitting } from '../../analyze/history/aa.ts';
import type { Answer, Shell } from '../shell.ts';
import { UsageError } from '../failures.ts';
import { levelOf, wholeOf } from './analyze-request.ts';
import { pastRequestOf, WAREHOUSE_HELP, withPastSource, type PastOptions } from './past-warehouse.ts';

interface Options {
  readonly unit?: string;
  readonly metric: readonly string[];
  readonly warehouse?: string;
  readonly metrics?: readonly string[];
  readonly beganWith?: string;
  readonly since?: string;
  readonly until?: string;
  readonly covariate: readonly string[];
  readonly splits: string;
  readonly looks: string;
  readonly alpha: string;
  readonly seed: string;
}

const EXAMPLES = `
Before a metric decides anything, see whether it finds differences where there are none: units of the past, all treated alike, are split at random
again and again. A metric that holds finds a difference in as many splits as alpha allows.

The units are those of a file, or with --warehouse those of the platform's own events: each enters with its first event in the time, its metrics are
computed by the SQL of scorecards, and it is split by hash. Or they are those of a warehouse that a document of umpire connect describes. The platform keeps a DuckDB file to itself while it runs: name a copy.

Examples:
  umpire aa history.csv --unit user_id --metric revenue:mean --metric 'clicks/views:ratio'
  umpire aa history.parquet --unit user_id --metric revenue:sum:cap=p99 --covariate revenue_pre --splits 5000 --json
  umpire aa --warehouse warehouse.duckdb --metrics metrics.yaml
  umpire aa --warehouse shop.yaml --metric revenue --began-with visits
  umpire aa --warehouse bigquery:acme.events --metrics metrics.yaml --metric revenue --began-with session_started --since 2026-03-01T00:00:00Z`;

export function addAaCommand(program: Command, shell: Shell): void {
  program
    .command('aa [file]')
    .description('split units of the past at random, to see whether a metric can be relied on; needs no platform')
    .option(
      '--unit <column>',
      "the column that says whose row it is; with --warehouse the kind of unit (default 'user')",
    )
    .option(
      '--metric <metric>',
      'COLUMN:TYPE, as for umpire analyze, or a key of --metrics; repeat it for more',
      collect,
      [],
    )
    .option('--covariate <column>', 'in the file: a column known before (CUPED); repeat it for more', collect, [])
    .option('--warehouse <warehouse>', WAREHOUSE_HELP)
    .option('--metrics <files...>', 'with --warehouse: documents of metrics')
    .option('--began-with <event>', 'with --warehouse: the event by which a unit would have entered; default: any')
    .option('--since <time>', 'with --warehouse: units that began from then on, ISO 8601; default: 28 days')
    .option('--until <time>', 'with --warehouse: nothing after this counts; default: the last whole day (UTC)')
    .option('--splits <number>', 'how often the units are split', '1000')
    .option('--looks <number>', 'always-valid: how often each split is looked at', '20')
    .option('--alpha <level>', 'two-sided error level', '0.05')
    .option('--seed <number>', 'the same seed gives the same splits', '1')
    .addHelpText('after', EXAMPLES)
    .action((file: string | undefined, options: Options, command: Command) =>
      shell.answer(command, () => {
        const { warehouse } = options;
        if (file !== undefined && warehouse !== undefined) throw new UsageError('give either a file or --warehouse');
        if (warehouse !== undefined) return ofWarehouse(shell, { ...options, warehouse });
        if (file !== undefined) return ofFile(shell, file, options);
        throw new UsageError('give a file, or --warehouse with --metrics');
      }),
    );
}

const onMetric =
  (shell: Shell) =>
  (name: string): void =>
    shell.surroundings.err(`splitting ${name}`);

function splittingOf(options: Options): AaSplitting {
  return {
    splits: wholeOf('--splits', options.splits, 1),
    looks: wholeOf('--looks', options.looks, 1),
    alpha: levelOf(options.alpha),
    seed: wholeOf('--seed', options.seed, 0),
  };
}

async function ofFile(shell: Shell, file: string, options: Options): Promise<Answer> {
  const { metric, unit, covariate } = options;
  for (const option of ['metrics', 'beganWith', 'since', 'until'] as const)
    if (options[option] !== undefined) throw new UsageError(`--${dashed(option)} belongs to --warehouse`);
  if (unit === undefined) throw new UsageError('--unit is missing: the column that says whose row it is');
  if (metric.length === 0) throw new UsageError('--metric is missing, such as --metric revenue:mean');
  const columns = { file, unit, metrics: metric.map(parseMetric), covariates: covariate, date: null };
  // DuckDB is only loaded by the commands that need it.
  const { analyzeAa } = await import('../../analyze/history/aa.ts');
  const { aaText } = await import('../../analyze/history/aa-wording.ts');
  const analysis = await analyzeAa({ ...columns, ...splittingOf(options) }, onMetric(shell));
  return { json: analysis, text: aaText(analysis) };
}

async function ofWarehouse(shell: Shell, options: Options & PastOptions): Promise<Answer> {
  if (options.covariate.length > 0)
    throw new UsageError("--covariate is a column of a file; a metric's document says its covariate");
  const request = { ...pastRequestOf(shell, options), ...splittingOf(options) };
  const { analyzePastAa, pastAaText } = await import('../../analyze/past/past-aa.ts');
  const analysis = await withPastSource(options, shell, (source) => analyzePastAa(source, request, onMetric(shell)));
  return { json: analysis, text: pastAaText(analysis) };
}

function dashed(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}
