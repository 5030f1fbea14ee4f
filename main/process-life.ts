import pino, { type Logger } from 'pino';
import type { Configuration } from './configuration.ts';

/** What a process tells the one that started it. */
export interface ReadyMessage {
  readonly ready: true;
  /** What it offers, such as the address that it listens on. */
  readonly offers: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly offers: Readonly<Record<string, string>>;
  /** Orderly end. */
  stop(): Promise<void>;
}

/** Logs as JSON lines on standard error: standard output belongs to commands. */
export function createLogger(name: string, { UMPIRE_LOG_LEVEL: level }: Configuration): Logger {
  return pino({ name, level }, pino.destination({ dest: 2, sync: true }));
}

/**
 * Runs one long-lived process: starts it, tells its parent, and ends it in order on SIGINT, SIGTERM, or when the parent is gone. A second
 * signal ends it at once.
 */
export async function liveUntilSignalled(logger: Logger, start: () => Promise<RunningProcess>): Promise<void> {
  const running = await start();
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
