import path from 'node:path';
import type { Command } from 'commander';
import type { ConnectRequest } from '../../connect/connect.ts';
import { readText } from '../documents.ts';
import { connectText, findingsText } from '../format/connect.ts';
import { CommandFailure } from '../failures.ts';
import { scorecardText } from '../format/scorecard.ts';
import type { Answer, Shell } from '../shell.ts';
import { timeOf } from './times.ts';
import { reachedWarehouse } from './warehouse-failures.ts';

interface Options {
  readonly scorecard?: string;
  readonly asOf?: string;
}

export function addConnectCommand(program: Command, shell: Shell): void {
  program
    .command('connect <file>')
    .description('read experiments from a warehouse that you have (DuckDB, Parquet, BigQuery); needs no platform')
    .option('--scorecard <key>', 'judge this experiment of the file')
    .option('--as-of <time>', 'the time of the analysis, ISO 8601 with offset; default: now')
    .addHelpText(
      'after',
      `
The file names the warehouse, the SQL of assignments and facts, metrics and experiments: docs/connect.md.
Nothing is ever written to the warehouse. Without --scorecard, the file is checked against it.

Examples:
  umpire connect examples/existing-warehouse/shop.yaml
  umpire connect examples/existing-warehouse/shop.yaml --scorecard new_checkout`,
    )
    .action((file: string, options: Options, command: Command) =>
      shell.answer(command, async () => {
        const nowMs = options.asOf === undefined ? shell.surroundings.clock() : timeOf('--as-of', options.asOf);
        const request: ConnectRequest = {
          text: await readText(file),
          fileName: file,
          baseDirectory: path.dirname(path.resolve(file)),
          nowMs,
          signal: shell.surroundings.signal,
          bigQueryApiEndpoint: shell.surroundings.configuration.BIGQUERY_API_ENDPOINT,
        };
        return options.scorecard === undefined ? await check(request) : await score(request, options.scorecard);
      }),
    );
}

async function check(request: ConnectRequest): Promise<Answer> {
  // DuckDB is only loaded by the commands that need it.
  const { checkSource } = await import('../../connect/connect.ts');
  const report = await reachedWarehouse(() => checkSource(request));
  return { json: report, text: connectText(report), isFailure: !report.isUsable };
}

async function score(request: ConnectRequest, key: string): Promise<Answer> {
  const { scoreExisting } = await import('../../connect/connect.ts');
  const { scorecard, report } = await reachedWarehouse(() => scoreExisting(request, key));
  if (scorecard === null) throw new CommandFailure('INVALID_ARGUMENT', findingsText(report.findings));
  const text = [scorecardText(scorecard), findingsText(report.findings)].filter((part) => part !== '').join('\n\n');
  return { json: { ...scorecard, findings: report.findings }, text, isFailure: scorecard.verdict === 'invalid' };
}
