import type { Flag, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Command } from 'commander';
import { didYouMean } from '../../definitions/suggestion.ts';
import { CommandFailure } from '../failures.ts';
import { table } from '../format/table.ts';
import { fetchRuleset } from '../ruleset.ts';
import type { Answer, Shell } from '../shell.ts';

export function addFlagCommands(program: Command, shell: Shell): void {
  const flag = program
    .command('flag')
    .description('flags as they are served now')
    .addHelpText('after', '\nExamples:\n  umpire flag list\n  umpire flag get upi_retry');
  flag
    .command('list')
    .description('every flag that is served, with its variants and what is killed')
    .addHelpText('after', '\nExample:\n  umpire flag list --json')
    .action((_options: object, command: Command) =>
      shell.ask(command, async (server) => listFlags(await fetchRuleset(server))),
    );
  flag
    .command('get <key>')
    .description('one flag: its variants, rules and kills')
    .addHelpText('after', '\nExample:\n  umpire flag get upi_retry')
    .action((key: string, _options: object, command: Command) =>
      shell.ask(command, async (server) => getFlag(await fetchRuleset(server), key)),
    );
}

function listFlags(ruleset: Ruleset): Answer {
  const flags = ruleset.flags.map((flag) => summaryOf(flag, ruleset));
  const rows = flags.map(({ key, type, state, control, variants, rules }) => [
    key,
    type,
    state,
    control,
    variants.map((variant) => variant.key).join(', '),
    rules.map(({ serves }) => serves).join('; '),
  ]);
  const none = 'no flag is served yet; store one with: umpire definitions put FILE --reason "…"';
  return {
    json: { rulesetVersion: ruleset.version, flags },
    text: table(['flag', 'type', 'state', 'control', 'variants', 'rules'], rows, none),
  };
}

function getFlag(ruleset: Ruleset, key: string): Answer {
  const flag = ruleset.flags.find((candidate) => candidate.key === key);
  if (flag === undefined) {
    const keys = ruleset.flags.map((candidate) => candidate.key);
    throw new CommandFailure(
      'NOT_FOUND',
      `no flag "${key}" is served${didYouMean(key, keys)}; umpire flag list shows all`,
    );
  }
  const summary = summaryOf(flag, ruleset);
  const lines = [
    `${key}: ${summary.type}, ${summary.state} (ruleset ${ruleset.version})`,
    ...summary.variants.map(({ key: variant, value }) => {
      return `  ${variant} = ${JSON.stringify(value)}${variant === summary.control ? '  (control)' : ''}`;
    }),
    ...summary.rules.map(({ key: rule, serves }, position) => `  rule ${position + 1}, ${rule}: ${serves}`),
    ...summary.kills.map(({ killId, actor, reason }) => `  kill ${killId} by ${actor}: ${reason}`),
  ];
  return { json: summary, text: lines.join('\n') };
}

function summaryOf(flag: Flag, { kills, experiments }: Ruleset) {
  const killsOfFlag = kills.filter(
    ({ target }) =>
      (target?.$case === 'flagKey' && target.value === flag.key) ||
      (target?.$case === 'experimentKey' &&
        experiments.some(({ key, flagKey }) => key === target.value && flagKey === flag.key)),
  );
  const isKilled = killsOfFlag.some(({ target }) => target?.$case === 'flagKey');
  return {
    key: flag.key,
    type: flag.valueType.replace('VALUE_TYPE_', '').toLowerCase(),
    state: isKilled ? 'killed' : flag.enabled ? 'on' : 'off',
    control: flag.controlVariant,
    variants: flag.variants.map(({ key, value }) => ({ key, value: value as unknown })),
    rules: flag.rules.map(({ key, outcome, condition }) => ({
      key,
      serves: servesText(outcome) + (condition === undefined ? '' : ', on a condition'),
    })),
    kills: killsOfFlag.map(({ killId, actor, reason, killedAt, target }) => {
      return { killId, actor, reason, killedAt, target: target?.value };
    }),
  };
}

function servesText(outcome: Flag['rules'][number]['outcome']): string {
  if (outcome === undefined) return 'nothing';
  if (outcome.$case === 'variant') return `always ${outcome.value}`;
  if (outcome.$case === 'experimentKey') return `experiment ${outcome.value}`;
  const shares = outcome.value.variants.map(
    ({ variant, weightBasisPoints }) => `${variant} ${weightBasisPoints / 100} %`,
  );
  return `rollout by ${outcome.value.unitType}: ${shares.join(', ')}`;
}
