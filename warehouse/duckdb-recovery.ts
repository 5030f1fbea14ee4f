import { DuckDbSession, type SessionOptions } from './duckdb-session.ts';

/** The warehouse's file cannot be used for the moment; nothing that was committed is lost. */
export class WarehouseUnavailableError extends Error {
  constructor(file: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `warehouse file ${file} could not be opened again after a failure: ${reason}. Make room on its disk, or mend what the message ` +
        'names; the next use tries again',
      { cause },
    );
    this.name = 'WarehouseUnavailableError';
  }
}

/**
 * A session that is opened anew after DuckDB gave itself up. It does so when a checkpoint fails, as on a full disk, and then refuses
 * everything until its process ends, also when there is room again. What was committed is in the file and its journal.
 */
export class RecoveringSession {
  readonly #options: SessionOptions;
  #session: DuckDbSession;
  /** Whether the session must be replaced before the next use. */
  #isGivenUp = false;
  #replacing: Promise<void> | undefined;

  constructor(options: SessionOptions, session: DuckDbSession) {
    this.#options = options;
    this.#session = session;
  }

  /**
   * Rejects with the work's own failure, also where the session gave up over it.
   *
   * @throws WarehouseUnavailableError where the file cannot be opened again
   */
  async run<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    if (this.#isGivenUp) await this.#replaceOnce();
    const session = this.#session;
    try {
      return await work(session);
    } catch (error) {
      // A database in memory is gone with its session.
      if (session === this.#session && this.#options.file !== ':memory:' && saysGivenUp(error)) this.#isGivenUp = true;
      throw error;
    }
  }

  /** Writes everything into the file, save where the session has given up, and gives it free. */
  async close(): Promise<void> {
    await this.#replacing;
    await this.#session.close({ checkpoint: !this.#isGivenUp });
  }

  /** Those who come meanwhile wait for the same. */
  async #replaceOnce(): Promise<void> {
    this.#replacing ??= this.#replace();
    try {
      await this.#replacing;
    } finally {
      this.#replacing = undefined;
    }
  }

  async #replace(): Promise<void> {
    try {
      await this.#session.close({ checkpoint: false });
      this.#session = await DuckDbSession.open(this.#options);
      this.#isGivenUp = false;
    } catch (error) {
      throw new WarehouseUnavailableError(this.#options.file, error);
    }
  }
}

const GIVEN_UP = 'database has been invalidated';
const FAILED_CHECKPOINT = 'Failed to create checkpoint';

function saysGivenUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.message.includes(GIVEN_UP) || error.message.includes(FAILED_CHECKPOINT)) return true;
  if (error instanceof AggregateError && error.errors.some(saysGivenUp)) return true;
  return error.cause !== undefined && saysGivenUp(error.cause);
}
