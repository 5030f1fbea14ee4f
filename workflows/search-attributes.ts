import type { Client } from '@temporalio/client';

/** `temporal.api.enums.v1.IndexedValueType`: the client package does not export it. */
const INDEXED_KEYWORD = 2;
const INDEXED_INT = 3;

/** Names and types of the search attributes that the workflows set. */
export const SEARCH_ATTRIBUTES: Readonly<Record<string, number>> = {
  UmpireExperimentKey: INDEXED_KEYWORD,
  UmpireExperimentStatus: INDEXED_KEYWORD,
  UmpireStage: INDEXED_INT,
};

/** Creates the search attributes that the workflows set, where they do not exist. Call it before the first worker starts. */
export async function ensureSearchAttributes(client: Client): Promise<void> {
  const missing = await missingSearchAttributes(client);
  if (missing.length === 0) return;
  await client.connection.operatorService.addSearchAttributes({
    namespace: client.options.namespace,
    searchAttributes: Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTES).filter(([attribute]) => missing.includes(attribute)),
    ),
  });
}

/**
 * The search attributes that the namespace lacks.
 *
 * @throws Error where one of that name is of another type, which nobody can change
 */
export async function missingSearchAttributes(client: Client): Promise<readonly string[]> {
  const namespace = client.options.namespace;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => {
    const existing = customAttributes[name];
    if (existing === undefined || existing === null) return [name];
    if (Number(existing) === type) return [];
    throw new Error(
      `the search attribute ${name} of the namespace "${namespace}" has another type; rename or remove it`,
    );
  });
}
