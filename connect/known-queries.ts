import { readsOf } from '../definitions/source-metric.ts';
import { didYouMean } from '../definitions/suggestion.ts';
import type { AssignmentQuery, FactQuery, WarehouseSource } from '../definitions/warehouse-source.ts';
import type { StatementParameter } from '../warehouse/port.ts';
import {
  embeddable,
  RefusedSqlError,
  type Column,
  type ColumnKind,
  type ReadOnlyWarehouse,
} from '../warehouse/read-only/port.ts';
import {
  type FOREIGN_PARAMETERS,
  type KnownAssignments,
  type KnownFacts,
  type KnownQuery,
} from '../warehouse-sql/existing/source.ts';
import type { Finding, Place } from './finding.ts';

export interface KnownQueries {
  readonly assignments: readonly KnownAssignments[];
  readonly facts: readonly KnownFacts[];
  /** The columns of each query, as the warehouse names them. */
  readonly columns: ReadonlyMap<string, readonly Column[]>;
  /** Errors only; a query with an error is not among the known ones. */
  readonly findings: readonly Finding[];
}

/** A declared column, where the document declares it, and what it may be. */
interface Declared {
  readonly path: readonly PropertyKey[];
  readonly column: string;
  readonly wanted: keyof typeof WANTED;
}

const TIMES: readonly ColumnKind[] = ['instant', 'local-time', 'date'];
const WANTED = {
  identifier: {
    kinds: ['text', 'integer'],
    remedy: 'must be text or a whole number; cast it in the SQL (1.0 and 1 would be different units)',
  },
  label: {
    kinds: ['text', 'integer', 'boolean'],
    remedy: 'must be text, a whole number or a boolean; cast it in the SQL',
  },
  segment: {
    kinds: ['text', 'integer', 'boolean', 'date'],
    remedy: 'must be text, a whole number, a boolean or a date; cast it in the SQL',
  },
  time: {
    kinds: TIMES,
    remedy: 'must be a timestamp or a date; convert it in the SQL, also from seconds or ms since 1970',
  },
  number: {
    kinds: ['integer', 'number'],
    remedy: 'must be a number, because it is added up or averaged; cast it in the SQL',
  },
  distinct: {
    kinds: ['text', 'integer', 'boolean', 'date'],
    remedy: 'must be text, a whole number, a boolean or a date, because its values are told apart; cast it in the SQL',
  },
  condition: {
    kinds: ['boolean'],
    remedy: 'must be a boolean: rows where it is true count; write a comparison in the SQL',
  },
} as const satisfies Record<string, { readonly kinds: readonly ColumnKind[]; readonly remedy: string }>;

/** Asks the warehouse what every query of the document gives. Nothing is read. */
export async function knowQueries(
  warehouse: ReadOnlyWarehouse,
  source: WarehouseSource,
  place: Place,
): Promise<KnownQueries> {
  const findings: Finding[] = [];
  const columns = new Map<string, readonly Column[]>();
  const know = async <Query extends AssignmentQuery | FactQuery>(
    list: 'assignments' | 'facts',
    queries: readonly Query[],
    declaredOf: (query: Query) => readonly Declared[],
  ): Promise<KnownQuery<Query>[]> => {
    const known: KnownQuery<Query>[] = [];
    for (const [index, query] of queries.entries()) {
      const at = (path: readonly PropertyKey[]): string => place([list, index, ...path]);
      const described = await describe(warehouse, query.sql);
      if (!Array.isArray(described)) {
        findings.push({ severity: 'error', path: at(['sql']), message: described.message });
        continue;
      }
      columns.set(`${list} ${query.key}`, described);
      const wrong = declaredOf(query).flatMap((declared) => problemOf(declared, described, at, place));
      findings.push(...wrong);
      if (wrong.length > 0) continue;
      const kinds = new Map(described.map(({ name, kind }) => [name.toLowerCase(), kind]));
      known.push({ query, sql: embeddable(query.sql), kinds });
    }
    return known;
  };
  return {
    assignments: await know('assignments', source.assignments, declaredByAssignments),
    facts: await know('facts', source.facts, (query) => declaredByFacts(source, query)),
    columns,
    findings,
  };
}

const ANY_VALUE: Readonly<Record<(typeof FOREIGN_PARAMETERS)[number], StatementParameter>> = {
  experiment_key: '',
  from_time: new Date(0),
  to_time: new Date(0),
};

async function describe(warehouse: ReadOnlyWarehouse, sql: string): Promise<Column[] | RefusedSqlError> {
  try {
    return [...(await warehouse.describe(sql, ANY_VALUE))];
  } catch (error) {
    if (error instanceof RefusedSqlError) return error;
    throw error;
  }
}

function declaredByAssignments({ columns, segments }: AssignmentQuery): Declared[] {
  return [
    { path: ['columns', 'unit'], column: columns.unit, wanted: 'identifier' },
    { path: ['columns', 'experiment'], column: columns.experiment, wanted: 'identifier' },
    { path: ['columns', 'variant'], column: columns.variant, wanted: 'label' },
    { path: ['columns', 'exposedAt'], column: columns.exposedAt, wanted: 'time' },
    ...segments.map((column, index) => ({ path: ['segments', index], column, wanted: 'segment' as const })),
  ];
}

function declaredByFacts({ metrics }: WarehouseSource, { key, columns }: FactQuery): Declared[] {
  const declared: Declared[] = [
    { path: ['columns', 'unit'], column: columns.unit, wanted: 'identifier' },
    { path: ['columns', 'occurredAt'], column: columns.occurredAt, wanted: 'time' },
  ];
  if (columns.id !== null) declared.push({ path: ['columns', 'id'], column: columns.id, wanted: 'identifier' });
  const seen = new Set<string>();
  metrics.forEach((metric, index) => {
    for (const { facts, value, where, amount, path } of readsOf(metric)) {
      const at = ['metrics', index, ...path];
      // A mean reads its own rows twice.
      if (facts !== key || seen.has(at.join('.'))) continue;
      seen.add(at.join('.'));
      const wanted = amount === 'text' ? 'distinct' : 'number';
      if (value !== null) declared.push({ path: [...at, 'value'], column: value, wanted });
      if (where !== null) declared.push({ path: [...at, 'where'], column: where, wanted: 'condition' });
    }
  });
  return declared;
}

function problemOf({ path, column, wanted }: Declared, columns: readonly Column[], at: Place, place: Place): Finding[] {
  const where = path[0] === 'metrics' ? place(path) : at(path);
  const error = (message: string): Finding[] => [{ severity: 'error', path: where, message }];
  const first = columns.find(({ name }) => name.toLowerCase() === column.toLowerCase());
  const names = columns.map(({ name }) => name);
  if (first === undefined)
    return error(`the SQL has no column "${column}"${didYouMean(column, names)}; its columns are ${names.join(', ')}`);
  const { kinds, remedy } = WANTED[wanted];
  const isFitting = (kinds as readonly ColumnKind[]).includes(first.kind);
  return isFitting ? [] : error(`column "${column}" is ${first.typeName} and ${remedy}`);
}
