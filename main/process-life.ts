import pino, { type Logger } from 'pino';
import { ConfigurationError, readConfiguration, type Configuration } from './configuration.ts';

/** What a process tells the one that started it. */
export interface ReadyMessage {
  readonly ready: true;
  /** What it offers, such as the address that it listens on. */
  readonly offers: Readonly<Record<string, string>>;
}

/** A question of the one that started the process. */
export interface Question {
  readonly ask: string;
}

export interface Answer {
  readonly answer: string;
  readonly value?: unknown;
  readonly error?: string;
}

export interface RunningProcess {
  readonly offers: Readonly<Record<string, string>>;
  /** What it can be asked by the process that started it. */
  readonly answers?: Readonly<Record<string, () => Promise<unknown>>>;
  /** Orderly end. */
  stop(): Promise<void>;
}

/** Logs as JSON lines on standard error: standard output belongs to commands. */
export function createLogger(name: string, { UMPIRE_LOG_LEVEL: level }: Configuration): Logger {
  return pino({ name, level }, pino.destination({ dest: 2, sync: true }));
}

/** The whole of an entry point: reads the settings and runs one process. What keeps it from starting ends it with code 1, in words. */
export async function runProcess(
  name: string,
  start: (configuration: Configuration, logger: Logger) => Promise<RunningProcess>,
): Promise<void> {
  try {
    const configuration = readConfiguration();
    const logger = createLogger(name, configuration);
    await liveUntilSignalled(logger, () => start(configuration, logger));
  } catch (error) {
    console.error(error instanceof ConfigurationError ? error.message : error);
    // Whatever of it still runs must not keep a process alive that does nothing.
    process.exit(1);
  }
}

/**
 * Runs one long-lived process: starts it, tells its parent, and ends it in order on SIGINT, SIGTERM, or when the parent is gone. A second
 * signal ends it at once.
 */
export async function liveUntilSignalled(logger: Logger, start: () => Promise<RunningProcess>): Promise<void> {
  const running = await start();
  process.on('message', (message: Partial<Question>) => {
    if (typeof message.ask === 'string') void reply(running, message.ask);
  });
  process.send?.({ ready: true, offers: running.offers } satisfies ReadyMessage);
  const why = await new Promise<string>((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('SIGTERM', () => resolve('SIGTERM'));
    if (process.send !== undefined) process.once('disconnect', () => resolve('the parent process ended'));
  });
  logger.info(`stopping: ${why}`);
  await running.stop();
  logger.info('stopped');
  if (process.connected) process.disconnect();
}

async function reply(running: RunningProcess, ask: string): Promise<void> {
  const question = running.answers?.[ask];
  try {
    if (question === undefined) throw new Error(`it cannot be asked for ${ask}`);
    process.send?.({ answer: ask, value: await question() } satisfies Answer);
  } catch (error) {
    process.send?.({ answer: ask, error: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
}
