import { ControlServiceService, DefinitionKind } from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import { scorecardRows } from '../../judge/result-rows.ts';
import type { Scorecard } from '../../scorecard/scorecard.ts';
import { resultsText } from '../format/results.ts';
import type { Server } from '../server.ts';
import type { Answer, Shell } from '../shell.ts';

const KIND = DefinitionKind.DEFINITION_KIND_EXPERIMENT;

export function addResultsCommand(program: Command, shell: Shell): void {
  program
    .command('results <key>')
    .description('the newest rows of an experiment in the tables of results, with the columns that BI tools see')
    .addHelpText(
      'after',
      `
The tables are in the warehouse: experiment_results, experiment_results_history, experiment_decisions, exposures_daily and
dead_letters (docs/result-tables.md). A DuckDB file is open in its worker alone, so these rows come from the platform.

Example:
  umpire results upi_retry --json`,
    )
    .action((key: string, _options: object, command: Command) => shell.ask(command, (server) => results(server, key)));
}

async function results(server: Server, key: string): Promise<Answer> {
  const { scorecardJson } = await server.aboutKey(KIND, key, () =>
    server.call(ControlServiceService.getScorecard, { experimentKey: key }),
  );
  const { definition } = await server.aboutKey(KIND, key, () =>
    server.call(ControlServiceService.getDefinition, { kind: KIND, key, version: 0 }),
  );
  if (definition === undefined) throw new Error(`the platform answered without experiment ${key}`);
  const rows = scorecardRows(
    JSON.parse(scorecardJson) as Scorecard,
    JSON.parse(definition.documentJson) as ExperimentDefinition,
  );
  return { json: { experiment_results: rows.results, experiment_decisions: [rows.decision] }, text: resultsText(rows) };
}
