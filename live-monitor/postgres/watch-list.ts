import { sql } from 'kysely';
import type { ControlStore, ExperimentRecord } from '../../control-store/port.ts';
import { epochKey, isCollecting, readWatched, type WatchedExperiment } from '../watched-experiment.ts';
import type { Database } from './schema.ts';

/** Which epochs are watched, kept over restarts as they were when first seen. */
export class WatchList {
  readonly #database: Database;
  readonly #controlStore: Pick<ControlStore, 'listExperiments' | 'getDefinition'>;
  readonly #watched = new Map<string, WatchedExperiment>();
  /** Epochs that have no guardrails, so that their definition is read once. */
  readonly #nothingToWatch = new Set<string>();

  constructor(database: Database, controlStore: Pick<ControlStore, 'listExperiments' | 'getDefinition'>) {
    this.#database = database;
    this.#controlStore = controlStore;
  }

  get watched(): ReadonlyMap<string, WatchedExperiment> {
    return this.#watched;
  }

  /**
   * Takes in what was started and drops what has ended. Called after a batch was read and before it is taken in: an experiment that
   * an event of the batch belongs to was started before that event was published, so it is known by then.
   */
  async refresh(): Promise<void> {
    const collecting = (await this.#controlStore.listExperiments()).filter(isCollecting);
    const current = new Set(collecting.map(keyOf));
    for (const record of collecting) await this.#take(record);
    for (const [key, experiment] of this.#watched) {
      if (current.has(key)) continue;
      await this.#forget(experiment);
      this.#watched.delete(key);
    }
    for (const key of this.#nothingToWatch) if (!current.has(key)) this.#nothingToWatch.delete(key);
  }

  async #take(record: ExperimentRecord): Promise<void> {
    const key = keyOf(record);
    if (this.#watched.has(key) || this.#nothingToWatch.has(key)) return;
    const watched = (await this.#stored(record)) ?? (await readWatched(this.#controlStore, record));
    if (watched === null) {
      this.#nothingToWatch.add(key);
      return;
    }
    await this.#database
      .insertInto('watched')
      .values({ experiment_key: record.key, epoch: record.epoch, document: JSON.stringify(watched) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    this.#watched.set(key, watched);
  }

  async #stored(record: ExperimentRecord): Promise<WatchedExperiment | undefined> {
    const row = await this.#database
      .selectFrom('watched')
      .select('document')
      .where('experiment_key', '=', record.key)
      .where('epoch', '=', record.epoch)
      .$narrowType<{ document: WatchedExperiment }>()
      .executeTakeFirst();
    return row?.document;
  }

  /** Deletes the state of an epoch that has ended, and the outcomes that are older than every epoch still watched. */
  async #forget({ experimentKey, epoch }: WatchedExperiment): Promise<void> {
    await this.#database.transaction().execute(async (tx) => {
      for (const table of ['unit_values', 'units', 'watched'] as const) {
        await tx.deleteFrom(table).where('experiment_key', '=', experimentKey).where('epoch', '=', epoch).execute();
      }
      await sql`
        delete from umpire_live_monitor.outcomes
        where occurred_at_ms < (
          select coalesce(min((document ->> 'startedAtMs')::bigint) - ${OUTCOME_MARGIN_MS}::bigint, ${Number.MAX_SAFE_INTEGER}::bigint)
          from umpire_live_monitor.watched
        )`.execute(tx);
    });
  }
}

/** More than the tolerance for clocks that are behind, by which outcomes are kept. */
const OUTCOME_MARGIN_MS = 3_600_000;

function keyOf(record: ExperimentRecord): string {
  return epochKey({ experimentKey: record.key, epoch: record.epoch });
}
