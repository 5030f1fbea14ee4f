import type { JudgedExperiment } from '../scorecard/build.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import type { Statement, Warehouse } from '../warehouse/port.ts';
import { bigQuery, duckDb } from '../warehouse-sql/dialect.ts';
import { EXPOSURES_ARE_BEHIND, restateExposures } from '../warehouse-sql/results/exposures-daily.ts';
import { newestLetters } from '../warehouse-sql/results/newest-letters.ts';
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
/** So many of the newest are compared one by one: a letter may become visible after one with a greater number. */
const OVERLAP = 500;
/** Statements with more parameters than this are slow, and BigQuery takes 10,000. */
const ROWS_A_STATEMENT = 500;

export function createResultTables({ warehouse, clock }: ResultTablesParts): ResultTables {
  const dialect = warehouse.dialectName === 'duckdb' ? duckDb : bigQuery;
  let isReady: Promise<void> | undefined;
  const createTables = async (): Promise<void> => {
    for (const table of [...RESULT_TABLES, EXPOSURES_DAILY_OFFSETS]) {
      await warehouse.execute(createTable(dialect, table).map((sql) => labelled({ sql, parameters: {} })));
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

  const execute = (statements: readonly Statement[]): Promise<void> => warehouse.execute(statements.map(labelled));

  return {
    async writeScorecard(scorecard, definition) {
      await ready();
      const { results, decision } = scorecardRows(scorecard, definition);
      const newest = ['experiment_key', 'epoch'];
      const ofTheDay = [...newest, 'as_of_date'];
      await execute([
        ...replaceGroup(dialect, { table: EXPERIMENT_RESULTS, rows: results, group: newest }),
        ...replaceGroup(dialect, { table: EXPERIMENT_RESULTS_HISTORY, rows: results, group: ofTheDay }),
        ...replaceGroup(dialect, { table: EXPERIMENT_DECISIONS, rows: [decision], group: ofTheDay }),
      ]);
    },

    async refreshExposures() {
      await ready();
      const [ingested] = await warehouse.query<{ readonly is_behind: boolean }>(labelled(EXPOSURES_ARE_BEHIND));
      if (ingested?.is_behind === true) await execute(restateExposures(dialect, clock()));
    },

    async copyDeadLetters(newest) {
      await ready();
      const known = await warehouse.query<{ readonly dead_letter_id: number }>(labelled(newestLetters(OVERLAP)));
      const ids = new Set(known.map((row) => row.dead_letter_id));
      const oldest = known.length < OVERLAP ? 0 : Math.min(...ids);
      const letters = await lettersSince(newest, oldest);
      const missing = letters.filter(({ id }) => !ids.has(Number(id))).map(deadLetterRow);
      missing.reverse();
      for (let at = 0; at < missing.length; at += ROWS_A_STATEMENT) {
        await execute(addMissing(dialect, DEAD_LETTERS, missing.slice(at, at + ROWS_A_STATEMENT)));
      }
    },
  };
}

/** BigQuery's bill tells by this who asked. */
function labelled(statement: Statement): Statement {
  return { ...statement, labels: { purpose: 'result tables' } };
}

/** Reads more and more of the newest until one that is older than `oldest`, or the end. */
async function lettersSince(newest: NewestDeadLetters, oldest: number): Promise<readonly RefusedEvent[]> {
  for (let limit = FIRST_LIMIT; ; limit *= 4) {
    const letters = await newest({ limit });
    if (letters.length < limit || letters.some(({ id }) => Number(id) < oldest)) {
      return letters.filter(({ id }) => Number(id) >= oldest);
    }
  }
}
