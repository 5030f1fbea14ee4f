import { readFile } from 'node:fs/promises';
import type { Definition } from '../../definitions/definition.ts';
import { repositoryFile } from '../../parts/repository-root.ts';
import { parseDefinitions } from '../../definitions/parse.ts';

/** Documents of `definitions/examples`. */
export async function example(name: string): Promise<Definition[]> {
  return parseDefinitions(await readFile(repositoryFile(`definitions/examples/${name}`), 'utf8'), name);
}

const metricDocument = {
  kind: 'metric',
  key: 'orders',
  owner: 'shop',
  type: 'count',
  event: 'ordered',
} as const;

/** A small experiment, with its metric; fields are written as an author writes them. */
export function experimentDocuments(key: string, fields: Readonly<Record<string, unknown>> = {}): Definition[] {
  const metric = { ...metricDocument, window: '1h', goodDirection: 'increase' };
  const experiment = {
    kind: 'experiment',
    key,
    hypothesis: 'It helps.',
    owner: 'shop',
    variants: [
      { key: 'control', value: false },
      { key: 'treatment', value: true },
    ],
    metrics: { primary: 'orders' },
    ramp: {
      stages: [
        { percent: 1, hold: '1h' },
        { percent: 50, hold: '7d' },
      ],
    },
    ...fields,
  };
  return documents(metric, experiment);
}

/** Any documents, written as an author writes them. */
export function documents(...written: readonly object[]): Definition[] {
  return parseDefinitions(written.map((document) => JSON.stringify(document)).join('\n---\n'), 'test');
}
