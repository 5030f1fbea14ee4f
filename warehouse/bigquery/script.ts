import type { Statement } from '../port.ts';

/** Text that is no SQL: strings (also triple-quoted), quoted names, comments. */
const OPAQUE =
  String.raw`'''(?:\\[\s\S]|(?!''')[\s\S])*'''|"""(?:\\[\s\S]|(?!""")[\s\S])*"""` +
  String.raw`|'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"|` +
  '`(?:\\\\[\\s\\S]|[^`\\\\])*`' +
  String.raw`|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/`;
const OPAQUE_OR_PARAMETER = new RegExp(`${OPAQUE}|(?<!@)@([A-Za-z_]\\w*)`, 'g');
const COMMENTS = /^(?:\s|--[^\n]*\n|#[^\n]*\n|\/\*[\s\S]*?\*\/)*/;
const DEFINES_TABLES = /^(CREATE|DROP|ALTER|TRUNCATE)\b/i;

/**
 * Several statements as one script: each keeps its own parameters, under names of their own. What changes rows is one transaction; statements
 * that define tables cannot be part of one in BigQuery, so they come first.
 *
 * @throws RangeError where a table is defined after rows were changed
 */
export function asScript(statements: readonly Statement[]): Statement {
  const [first] = statements;
  if (first !== undefined && statements.length === 1) return first;
  const renamed = statements.map((statement, index) => withPrefix(statement, `s${index}_`));
  const firstChange = renamed.findIndex(({ sql }) => !definesTables(sql));
  const changes = firstChange === -1 ? [] : renamed.slice(firstChange);
  const late = changes.find(({ sql }) => definesTables(sql));
  if (late !== undefined) {
    throw new RangeError(
      `BigQuery defines tables outside of transactions: put this statement before those that change rows: ${late.sql}`,
    );
  }
  const definitions = renamed.slice(0, renamed.length - changes.length).map(({ sql }) => sql);
  const transaction =
    changes.length === 0 ? [] : ['BEGIN TRANSACTION', ...changes.map(({ sql }) => sql), 'COMMIT TRANSACTION'];
  return {
    sql: [...definitions, ...transaction].join('\n;\n'),
    parameters: Object.assign({}, ...renamed.map(({ parameters }) => parameters)) as Statement['parameters'],
    parameterTypes: Object.assign({}, ...renamed.map(({ parameterTypes }) => parameterTypes ?? {})) as NonNullable<
      Statement['parameterTypes']
    >,
    // One job has one set of labels: statements that are sent together belong together.
    ...(first?.labels === undefined ? {} : { labels: first.labels }),
  };
}

function definesTables(sql: string): boolean {
  return DEFINES_TABLES.test(sql.replace(COMMENTS, ''));
}

function withPrefix(statement: Statement, prefix: string): Statement {
  const prefixed = <T>(record: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
  return {
    sql: statement.sql
      .trim()
      .replace(/;\s*$/, '')
      .replace(OPAQUE_OR_PARAMETER, (found, name: string | undefined) =>
        name === undefined ? found : `@${prefix}${name}`,
      ),
    parameters: prefixed(statement.parameters),
    parameterTypes: prefixed(statement.parameterTypes),
  };
}
