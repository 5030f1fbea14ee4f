import { ControlServiceService, DefinitionKind, type Definition } from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import { InvalidDefinitionError, type Problem } from '../../definitions/definition.ts';
import { repositoryFile } from '../../parts/repository-root.ts';
import { actorOf, changing, type ActorOptions } from '../actor.ts';
import { kindName, kindOf } from '../definition-kind.ts';
import { readDocuments, readText } from '../documents.ts';
import { UsageError } from '../failures.ts';
import { table } from '../format/table.ts';
import type { Server } from '../server.ts';
import type { Answer, Shell } from '../shell.ts';

export function addDefinitionCommands(program: Command, shell: Shell): void {
  const definitions = program
    .command('definitions')
    .description('experiments, metrics, flags, segments, layers and holdouts, as documents')
    .addHelpText(
      'after',
      `
Examples:
  umpire definitions validate payments.yaml
  umpire definitions put examples/fantasy-league/definitions/*.yaml --reason "match evening"
  umpire definitions list --kind metric
  umpire definitions get metric deposit_success`,
    );
  addFileCommands(definitions, shell);
  addSchemaCommand(definitions, shell);
  definitions
    .command('list')
    .description('the newest version of every document')
    .option('--kind <kind>', 'only this kind')
    .addHelpText('after', '\nExample:\n  umpire definitions list --kind experiment')
    .action((options: { kind?: string }, command: Command) => {
      const kind = options.kind === undefined ? DefinitionKind.DEFINITION_KIND_UNSPECIFIED : kindOf(options.kind);
      return shell.ask(command, (server) => listDefinitions(server, kind));
    });
  definitions
    .command('get <kind> <key>')
    .description('one document as it is stored, with every default')
    .option('--at <version>', 'an earlier version')
    .addHelpText('after', '\nExample:\n  umpire definitions get experiment upi_retry --at 1 --json')
    .action((word: string, key: string, options: { at?: string }, command: Command) => {
      const kind = kindOf(word);
      const version = versionOf(options.at);
      return shell.ask(command, (server) => getDefinition(server, kind, key, version));
    });
}

function addSchemaCommand(parent: Command, shell: Shell): void {
  parent
    .command('schema')
    .description('the JSON schema of documents, for editors; needs no platform')
    .addHelpText(
      'after',
      `
Name it in a comment above each document, and the editor's YAML language server completes and checks:
  # yaml-language-server: $schema=umpire.schema.json

Example:
  umpire definitions schema > umpire.schema.json`,
    )
    .action((_options: object, command: Command) =>
      shell.answer(command, async () => {
        const text = await readText(repositoryFile('definitions/umpire.schema.json'));
        return { json: JSON.parse(text) as unknown, text: text.trimEnd() };
      }),
    );
}

/** `validate FILE` and `put FILE`, which `experiment` has too. */
export function addFileCommands(parent: Command, shell: Shell): void {
  const name = `umpire ${parent.name()}`;
  parent
    .command('validate <files...>')
    .description('say what is wrong with documents, without storing them (- is standard input)')
    .addHelpText('after', `\nExample:\n  ${name} validate upi_retry.yaml`)
    .action((files: string[], _options: object, command: Command) =>
      shell.ask(command, async (server) => problemsAnswer(await problemsOf(server, files, shell))),
    );
  changing(parent.command('put <files...>'))
    .description('store documents: all of them or none (- is standard input)')
    .addHelpText('after', `\nExample:\n  ${name} put upi_retry.yaml --reason "retry failed UPI deposits"`)
    .action((files: string[], options: ActorOptions, command: Command) => {
      const actor = actorOf(options);
      return shell.ask(command, async (server) => {
        const documentsYaml = await readDocuments(files, shell);
        const stored = await server.call(ControlServiceService.putDefinitions, { documentsYaml, actor });
        const lines = stored.definitions.map(
          ({ kind, key, version }) => `${kindName(kind)} ${key}: version ${version}`,
        );
        return { json: stored.definitions.map(jsonOf), text: lines.join('\n') };
      });
    });
}

/** What one document lacks is found here, with the file's line; how documents hang together, by the platform. */
async function problemsOf(server: Server, files: readonly string[], shell: Shell): Promise<readonly Problem[]> {
  try {
    const documentsYaml = await readDocuments(files, shell);
    return (await server.call(ControlServiceService.validateDefinitions, { documentsYaml })).problems;
  } catch (error) {
    if (error instanceof InvalidDefinitionError) return error.problems;
    throw error;
  }
}

function problemsAnswer(problems: readonly Problem[]): Answer {
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  return {
    json: { isValid: problems.length === 0, problems },
    text: problems.length === 0 ? 'valid' : lines.join('\n'),
    isFailure: problems.length > 0,
  };
}

async function listDefinitions(server: Server, wanted: DefinitionKind): Promise<Answer> {
  const { definitions } = await server.call(ControlServiceService.listDefinitions, { kind: wanted });
  const rows = definitions.map(({ kind, key, version, createdBy, createdAt }) => [
    kindName(kind),
    key,
    String(version),
    createdBy,
    createdAt?.toISOString() ?? '',
  ]);
  const none = 'nothing is stored yet; store documents with: umpire definitions put FILE --reason "…"';
  return { json: definitions.map(jsonOf), text: table(['kind', 'key', 'version', 'by', 'at'], rows, none) };
}

async function getDefinition(server: Server, kind: DefinitionKind, key: string, version = 0): Promise<Answer> {
  const { definition } = await server.aboutKey(kind, key, () =>
    server.call(ControlServiceService.getDefinition, { kind, key, version }),
  );
  if (definition === undefined) throw new Error(`the platform answered without ${kindName(kind)} ${key}`);
  const { version: found, createdBy, createdAt, documentJson } = definition;
  const head = `# ${kindName(kind)} ${key}, version ${found}, stored by ${createdBy} at ${createdAt?.toISOString() ?? '?'}`;
  const { stringify } = await import('yaml');
  return { json: jsonOf(definition), text: `${head}\n${stringify(JSON.parse(documentJson)).trimEnd()}` };
}

function jsonOf({ kind, key, version, createdBy, createdAt, documentJson }: Definition): object {
  return { kind: kindName(kind), key, version, createdBy, createdAt, document: JSON.parse(documentJson) as unknown };
}

function versionOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--at must be a version, a whole number from 1, got "${text}"`);
}
