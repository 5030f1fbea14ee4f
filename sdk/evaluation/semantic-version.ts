/** A semantic version in the order of SemVer 2.0.0, section 11. Build metadata does not count. */
export interface SemanticVersion {
  readonly core: readonly [number, number, number];
  readonly prerelease: readonly (string | number)[];
}

const PATTERN = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Reads a version; missing minor and patch numbers count as 0, as app stores write them. `undefined` for any other text. */
export function parseSemanticVersion(text: string): SemanticVersion | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const prerelease = match[4] === undefined ? [] : match[4].split('.');
  if (prerelease.includes('')) return undefined;
  return {
    core: [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)],
    prerelease: prerelease.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  };
}

/** Negative where `a` comes before `b`, 0 where they are equal in order. */
export function compareSemanticVersions(a: SemanticVersion, b: SemanticVersion): number {
  const byCore = a.core[0] - b.core[0] || a.core[1] - b.core[1] || a.core[2] - b.core[2];
  if (byCore !== 0) return byCore;
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  return comparePrereleases(a.prerelease, b.prerelease);
}

function comparePrereleases(a: SemanticVersion['prerelease'], b: SemanticVersion['prerelease']): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    if (left === right) continue;
    // Numbers come before texts.
    if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
