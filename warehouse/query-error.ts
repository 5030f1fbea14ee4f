import type { Statement } from './port.ts';

/** A statement that the warehouse refused or whose result cannot be given. */
export class WarehouseQueryError extends Error {
  readonly sql: string;
  constructor(statement: Pick<Statement, 'sql'>, cause: unknown) {
    const firstLine = statement.sql.trim().split('\n')[0] ?? '';
    super(`warehouse: ${cause instanceof Error ? cause.message : String(cause)} (in: ${firstLine.slice(0, 200)})`, {
      cause,
    });
    this.name = 'WarehouseQueryError';
    this.sql = statement.sql;
  }
}

/** A whole number in a result that a JavaScript number cannot hold exactly. */
export class UnsafeIntegerError extends RangeError {
  constructor(value: bigint) {
    super(
      `${value} is beyond the whole numbers that a number holds exactly; cast it to a double or to text in the query`,
    );
    this.name = 'UnsafeIntegerError';
  }
}

/** @throws UnsafeIntegerError */
export function safeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new UnsafeIntegerError(value);
  return number;
}
