import type { z } from 'zod';
import { readsOf } from '../source-metric.ts';
import { didYouMean } from '../suggestion.ts';
import type { WarehouseSource } from '../warehouse-source.ts';
import { duplicates } from './variants.ts';

/** Names of the platform's own columns; a segment of that name would hide one of them. */
const RESERVED = /^umpire_/i;

/** Whatever the document names exists in it, once. */
export function checkWarehouseSource(source: WarehouseSource, context: z.RefinementCtx): void {
  const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
  const lists = { assignments: source.assignments, facts: source.facts, metrics: source.metrics };
  for (const [name, list] of Object.entries({ ...lists, experiments: source.experiments })) {
    const keys = list.map(({ key }) => key);
    for (const index of duplicates(keys)) add([name, index, 'key'], `"${keys[index]}" is defined twice; rename one`);
  }
  const missing = (path: PropertyKey[], list: keyof typeof lists, key: string): void => {
    const keys = lists[list].map((each) => each.key);
    if (keys.includes(key)) return;
    add(path, `"${key}" is not in "${list}"${didYouMean(key, keys)}; they are ${keys.join(', ')}`);
  };
  source.metrics.forEach((metric, index) => {
    const seen = new Set<string>();
    for (const { facts, path } of readsOf(metric)) {
      const at = ['metrics', index, ...path, 'facts'];
      // A mean reads its own rows twice.
      if (!seen.has(at.join('.'))) missing(at, 'facts', facts);
      seen.add(at.join('.'));
    }
  });
  source.assignments.forEach(({ segments }, index) => {
    for (const position of duplicates(segments.map((segment) => segment.toLowerCase())))
      add(['assignments', index, 'segments', position], 'is listed twice; keep one');
    segments.forEach((segment, position) => {
      if (RESERVED.test(segment))
        add(['assignments', index, 'segments', position], 'begins with "umpire_", which is reserved; rename it');
    });
  });
  source.experiments.forEach(({ assignments, metrics }, index) => {
    const at = ['experiments', index];
    missing([...at, 'assignments'], 'assignments', assignments);
    missing([...at, 'metrics', 'primary'], 'metrics', metrics.primary);
    metrics.secondary.forEach((key, position) => missing([...at, 'metrics', 'secondary', position], 'metrics', key));
    metrics.guardrails.forEach(({ metric }, position) =>
      missing([...at, 'metrics', 'guardrails', position, 'metric'], 'metrics', metric),
    );
  });
}
