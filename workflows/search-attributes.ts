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
  const { operatorService } = client.connection;
  const namespace = client.options.namespace;
  const existing = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => existing.customAttributes[name] === undefined);
  if (missing.length === 0) return;
  await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
}
