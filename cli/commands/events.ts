import type { Command } from 'commander';
import type { StoredEvent } from '../../event-bus/event.ts';
import { requireDatabase, type Configuration } from '../../main/configuration.ts';
import { UsageError } from '../failures.ts';
import type { LogSource } from '../log-source.ts';
import { isJson, type Shell } from '../shell.ts';

interface Options {
  readonly database?: string;
  readonly type?: string;
  readonly user?: string;
  readonly lines: string;
  readonly follow?: boolean;
}

const MAX_LINES = 100_000;

export function addEventCommands(program: Command, shell: Shell): void {
  const events = program
    .command('events')
    .description('the event log')
    .addHelpText('after', '\nExample:\n  umpire events tail --type exposure --follow');
  events
    .command('tail')
    .description('the newest events, one line each; with --json one JSON object a line')
    .option(
      '--database <url>',
      'the PostgreSQL that holds the log (default: Kafka where KAFKA_BROKERS is set, else DATABASE_URL)',
    )
    .option('--type <type>', 'only events of this type, such as exposure')
    .option('--user <id>', 'only events of this user (or anonymous id)')
    .option('--lines <count>', 'how many to begin with', '10')
    .option('--follow', 'go on with what is published, until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  umpire events tail --lines 50
  umpire events tail --type deposit_failed --follow --json
  umpire events tail --database postgresql://umpire:umpire@127.0.0.1:5432/umpire`,
    )
    .action((options: Options, command: Command) => tail(options, command, shell));
}

async function tail(options: Options, command: Command, { surroundings }: Shell): Promise<void> {
  const { configuration, signal, out } = surroundings;
  const lines = linesOf(options.lines);
  const print = isJson(command) ? jsonLine : textLine;
  const fits = ({ eventType, userId, anonymousId }: StoredEvent): boolean =>
    (options.type === undefined || eventType === options.type) &&
    (options.user === undefined || userId === options.user || anonymousId === options.user);
  // The drivers are only loaded by the commands that need it.
  const { readEventLog } = await import('../event-log-reader.ts');
  const reader = readEventLog(await sourceOf(options, configuration), signal);
  try {
    const { events, ends } = await reader.newest(lines, fits);
    for (const event of events) out(print(event));
    if (options.follow !== true) return;
    await reader.follow(ends, fits, (more) => {
      for (const event of more) out(print(event));
    });
  } finally {
    await reader.close();
  }
}

/** A database that is named comes first, then Kafka, then the database of the settings. */
async function sourceOf({ database }: Options, configuration: Configuration): Promise<LogSource> {
  if (database !== undefined && (!/^postgres(ql)?:\/\//.test(database) || !URL.canParse(database))) {
    throw new UsageError(`--database must be a connection string such as postgresql://user:password@host:5432/umpire`);
  }
  const { embeddedSource, kafkaSource } = await import('../log-source.ts');
  const { kafkaOptions } = await import('../../main/open-event-bus.ts');
  const kafka = database === undefined ? await kafkaOptions(configuration) : null;
  return kafka === null ? embeddedSource(database ?? requireDatabase(configuration)) : kafkaSource(kafka);
}

function jsonLine(event: StoredEvent): string {
  return JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

function textLine({
  timestampMs,
  eventType,
  userId,
  anonymousId,
  experimentKey,
  epoch,
  variant,
  properties,
}: StoredEvent): string {
  const who = userId ?? (anonymousId === null ? '-' : `anonymous ${anonymousId}`);
  const parts = [new Date(timestampMs).toISOString(), eventType, who];
  if (experimentKey !== null) parts.push(`${experimentKey}/${epoch ?? 0}=${variant ?? '-'}`);
  const rest = Object.entries(properties).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [...parts, ...rest].join('  ');
}

function linesOf(text: string): number {
  const lines = Number(text);
  if (text !== '' && Number.isInteger(lines) && lines >= 0 && lines <= MAX_LINES) return lines;
  throw new UsageError(`--lines must be a whole number from 0 to ${MAX_LINES}, got "${text}"`);
}
