import type { Command } from 'commander';
import type { StepOutcome } from '../../main/setup/step.ts';
import type { Shell } from '../shell.ts';

export function addSetupCommand(program: Command, shell: Shell): void {
  program
    .command('setup')
    .description('make what the platform needs in PostgreSQL, Temporal and its event bus; once more changes nothing')
    .option('--check', 'change nothing, and say what is missing; exit code 1 where something is')
    .addHelpText(
      'after',
      `
Examples:
  DATABASE_URL=postgresql://… TEMPORAL_ADDRESS=temporal:7233 umpire setup
  umpire setup --check --json`,
    )
    .action(({ check = false }: { readonly check?: boolean }, command: Command) =>
      shell.answer(command, async () => {
        const { createLogger } = await import('../../main/process-life.ts');
        const { setupSteps } = await import('../../main/setup/setup-steps.ts');
        const { runSetup } = await import('../../main/setup/step.ts');
        const { configuration } = shell.surroundings;
        const steps = setupSteps(
          configuration,
          createLogger('setup', { ...configuration, UMPIRE_LOG_LEVEL: 'silent' }),
        );
        const outcomes = await runSetup(steps, check);
        const isComplete = outcomes.every(({ state }) => state === 'there' || state === 'made');
        return { json: { isComplete, steps: outcomes }, text: textOf(outcomes, isComplete), isFailure: !isComplete };
      }),
    );
}

const MARKS: Readonly<Record<StepOutcome['state'], string>> = { there: '✓', made: '+', missing: '·', failed: '✗' };

function textOf(outcomes: readonly StepOutcome[], isComplete: boolean): string {
  const lines = outcomes.flatMap(({ name, state, details }) => [
    `${MARKS[state]} ${name}: ${state}`,
    ...details.map((detail) => `    ${detail}`),
  ]);
  const end = isComplete ? 'Everything is set up.' : 'Not everything is set up.';
  return [...lines, '', end].join('\n');
}
