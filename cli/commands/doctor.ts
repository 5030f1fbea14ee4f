import type { Command } from 'commander';
import type { Finding } from '../doctor/check.ts';
import type { GlobalOptions, Shell } from '../shell.ts';

export function addDoctorCommand(program: Command, shell: Shell): void {
  program
    .command('doctor')
    .description('check every part that the platform needs on this machine, and say how to mend it')
    .addHelpText('after', '\nExample:\n  umpire doctor --json')
    .action((_options: object, command: Command) =>
      shell.answer(command, async () => {
        const findings = await examine(command.optsWithGlobals<GlobalOptions>().server, shell);
        const problems = findings.filter(({ status }) => status === 'problem').length;
        const end = problems === 0 ? 'Everything that is needed is there.' : `${problems} to mend.`;
        return {
          json: { isHealthy: problems === 0, findings },
          text: [...findings.flatMap(linesOf), '', end].join('\n'),
          isFailure: problems > 0,
        };
      }),
    );
}

async function examine(server: string, { surroundings }: Shell): Promise<Finding[]> {
  const { configuration, clock } = surroundings;
  const programs = await import('../doctor/programs.ts');
  const parts = await import('../doctor/parts.ts');
  const checks = [
    programs.checkNode,
    parts.checkPackages,
    programs.checkTemporal(configuration.TEMPORAL_CLI_PATH),
    parts.checkPostgres,
    parts.checkDuckDb,
    programs.checkTimeSkipping,
    programs.checkGo,
    parts.checkKafka(configuration),
    parts.checkPlatform(server, clock),
  ];
  const findings = [];
  // One after the other: a machine under load would make one check fail another.
  for (const check of checks) findings.push(await check());
  return findings;
}

const MARKS: Readonly<Record<Finding['status'], string>> = { ok: '✓', optional: '·', problem: '✗' };

function linesOf({ part, status, detail, remedy }: Finding): string[] {
  const lines = [`${MARKS[status]} ${part}: ${detail}`];
  return remedy === undefined ? lines : [...lines, `    mend it: ${remedy}`];
}
