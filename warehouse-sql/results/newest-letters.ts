import type { Statement } from '../../warehouse/port.ts';

/** The numbers of the newest dead letters that the table has. */
export function newestLetters(limit: number): Statement {
  return { sql: `SELECT dead_letter_id FROM dead_letters ORDER BY dead_letter_id DESC LIMIT ${limit}`, parameters: {} };
}
