export interface Measured {
  readonly seconds: number;
  /** The most memory that the whole process held while it ran. */
  readonly peakMemoryMb: number;
}

const SAMPLE_MS = 50;
const MB = 1_000_000;

/** How long work takes, and how much memory the process holds meanwhile; DuckDB works in threads, so the loop is free to look. */
export async function measured(work: () => Promise<unknown>): Promise<Measured> {
  let peak = process.memoryUsage.rss();
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const startedAtMs = performance.now();
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { seconds, peakMemoryMb: Math.round(Math.max(peak, process.memoryUsage.rss()) / MB) };
}
