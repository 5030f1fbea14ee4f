import path from 'node:path';
import type { Command } from 'commander';
import type { ConnectRequest } from '../../connect/connect.ts';
import { readText } from '../documents.ts';
import { connectText, findingsText } from '../format/connect.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { scorecardText } from '../format/scorecard.ts';
import type { Answer, Shell } from '../shell.ts';

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
        const nowMs = options.asOf === undefined ? shell.surroundings.clock() : timeOf(options.asOf);
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
  const report = await reached(() => checkSource(request));
  return { json: report, text: connectText(report), isFailure: !report.isUsable };
}

async function score(request: ConnectRequest, key: string): Promise<Answer> {
  const { scoreExisting } = await import('../../connect/connect.ts');
  const { scorecard, report } = await reached(() => scoreExisting(request, key));
  if (scorecard === null) throw new CommandFailure('INVALID_ARGUMENT', findingsText(report.findings));
  const text = [scorecardText(scorecard), findingsText(report.findings)].filter((part) => part !== '').join('\n\n');
  return { json: { ...scorecard, findings: report.findings }, text, isFailure: scorecard.verdict === 'invalid' };
}

async function reached<T>(work: () => Promise<T>): Promise<T> {
  const { RefusedSqlError, UnreachableWarehouseError, UnknownExperimentError } =
    await import('../../connect/errors.ts');
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnreachableWarehouseError)
      throw new CommandFailure('UNAVAILABLE', error.message, { cause: error });
    if (error instanceof RefusedSqlError)
      throw new CommandFailure('INVALID_ARGUMENT', `the SQL ${error.message}`, { cause: error });
    if (error instanceof UnknownExperimentError) throw new CommandFailure('NOT_FOUND', error.message, { cause: error });
    throw error;
  }
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (/(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(ms)) return ms;
  throw new UsageError(`--as-of must be ISO 8601 with offset, such as 2026-03-29T19:00:00+05:30, got "${text}"`);
}
