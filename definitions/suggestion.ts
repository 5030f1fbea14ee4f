/** The candidate that a reader most likely meant, abbreviated or misspelt, or null where none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = plain(word).slice(0, 64);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const offered = plain(candidate).slice(0, 64);
    if (wanted.length >= 3 && offered.startsWith(wanted)) return candidate;
    // The difference of lengths is the least that the distance can be.
    if (Math.abs(offered.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, offered);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` (did you mean "hold"?)`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const suggestion = nearest(word, candidates);
  return suggestion === null ? '' : ` (did you mean "${suggestion}"?)`;
}

/** `time_zone` and `timeZone` are the same word to a reader. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-\s]/g, '');
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
