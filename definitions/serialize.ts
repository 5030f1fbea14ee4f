import type { Definition } from './definition.ts';

/** Canonical JSON: members sorted by name, so that equal documents have equal texts. */
export function serializeDefinition(definition: Definition): string {
  return canonicalJson(definition);
}

/** JSON with members sorted by name at every level. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
