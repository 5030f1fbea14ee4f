import type { Row, Statement, StatementParameter } from '../../../warehouse/port.ts';
import { GoogleSqlError, isServiceError, startGoogleSqlService, type GoogleSqlService } from './service.ts';
import { rowOf, typeProto, valueProto, type GoogleSqlType, type GoogleSqlValue } from './values.ts';

export { GoogleSqlError } from './service.ts';

export interface GoogleSqlTable {
  /** The name by which statements refer to it; dots and all. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: GoogleSqlType }[];
}

/** A table with what is in it, each row in the order of the columns. */
export interface FilledTable extends GoogleSqlTable {
  readonly rows: readonly (readonly GoogleSqlValue[])[];
}

export interface ResultColumn {
  readonly name: string;
  /** Such as `TYPE_INT64`. */
  readonly typeKind: string;
}

/** Google's own judgement of a statement: the analyzer that BigQuery is built on, and the reference evaluator. */
export interface GoogleSql {
  /** The columns of a query's result; none for other statements. @throws GoogleSqlError */
  analyze(statement: Statement, tables: readonly GoogleSqlTable[]): Promise<readonly ResultColumn[]>;
  /** Runs a query over the rows given. @throws GoogleSqlError */
  evaluate<R extends Row>(statement: Statement, tables: readonly FilledTable[]): Promise<readonly R[]>;
  /** The tables that a script of several statements names; what is not SQL is refused. @throws GoogleSqlError */
  tablesOfScript(sql: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Every kind of statement that the platform sends. */
const STATEMENT_KINDS = [
  'QUERY',
  'CREATE_TABLE',
  'CREATE_TABLE_AS_SELECT',
  'CREATE_SCHEMA',
  'CREATE_VIEW',
  'ALTER_TABLE',
  'ALTER_TABLE_SET_OPTIONS',
  'DROP',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'TRUNCATE',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'ASSERT',
].map((kind) => `RESOLVED_${kind}_STMT`);

export async function startGoogleSql(): Promise<GoogleSql> {
  const service = await startGoogleSqlService();
  const features = await service.call('GetLanguageOptions', { maximumFeatures: true });
  const languageOptions = { ...features, productMode: 'PRODUCT_EXTERNAL', supportedStatementKinds: STATEMENT_KINDS };
  const context = (statement: Statement, tables: readonly GoogleSqlTable[]) => ({
    options: {
      languageOptions,
      defaultTimezone: 'UTC',
      errorMessageMode: 'ERROR_MESSAGE_MULTI_LINE_WITH_CARET',
      queryParameters: Object.entries(statement.parameters).map(([name, value]) => ({
        name,
        type: typeProto(parameterType(value)),
      })),
    },
    simpleCatalog: catalogOf(tables, languageOptions),
    descriptorPoolList: { definitions: [{ builtin: {} }] },
  });
  return {
    analyze: async (statement, tables) => {
      const request = { ...context(statement, tables), sqlStatement: statement.sql };
      return outputColumns(await ask(service, 'Analyze', request, statement.sql));
    },
    evaluate: async <R extends Row>(statement: Statement, tables: readonly FilledTable[]) => {
      const request = {
        ...context(statement, tables),
        sql: statement.sql,
        params: Object.entries(statement.parameters).map(([name, value]) => ({
          name,
          value: valueProto(value, parameterType(value)),
        })),
        tableContent: Object.fromEntries(tables.map((table) => [table.name, { tableData: contentOf(table) }])),
      };
      return rowsOf<R>(await ask(service, 'EvaluateQuery', request, statement.sql));
    },
    tablesOfScript: async (sql) => {
      const request = { sqlStatement: sql, options: languageOptions, allowScript: true };
      const answer = (await ask(service, 'ExtractTableNamesFromStatement', request, sql)) as TableNames;
      return (answer.tableName ?? []).map(({ tableNameSegment }) => tableNameSegment.join('.'));
    },
    stop: () => service.stop(),
  };
}

interface TableNames {
  readonly tableName?: readonly { readonly tableNameSegment: readonly string[] }[];
}

function parameterType(value: StatementParameter): GoogleSqlType {
  if (value === null || typeof value === 'string') return 'STRING';
  if (typeof value === 'boolean') return 'BOOL';
  if (typeof value === 'bigint') return 'INT64';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'INT64' : 'FLOAT64';
  return value instanceof Date ? 'TIMESTAMP' : 'ARRAY<STRING>';
}

function catalogOf(tables: readonly GoogleSqlTable[], languageOptions: object): object {
  return {
    name: 'catalog',
    builtinFunctionOptions: { languageOptions },
    table: tables.map(({ name, columns }, index) => ({
      name,
      serializationId: String(index + 1),
      column: columns.map((column) => ({ name: column.name, type: typeProto(column.type), isWritableColumn: true })),
    })),
  };
}

function contentOf({ columns, rows }: FilledTable): object {
  return {
    row: rows.map((row) => ({ cell: columns.map(({ type }, index) => valueProto(row[index] ?? null, type)) })),
  };
}

async function ask(service: GoogleSqlService, method: string, request: object, sql: string): Promise<object> {
  try {
    return await service.call(method, request);
  } catch (error) {
    if (isServiceError(error)) throw new GoogleSqlError(error.details, sql);
    throw error;
  }
}

interface Analyzed {
  readonly resolvedStatement?: {
    readonly resolvedQueryStmtNode?: {
      readonly outputColumnList: readonly {
        readonly name: string;
        readonly column: { readonly type: { readonly typeKind: string } };
      }[];
    };
  };
}

function outputColumns(answer: object): ResultColumn[] {
  const query = (answer as Analyzed).resolvedStatement?.resolvedQueryStmtNode;
  return (query?.outputColumnList ?? []).map(({ name, column }) => ({ name, typeKind: column.type.typeKind }));
}

interface Evaluated {
  readonly prepared?: { readonly columns: readonly { readonly name: string }[] };
  readonly content?: { readonly tableData?: { readonly row?: readonly { readonly cell: readonly object[] }[] } };
}

function rowsOf<R extends Row>(answer: object): R[] {
  const { prepared, content } = answer as Evaluated;
  const columns = prepared?.columns ?? [];
  return (content?.tableData?.row ?? []).map(({ cell }) => rowOf(columns, cell) as R);
}
