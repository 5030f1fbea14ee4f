import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDuckDb, type DuckDbWarehouse } from '../../warehouse/duckdb.ts';

/** Files of any size are read in this much memory; what does not fit is on disk for as long as the analysis takes. */
const MEMORY_LIMIT = '1GB';

/** A DuckDB in a folder of its own that is gone afterwards. */
export async function withScratchWarehouse<T>(work: (warehouse: DuckDbWarehouse) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'umpire-analyze-'));
  try {
    const warehouse = await openDuckDb({
      file: path.join(folder, 'analyze.duckdb'),
      queryConnections: 1,
      memoryLimit: MEMORY_LIMIT,
    });
    try {
      return await work(warehouse);
    } finally {
      await warehouse.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
