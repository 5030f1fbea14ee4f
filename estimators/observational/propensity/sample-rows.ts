import type { Columns } from '../columns.ts';

/** About one of `share` rows, scattered: sorted files and weekly patterns do no harm, and the same rows each time. */
export function sampleRows(
  { columns, names, rowCount }: Columns,
  treatment: Uint8Array,
  share: number,
): { readonly covariates: Columns; readonly treatment: Uint8Array } {
  const rows = new Uint32Array(rowCount);
  const limit = 2 ** 32 / share;
  let count = 0;
  for (let row = 0; row < rowCount; row += 1) if (scattered(row) < limit) rows[count++] = row;
  const picked = rows.subarray(0, count);
  return {
    covariates: {
      names,
      rowCount: count,
      columns: columns.map((column) => taken(column, picked, new Float64Array(count))),
    },
    treatment: taken(treatment, picked, new Uint8Array(count)),
  };
}

function taken<T extends Float64Array | Uint8Array>(values: T, rows: Uint32Array, into: T): T {
  for (let place = 0; place < rows.length; place += 1) into[place] = values[rows[place]!]!;
  return into;
}

/** A row's place in a fixed random order (the finalizer of MurmurHash3). */
function scattered(row: number): number {
  let h = row + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
