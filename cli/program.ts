import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { repositoryFile } from '../parts/repository-root.ts';
import { addAaCommand } from './commands/aa.ts';
import { addAskCommand } from './commands/ask.ts';
import { addAnalyzeCommand } from './commands/analyze.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addConnectCommand } from './commands/connect.ts';
import { addDefinitionCommands } from './commands/definitions.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEraseUserCommand } from './commands/erase-user.ts';
import { addEventCommands } from './commands/events.ts';
import { addExperimentCommands } from './commands/experiment.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addFlagCommands } from './commands/flag.ts';
import { addKillCommands } from './commands/kill.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addPlatformCommands } from './commands/platform.ts';
import { addResultsCommand } from './commands/results.ts';
import { UsageError } from './failures.ts';
import { addSetupCommand } from './commands/setup.ts';
import type { Shell } from './shell.ts';

const EXAMPLES = `
Examples:
  umpire up                                                the whole platform on this machine
  umpire definitions put upi_retry.yaml --reason "Q3 plan" store definitions
  umpire experiment start upi_retry --reason "Q3 plan"     start its workflow
  umpire experiment scorecard upi_retry                    what is known so far
  umpire explain upi_retry --context user=u1,region=KA     why this unit gets this variant
  umpire connect shop.yaml --scorecard new_checkout        judge an experiment in a warehouse that you have
  umpire analyze users.csv --unit user_id --variant arm --control control --metric revenue:mean
  umpire plan --baseline-rate 0.08 --mde 5% --daily-units 5000
  umpire kill flag upi_retry --reason "deposits fail"      control for everybody, now

Exit codes: 0 done; 1 failed, or the answer is bad news; 2 wrong usage.`;

/**
 * The whole command line. Every command hands its work to the shell.
 *
 * @param onUsage takes what is wrong with the command line
 */
export function createProgram(shell: Shell, onUsage: (text: string) => void): Command {
  const program = new Command('umpire')
    .description('Third Umpire: serve decisions, record what followed, judge what caused what.')
    .option(
      '--server <host:port>',
      'the platform to talk to (UMPIRE_SERVER)',
      address,
      shell.surroundings.configuration.UMPIRE_SERVER,
    )
    .option('--json', 'answer with one JSON value on standard output')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'show help, with examples')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ writeOut: (text) => shell.surroundings.out(text.trimEnd()), writeErr: onUsage });
  addPlatformCommands(program, shell);
  addDefinitionCommands(program, shell);
  addExperimentCommands(program, shell);
  addResultsCommand(program, shell);
  addFlagCommands(program, shell);
  addKillCommands(program, shell);
  addAuditCommand(program, shell);
  addExplainCommand(program, shell);
  addEventCommands(program, shell);
  addBackupCommands(program, shell);
  addEraseUserCommand(program, shell);
  addDoctorCommand(program, shell);
  addSetupCommand(program, shell);
  addAnalyzeCommand(program, shell);
  addPlanCommand(program, shell);
  addAaCommand(program, shell);
  addAskCommand(program, shell);
  addConnectCommand(program, shell);
  return program;
}

function address(text: string): string {
  if (/^[^\s:]+:\d{1,5}$/.test(text) && Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535) return text;
  throw new UsageError(`--server must be host:port, such as 127.0.0.1:7400, got "${text}"`);
}

function version(): string {
  const manifest = JSON.parse(readFileSync(repositoryFile('package.json'), 'utf8')) as { readonly version: string };
  return manifest.version;
}
