import { InvalidDefinitionError } from './definition.ts';
import { findingsOf, firstProblems } from './problems.ts';
import { warehouseSource } from './schema/warehouse-source.ts';
import { readYaml } from './yaml.ts';
import type { WarehouseSource } from './warehouse-source.ts';

export interface ParsedWarehouseSource {
  readonly source: WarehouseSource;
  /** Where a part of the document stands, such as `warehouse_source shop: assignments[0].sql (shop.yaml:12:10)`. */
  readonly place: (path: readonly PropertyKey[]) => string;
}

/**
 * Reads the description of an existing warehouse, one YAML or JSON document, with every default filled in. Whether the warehouse agrees
 * with it is for `umpire connect`.
 *
 * @param sourceName named in problems, such as the file's name
 * @throws InvalidDefinitionError with everything that is wrong
 */
export function parseWarehouseSource(text: string, sourceName: string): ParsedWarehouseSource {
  const { documents, problems } = readYaml(text, sourceName);
  if (problems.length > 0) throw new InvalidDefinitionError(problems);
  const [document] = documents;
  if (document === undefined || documents.length > 1) {
    const message = `holds ${documents.length} documents; write one, with kind: warehouse_source`;
    throw new InvalidDefinitionError([{ path: sourceName, message }]);
  }
  const { value } = document;
  const key =
    typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string'
      ? value.key.slice(0, 64)
      : '(no key)';
  const name = `warehouse_source ${key}`;
  const result = warehouseSource.safeParse(value);
  if (result.success) return { source: result.data, place: (path) => document.place(name, path) };
  throw new InvalidDefinitionError(
    firstProblems(findingsOf(result.error, value), name, ({ path, message }) => ({
      path: document.place(name, path),
      message,
    })),
  );
}
