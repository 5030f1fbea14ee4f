import type { Dialect } from '../dialect.ts';

export type ResultType = 'text' | 'integer' | 'number' | 'boolean' | 'time' | 'date';

export interface ResultColumn {
  readonly name: string;
  readonly type: ResultType;
  /** Whether every row has a value. */
  readonly isRequired: boolean;
  /** What it holds, in a sentence without its point; kept in the warehouse as the column's comment. */
  readonly description: string;
}

/** A table that is written for whoever reads results: BI tools, notebooks, people. */
export interface ResultTable {
  readonly name: string;
  /** What a row is. */
  readonly grain: string;
  /** The columns that tell rows apart. */
  readonly key: readonly string[];
  /** A column of times or dates by which BigQuery partitions. */
  readonly partitionedBy: string;
  readonly clusteredBy: readonly string[];
  readonly columns: readonly ResultColumn[];
}

export function required(name: string, type: ResultType, description: string): ResultColumn {
  return { name, type, isRequired: true, description };
}

export function optional(name: string, type: ResultType, description: string): ResultColumn {
  return { name, type, isRequired: false, description };
}

const TYPES: Readonly<Record<Dialect['name'], Readonly<Record<ResultType, string>>>> = {
  duckdb: { text: 'VARCHAR', integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN', time: 'TIMESTAMP', date: 'DATE' },
  bigquery: {
    text: 'STRING',
    integer: 'INT64',
    number: 'FLOAT64',
    boolean: 'BOOL',
    time: 'TIMESTAMP',
    date: 'DATE',
  },
};

export function sqlType(dialect: Dialect, type: ResultType): string {
  return TYPES[dialect.name][type];
}

/** Makes a table where it is missing, with what its rows and columns mean. Running them again changes nothing. */
export function createTable(dialect: Dialect, table: ResultTable): readonly string[] {
  return dialect.name === 'duckdb' ? createInDuckDb(dialect, table) : [createInBigQuery(dialect, table)];
}

function createInDuckDb(dialect: Dialect, { name, grain, columns }: ResultTable): readonly string[] {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const list = columns.map((column) => `  ${definitionOf(dialect, column)}`);
  return [
    `CREATE TABLE IF NOT EXISTS ${name} (\n${list.join(',\n')}\n)`,
    `COMMENT ON TABLE ${name} IS ${quoted(grain)}`,
    ...columns.map((column) => `COMMENT ON COLUMN ${name}.${column.name} IS ${quoted(column.description)}`),
  ];
}

function createInBigQuery(dialect: Dialect, { name, grain, columns, partitionedBy, clusteredBy }: ResultTable): string {
  const list = columns.map(
    (column) => `  ${definitionOf(dialect, column)} OPTIONS (description = ${JSON.stringify(column.description)})`,
  );
  const isDate = columns.some((column) => column.name === partitionedBy && column.type === 'date');
  return `CREATE TABLE IF NOT EXISTS ${name} (
${list.join(',\n')}
)
PARTITION BY ${isDate ? partitionedBy : `DATE(${partitionedBy})`}
CLUSTER BY ${clusteredBy.join(', ')}
OPTIONS (description = ${JSON.stringify(grain)})`;
}

function definitionOf(dialect: Dialect, { name, type, isRequired }: ResultColumn): string {
  return `${name} ${sqlType(dialect, type)}${isRequired ? ' NOT NULL' : ''}`;
}
