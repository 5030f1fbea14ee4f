import type { Catalogue } from './catalogue.ts';
import type { ConditionDefinition } from './flag.ts';

/** Keys of the segments that a condition names itself. */
export function referencedSegments(condition: ConditionDefinition | null): readonly string[] {
  return [...new Set(leaves(condition).flatMap((leaf) => ('segment' in leaf ? [leaf.segment] : [])))];
}

/** Keys of all segments that a condition depends on, also through other segments. */
export function segmentsBehind(condition: ConditionDefinition | null, catalogue: Catalogue): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [...referencedSegments(condition)];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    queue.push(...referencedSegments(catalogue.find('segment', key)?.when ?? null));
  }
  return found;
}

/** Attributes that a condition reads, also through segments. */
export function attributesBehind(condition: ConditionDefinition | null, catalogue: Catalogue): ReadonlySet<string> {
  const segments = [...segmentsBehind(condition, catalogue)].map((key) => catalogue.find('segment', key)?.when ?? null);
  const found = [condition, ...segments].flatMap(leaves);
  return new Set(found.flatMap((leaf) => ('attribute' in leaf ? [leaf.attribute] : [])));
}

function leaves(condition: ConditionDefinition | null): readonly ConditionDefinition[] {
  if (condition === null) return [];
  if ('all' in condition) return condition.all.flatMap(leaves);
  if ('any' in condition) return condition.any.flatMap(leaves);
  if ('not' in condition) return leaves(condition.not);
  return [condition];
}
