import {
  ControlServiceService,
  DefinitionKind,
  type Actor,
  type Experiment,
} from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import type { Scorecard } from '../../scorecard/scorecard.ts';
import { actorOf, changing, type ActorOptions } from '../actor.ts';
import { UsageError } from '../failures.ts';
import { experimentJson, experimentTable, experimentText } from '../format/experiment.ts';
import { scorecardText } from '../format/scorecard.ts';
import type { Server, UnaryMethod } from '../server.ts';
import type { Answer, Shell } from '../shell.ts';
import { addFileCommands } from './definitions.ts';

const KIND = DefinitionKind.DEFINITION_KIND_EXPERIMENT;

export function addExperimentCommands(program: Command, shell: Shell): void {
  const experiment = program
    .command('experiment')
    .description('experiments: define, start, steer and read them')
    .addHelpText(
      'after',
      `
Examples:
  umpire experiment validate upi_retry.yaml
  umpire experiment put upi_retry.yaml --reason "retry failed UPI deposits"
  umpire experiment start upi_retry --reason "retry failed UPI deposits"
  umpire experiment get upi_retry
  umpire experiment scorecard upi_retry`,
    );
  addFileCommands(experiment, shell);
  addReadingCommands(experiment, shell);
  addSteeringCommands(experiment, shell);
}

function addReadingCommands(experiment: Command, shell: Shell): void {
  experiment
    .command('list')
    .description('where every experiment stands')
    .addHelpText('after', '\nExample:\n  umpire experiment list --json')
    .action((_options: object, command: Command) =>
      shell.ask(command, async (server) => {
        const { experiments } = await server.call(ControlServiceService.listExperiments, {});
        return { json: experiments.map(experimentJson), text: experimentTable(experiments) };
      }),
    );
  experiment
    .command('get <key>')
    .description('where one experiment stands')
    .addHelpText('after', '\nExample:\n  umpire experiment get upi_retry')
    .action((key: string, _options: object, command: Command) =>
      shell.ask(command, (server) =>
        standing(server, key, () => server.call(ControlServiceService.getExperiment, { experimentKey: key })),
      ),
    );
  experiment
    .command('scorecard <key>')
    .description('the newest scorecard: verdict, effects with intervals, gates')
    .addHelpText('after', '\nExample:\n  umpire experiment scorecard upi_retry --json')
    .action((key: string, _options: object, command: Command) =>
      shell.ask(command, async (server) => {
        const { scorecardJson } = await server.aboutKey(KIND, key, () =>
          server.call(ControlServiceService.getScorecard, { experimentKey: key }),
        );
        const scorecard = JSON.parse(scorecardJson) as Scorecard;
        return { json: scorecard, text: scorecardText(scorecard) };
      }),
    );
}

function addSteeringCommands(experiment: Command, shell: Shell): void {
  changing(experiment.command('start <key>'))
    .description("start the experiment's workflow")
    .addHelpText('after', '\nExample:\n  umpire experiment start upi_retry --reason "plan of the third quarter"')
    .action((key: string, options: ActorOptions, command: Command) => {
      const actor = actorOf(options);
      return shell.ask(command, async (server) => {
        const { workflowId } = await server.aboutKey(KIND, key, () =>
          server.call(ControlServiceService.startExperiment, { experimentKey: key, actor }),
        );
        return { json: { experimentKey: key, workflowId }, text: `${key} is started as workflow ${workflowId}` };
      });
    });
  addVerb(
    experiment,
    shell,
    'approve',
    'give the approval that the workflow waits for',
    ControlServiceService.approveExperiment,
  );
  addVerb(
    experiment,
    shell,
    'pause',
    "hold the ramp where it is; nobody's variant changes",
    ControlServiceService.pauseExperiment,
  );
  addVerb(experiment, shell, 'resume', 'let the ramp go on', ControlServiceService.resumeExperiment);
  addVerb(
    experiment,
    shell,
    'rollback',
    'serve control to everybody and close the analysis',
    ControlServiceService.rollbackExperiment,
  );
  changing(experiment.command('ramp <key> <stage>'))
    .description('move on to a later stage now, without waiting for its hold; gates are still judged')
    .addHelpText('after', '\nExample:\n  umpire experiment ramp upi_retry 3 --reason "quiet evening"')
    .action((key: string, stageText: string, options: ActorOptions, command: Command) => {
      const stage = stageOf(stageText);
      const actor = actorOf(options);
      return shell.ask(command, (server) =>
        standing(server, key, () =>
          server.call(ControlServiceService.rampExperiment, { experimentKey: key, stage, actor }),
        ),
      );
    });
  changing(experiment.command('ship <key> <variant>'))
    .description('serve a variant to everybody')
    .addHelpText(
      'after',
      '\nExample:\n  umpire experiment ship upi_retry treatment --reason "significant, guardrails clean"',
    )
    .action((key: string, variant: string, options: ActorOptions, command: Command) => {
      const actor = actorOf(options);
      return shell.ask(command, (server) =>
        standing(server, key, () =>
          server.call(ControlServiceService.shipExperiment, { experimentKey: key, variant, actor }),
        ),
      );
    });
}

type Verb = UnaryMethod<{ experimentKey: string; actor: Actor | undefined }, Standing>;

interface Standing {
  readonly experiment?: Experiment | undefined;
}

function addVerb(experiment: Command, shell: Shell, name: string, description: string, method: Verb): void {
  changing(experiment.command(`${name} <key>`))
    .description(description)
    .addHelpText(
      'after',
      `\nExample:\n  umpire experiment ${name} upi_retry --reason "decided in the review of Monday"`,
    )
    .action((key: string, options: ActorOptions, command: Command) => {
      const actor = actorOf(options);
      return shell.ask(command, (server) =>
        standing(server, key, () => server.call(method, { experimentKey: key, actor })),
      );
    });
}

/** Where the experiment stands after `work`. */
async function standing(server: Server, key: string, work: () => Promise<Standing>): Promise<Answer> {
  const { experiment } = await server.aboutKey(KIND, key, work);
  if (experiment === undefined) throw new Error(`the platform answered without experiment ${key}`);
  return { json: experimentJson(experiment), text: experimentText(experiment) };
}

function stageOf(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError(
    `the stage must be a whole number from 1, as "umpire experiment get KEY" counts them, got "${text}"`,
  );
}
