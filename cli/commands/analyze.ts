import type { Command } from 'commander';
import type { AnalyzeOptions } from '../../analyze/analysis.ts';
import { UsageError } from '../failures.ts';
import type { Shell } from '../shell.ts';

interface Options {
  readonly outcome: string;
  readonly treatment: string;
  readonly covariate?: string;
  readonly control?: string;
  readonly alpha: string;
  readonly alwaysValid?: boolean;
}

export function addAnalyzeCommand(program: Command, shell: Shell): void {
  program
    .command('analyze <file>')
    .description('compare the mean of a column between the two arms of a CSV file; needs no platform')
    .requiredOption('--outcome <column>', 'the numeric column that is compared')
    .requiredOption('--treatment <column>', "the column with each row's arm: 0 and 1, or two labels")
    .option('--covariate <column>', 'a numeric column known before the treatment (CUPED)')
    .option('--control <label>', "control's label, where the arms are not 0 and 1")
    .option('--alpha <level>', 'two-sided error level', '0.05')
    .option('--always-valid', 'intervals that hold however often you look while the file grows')
    .addHelpText(
      'after',
      `
Example:
  umpire analyze examples/data/nsw_mixtape.csv --outcome re78 --treatment treat --covariate re75`,
    )
    .action((file: string, options: Options, command: Command) => {
      const request = requestOf(file, options);
      return shell.answer(command, async () => {
        // DuckDB is only loaded by the commands that need it.
        const { analyzeFile } = await import('../../analyze/analyze-file.ts');
        const { formatAnalysis } = await import('../../analyze/format-analysis.ts');
        const analysis = await analyzeFile(request);
        return { json: analysis, text: formatAnalysis(analysis) };
      });
    });
}

function requestOf(
  file: string,
  { outcome, treatment, covariate, control, alpha, alwaysValid }: Options,
): AnalyzeOptions {
  const level = Number(alpha);
  if (!(level > 0 && level < 1)) throw new UsageError(`--alpha must lie between 0 and 1, got "${alpha}"`);
  return {
    file,
    outcome,
    treatment,
    alpha: level,
    method: alwaysValid === true ? 'always-valid' : 'fixed-horizon',
    ...(covariate === undefined ? {} : { covariate }),
    ...(control === undefined ? {} : { control }),
  };
}
