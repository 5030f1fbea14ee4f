import Table from 'cli-table3';

/** Aligned columns without lines. */
export function alignedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = Object.fromEntries(PLACES.map((place) => [place, '']));
  const table = new Table({
    chars: none,
    head: [...head],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const PLACES = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
] as const;
