import { once } from 'node:events';
import path from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../failures.ts';
import { isJson, type Shell } from '../shell.ts';

// The platform's parts are only loaded by the commands that run them: everything else answers at once.

interface UpOptions {
  readonly data: string;
  readonly port?: string;
  readonly temporalPort?: string;
  readonly uiPort?: string;
  readonly postgresPort?: string;
  readonly bus?: string;
  readonly kafkaPort?: string;
}

export function addPlatformCommands(program: Command, shell: Shell): void {
  addUp(program, shell);
  program
    .command('serve')
    .description('run the gRPC services, until Ctrl-C; settings come from the environment')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgresql://… TEMPORAL_ADDRESS=temporal:7233 umpire serve')
    .action(async () => {
      const { createLogger, liveUntilSignalled } = await import('../../main/process-life.ts');
      const { startServe } = await import('../../main/serve.ts');
      const logger = createLogger('serve', shell.surroundings.configuration);
      await liveUntilSignalled(logger, () => startServe(shell.surroundings.configuration, logger));
    });
  program
    .command('work')
    .description('run the Temporal worker, ingest and the live monitor, until Ctrl-C')
    .addHelpText(
      'after',
      '\nExample:\n  DATABASE_URL=postgresql://… UMPIRE_WAREHOUSE_FILE=warehouse.duckdb umpire work',
    )
    .action(async () => {
      const { createLogger, liveUntilSignalled } = await import('../../main/process-life.ts');
      const { startWork } = await import('../../main/work.ts');
      const logger = createLogger('work', shell.surroundings.configuration);
      await liveUntilSignalled(logger, () => startWork(shell.surroundings.configuration, logger));
    });
  addCodecServer(program, shell);
  addDemo(program, shell);
}

function addCodecServer(program: Command, shell: Shell): void {
  program
    .command('codec-server')
    .description(
      "decrypt payloads for Temporal's UI and command line, until Ctrl-C; settings come from the environment",
    )
    .addHelpText(
      'after',
      `
Example:
  UMPIRE_PAYLOAD_KEYS_FILE=keys.txt UMPIRE_CODEC_ORIGINS=http://127.0.0.1:8080 umpire codec-server`,
    )
    .action(async () => {
      const { createLogger, liveUntilSignalled } = await import('../../main/process-life.ts');
      const { startCodec } = await import('../../main/codec-server.ts');
      const logger = createLogger('codec-server', shell.surroundings.configuration);
      await liveUntilSignalled(logger, () => startCodec(shell.surroundings.configuration, logger));
    });
}

function addUp(program: Command, shell: Shell): void {
  const { signal, out, err, configuration } = shell.surroundings;
  program
    .command('up')
    .description('run the whole platform on this machine, until Ctrl-C: PostgreSQL, Temporal, services, worker')
    .option('--data <folder>', 'where everything is kept', '.third-umpire/up')
    .option('--bus <bus>', 'where events go: embedded or kafka (default: kafka where KAFKA_BROKERS is set)')
    .option('--port <port>', 'of the gRPC services (default: that of UMPIRE_ADDRESS)')
    .option('--temporal-port <port>', 'of Temporal (default: a free one)')
    .option('--ui-port <port>', "of Temporal's UI (default: a free one)")
    .option('--postgres-port <port>', 'of PostgreSQL (default: a free one)')
    .option('--kafka-port <port>', 'of Kafka, where it is started (default: a free one)')
    .addHelpText('after', '\nExamples:\n  umpire up\n  umpire up --data /var/lib/umpire --ui-port 8233')
    .action(async (options: UpOptions, command: Command) => {
      const { startPlatform } = await import('../../main/up.ts');
      const platform = await startPlatform({
        dataDirectory: path.resolve(options.data),
        ports: portsOf(options, configuration.UMPIRE_ADDRESS),
        ...(options.bus === undefined ? {} : { bus: busOf(options.bus) }),
        scorecardEveryMs: configuration.UMPIRE_SCORECARD_EVERY_MS,
        onProgress: err,
        ...(configuration.UMPIRE_EVENT_TYPES === undefined ? {} : { eventTypesFile: configuration.UMPIRE_EVENT_TYPES }),
        ...(configuration.TEMPORAL_CLI_PATH === undefined
          ? {}
          : { temporalExecutable: configuration.TEMPORAL_CLI_PATH }),
      });
      try {
        const { grpcAddress, temporalUiUrl, temporalAddress, databaseUrl, logDirectory, httpAddresses } = platform;
        const addresses = {
          grpc: grpcAddress,
          temporalUi: temporalUiUrl,
          temporal: temporalAddress,
          database: databaseUrl,
          health: [`http://${httpAddresses.serve}/readyz`, `http://${httpAddresses.work}/readyz`],
          ...(platform.kafkaAddress === null ? {} : { kafka: platform.kafkaAddress }),
        };
        const text = `gRPC services  ${grpcAddress}\nTemporal UI    ${temporalUiUrl}\nPostgreSQL     ${databaseUrl}\nhealth         http://${httpAddresses.serve}/readyz  http://${httpAddresses.work}/readyz\nlogs           ${logDirectory}\nCtrl-C ends it; the data stays in ${options.data}`;
        out(isJson(command) ? JSON.stringify({ ...addresses, logDirectory }) : text);
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        err('ending everything in order');
        await platform.stop();
      }
    });
}

function busOf(text: string): 'embedded' | 'kafka' {
  if (text === 'embedded' || text === 'kafka') return text;
  throw new UsageError(`--bus must be embedded or kafka, got "${text}"`);
}

function portsOf({ port, temporalPort, uiPort, postgresPort, kafkaPort }: UpOptions, address: string) {
  const grpc = port ?? address.slice(address.lastIndexOf(':') + 1);
  return {
    grpc: portOf('--port', grpc),
    ...(temporalPort === undefined ? {} : { temporal: portOf('--temporal-port', temporalPort) }),
    ...(uiPort === undefined ? {} : { temporalUi: portOf('--ui-port', uiPort) }),
    ...(postgresPort === undefined ? {} : { postgres: portOf('--postgres-port', postgresPort) }),
    ...(kafkaPort === undefined ? {} : { kafka: portOf('--kafka-port', kafkaPort) }),
  };
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`${option} must be a port, a whole number from 0 to 65535, got "${text}"`);
}

function addDemo(program: Command, shell: Shell): void {
  const { signal, out, err, clock, configuration } = shell.surroundings;
  program
    .command('demo')
    .description('play a match evening of the fantasy league on a platform of its own')
    .option('--bus <bus>', 'where events go: embedded or kafka', 'embedded')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--seed <number>', 'another evening', '11')
    .addHelpText('after', '\nExamples:\n  umpire demo --keep\n  umpire demo --json')
    .action(async (options: { bus: string; keep?: boolean; seed: string }, command: Command) => {
      const seed = Number(options.seed);
      if (!Number.isSafeInteger(seed)) throw new UsageError(`--seed must be a whole number, got "${options.seed}"`);
      const { runDemo } = await import('../../examples/fantasy-league/demo.ts');
      const { shortcomingsOf } = await import('../../examples/fantasy-league/result.ts');
      const result = await runDemo({
        seed,
        bus: busOf(options.bus),
        keep: options.keep === true,
        log: isJson(command) ? err : out,
        clock,
        signal,
        ...(configuration.TEMPORAL_CLI_PATH === undefined
          ? {}
          : { temporalExecutable: configuration.TEMPORAL_CLI_PATH }),
      });
      if (isJson(command)) out(JSON.stringify(result));
      if (shortcomingsOf(result).length > 0) shell.exitCode = 1;
    });
}
