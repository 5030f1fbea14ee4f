import type { JudgedExperiment } from '../scorecard/build.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { bigQuery, duckDb } from '../warehouse-sql/dialect.ts';
import { restateExposures } from '../warehouse-sql/results/exposures-daily.ts';
import { createTable } from '../warehouse-sql/results/result-table.ts';
import {
  DEAD_LETTERS,
  EXPERIMENT_DECISIONS,
  EXPERIMENT_RESULTS,
  EXPERIMENT_RESULTS_HISTORY,
  EXPOSURES_DAILY_OFFSETS,
  RESULT_TABLES,
} from '../warehouse-sql/results/result-tables.ts';
import { addMissing, replaceGroup } from '../warehouse-sql/results/write-rows.ts';
import { deadLetterRow, type RefusedEvent } from './dead-letter-row.ts';
import { scorecardRows } from './result-rows.ts';

/** The newest first. */
export type NewestDeadLetters = (options: { readonly limit: number }) => Promise<readonly RefusedEvent[]>;

/** The tables that readers of results find in the warehouse. Each of these may be repeated, and changes nothing then. */
export interface ResultTables {
  /** Writes what a scorecard says, unless a newer one of the experiment's epoch was written. */
  writeScorecard(scorecard: Scorecard, definition: JudgedExperiment): Promise<void>;
  /** Counts the days anew on which exposures happened that came since the last time. */
  refreshExposures(): Promise<void>;
  /** Copies the dead letters that are not there yet. */
  copyDeadLetters(newest: NewestDeadLetters): Promise<void>;
}

export interface ResultTablesParts {
  readonly warehouse: Pick<Warehouse, 'dialectName' | 'query' | 'execute'>;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
}

const FIRST_LIMIT = 1_000;
/** A letter may become visible after one with a greater number. */
const OVERLAP = 500;
/** Statements with more parameters than this are slow, and BigQuery takes 10,000. */
const ROWS_A_STATEMENT = 500;

export function createResultTables({ warehouse, clock }: ResultTablesParts): ResultTables {
  const dialect = warehouse.dialectName === 'duckdb' ? duckDb : bigQuery;
  let isReady: Promise<void> | undefined;
  const createTables = async (): Promise<void> => {
    for (const table of [...RESULT_TABLES, EXPOSURES_DAILY_OFFSETS]) {
      await warehouse.execute(createTable(dialect, table).map((sql) => ({ sql, parameters: {} })));
    }
  };
  /** Once in the life of the process; a failure is tried again by the next caller. */
  const ready = async (): Promise<void> => {
    isReady ??= createTables();
    try {
      await isReady;
    } catch (error) {
      isReady = undefined;
      throw error;
    }
  };

  return {
    async writeScorecard(scorecard, definition) {
      await ready();
      const { results, decision } = scorecardRows(scorecard, definition);
      const newest = ['experiment_key', 'epoch'];
      const ofTheDay = [...newest, 'as_of_date'];
      await warehouse.execute([
        ...replaceGroup(dialect, { table: EXPERIMENT_RESULTS, rows: results, group: newest }),
        ...replaceGroup(dialect, { table: EXPERIMENT_RESULTS_HISTORY, rows: results, group: ofTheDay }),
        ...replaceGroup(dialect, { table: EXPERIMENT_DECISIONS, rows: [decision], group: ofTheDay }),
      ]);
    },

    async refreshExposures() {
      await ready();
      await warehouse.execute(restateExposures(dialect, clock()));
    },

    async copyDeadLetters(newest) {
      await ready();
      const [known] = await warehouse.query<{ readonly newest: number | null }>({
        sql: 'SELECT MAX(dead_letter_id) AS newest FROM dead_letters',
        parameters: {},
      });
      const knownId = known?.newest ?? null;
      const from = knownId === null ? null : knownId - OVERLAP;
      const missing = (await lettersAfter(newest, from)).map(deadLetterRow).toReversed();
      for (let at = 0; at < missing.length; at += ROWS_A_STATEMENT) {
        await warehouse.execute(addMissing(dialect, DEAD_LETTERS, missing.slice(at, at + ROWS_A_STATEMENT)));
      }
    },
  };
}

/** Reads more and more of the newest until one that is known, or the end. */
async function lettersAfter(newest: NewestDeadLetters, knownId: number | null): Promise<readonly RefusedEvent[]> {
  for (let limit = FIRST_LIMIT; ; limit *= 4) {
    const letters = await newest({ limit });
    const missing = letters.filter(({ id }) => knownId === null || Number(id) > knownId);
    if (missing.length < letters.length || letters.length < limit) return missing;
  }
}
