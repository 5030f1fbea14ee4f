import { explain, type Explanation, type ExplanationStep } from '@third-umpire/sdk';
import type { EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Command } from 'commander';
import { didYouMean } from '../../definitions/suggestion.ts';
import { parseContext } from '../context.ts';
import { CommandFailure } from '../failures.ts';
import { fetchRuleset } from '../ruleset.ts';
import { linkedDeviceIn, serviceDecision } from '../service-decision.ts';
import type { Answer, Shell } from '../shell.ts';

interface Options {
  readonly context: readonly string[];
  readonly linkedDevice?: string;
  readonly stale?: boolean;
}

export function addExplainCommand(program: Command, shell: Shell): void {
  program
    .command('explain <flag>')
    .description('why this unit gets this variant of a flag, step by step')
    .requiredOption(
      '--context <attributes...>',
      'name=text, or name:=value for a JSON value, separated by commas; or one JSON object',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--linked-device <id>', 'the device that the user was linked to at login, by which he is hashed')
    .option('--stale', 'as an SDK decides whose ruleset is too old')
    .addHelpText(
      'after',
      `
Examples:
  umpire explain upi_retry --context user=u1,region=KA,app_version=7.2.0
  umpire explain upi_retry --context user=u1 --context deposits:=3,is_new:=true
  umpire explain upi_retry --context '{"user":"u1","deposits":3}' --json`,
    )
    .action((flagKey: string, { context: texts, linkedDevice, stale }: Options, command: Command) => {
      const context = parseContext(texts);
      return shell.ask(command, async (server) => {
        const ruleset = await fetchRuleset(server);
        const keys = ruleset.flags.map(({ key }) => key);
        if (!keys.includes(flagKey)) {
          const remedy = `${didYouMean(flagKey, keys)}; umpire flag list shows all`;
          throw new CommandFailure('NOT_FOUND', `no flag "${flagKey}" is served${remedy}`);
        }
        // As the service itself decides: it knows which users it saw log in on which device.
        const served = await serviceDecision(server, flagKey, context);
        const device = linkedDevice ?? linkedDeviceIn(served, context);
        const explanation = explain(ruleset, flagKey, context, {
          isStale: stale === true,
          clock: () => Date.now(),
          ...(device === undefined ? {} : { hashedUserAs: () => device }),
        });
        const isAsServed = linkedDevice === undefined && stale !== true;
        return answerOf(explanation, isAsServed ? disagreement(explanation, served) : '');
      });
    });
}

const MARKS: Readonly<Record<ExplanationStep['kind'], string>> = { holds: '✓', fails: '✗', fact: '·', decides: '→' };

/** Empty where the service decides the same, or has a newer ruleset by now. */
function disagreement({ evaluation, rulesetVersion }: Explanation, served: EvaluateResponse): string {
  if (served.rulesetVersion !== rulesetVersion) return '';
  if (served.reason === evaluation.reason && served.variant === (evaluation.variant ?? '')) return '';
  return (
    `The service decides otherwise, ${served.variant} (${served.reason}): it hashes this user by a device that he was linked to. ` +
    'Name that device with --linked-device.'
  );
}

function answerOf({ evaluation, rulesetVersion, steps }: Explanation, note: string): Answer {
  const { flagKey, variant, value, reason, experimentKey, epoch, errorMessage } = evaluation;
  const served = variant === null ? `nothing: ${errorMessage}` : `${variant} = ${JSON.stringify(value)}`;
  const why = experimentKey === null ? reason : `${reason}, experiment ${experimentKey}, epoch ${epoch}`;
  const lines = [`${flagKey} (ruleset ${rulesetVersion}) serves ${served}`, `  ${why}`, '', ...linesOf(steps, '  ')];
  if (note !== '') lines.push('', note);
  return { json: { ...evaluation, rulesetVersion, steps, note: note === '' ? null : note }, text: lines.join('\n') };
}

function linesOf(steps: readonly ExplanationStep[], indent: string): string[] {
  return steps.flatMap(({ kind, text, steps: inner }) => [
    `${indent}${MARKS[kind]} ${text}`,
    ...linesOf(inner, `${indent}    `),
  ]);
}
