import type { Command } from 'commander';
import { parseMetric } from '../../analyze/experiment/metric-expression.ts';
import type { Shell } from '../shell.ts';
import { UsageError } from '../failures.ts';
import { levelOf, wholeOf } from './analyze-request.ts';

interface Options {
  readonly unit: string;
  readonly metric: readonly string[];
  readonly covariate: readonly string[];
  readonly splits: string;
  readonly looks: string;
  readonly alpha: string;
  readonly seed: string;
}

const EXAMPLES = `
Before a metric decides anything, see whether it finds differences where there are none: units of the past, all treated alike, are split at random
again and again. A metric that holds finds a difference in as many splits as alpha allows.

Examples:
  umpire aa history.csv --unit user_id --metric revenue:mean --metric 'clicks/views:ratio'
  umpire aa history.parquet --unit user_id --metric revenue:sum:cap=p99 --covariate revenue_pre --splits 5000 --json`;

export function addAaCommand(program: Command, shell: Shell): void {
  program
    .command('aa <file>')
    .description('split units of the past at random, to see whether a metric can be relied on; needs no platform')
    .requiredOption('--unit <column>', 'the column that says whose row it is')
    .option('--metric <metric>', 'COLUMN:TYPE, as for umpire analyze; repeat it for more', collect, [])
    .option('--covariate <column>', 'a column known before (CUPED); repeat it for more', collect, [])
    .option('--splits <number>', 'how often the units are split', '1000')
    .option('--looks <number>', 'always-valid: how often each split is looked at', '20')
    .option('--alpha <level>', 'two-sided error level', '0.05')
    .option('--seed <number>', 'the same seed gives the same splits', '1')
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: Options, command: Command) =>
      shell.answer(command, async () => {
        const { metric, unit, covariate } = options;
        if (metric.length === 0) throw new UsageError('--metric is missing, such as --metric revenue:mean');
        const request = {
          file,
          unit,
          metrics: metric.map(parseMetric),
          covariates: covariate,
          date: null,
          splits: wholeOf('--splits', options.splits, 1),
          looks: wholeOf('--looks', options.looks, 1),
          alpha: levelOf(options.alpha),
          seed: wholeOf('--seed', options.seed, 0),
        };
        // DuckDB is only loaded by the commands that need it.
        const { analyzeAa } = await import('../../analyze/history/aa.ts');
        const { aaText } = await import('../../analyze/history/aa-wording.ts');
        const analysis = await analyzeAa(request, (name) => shell.surroundings.err(`splitting ${name}`));
        return { json: analysis, text: aaText(analysis) };
      }),
    );
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}
