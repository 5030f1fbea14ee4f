import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

// The parts of a process count for themselves, in plain numbers; what they counted is read when Prometheus asks. So nothing is spent on
// metrics where decisions are made.

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Described {
  /** Snake case with the unit; a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

export interface ScrapedMetric extends Described {
  /** What is so now; a counter's values since the process was started. */
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

export function addCounter(registry: Registry, { read, ...described }: ScrapedMetric): void {
  new Counter({
    ...withLabels(described),
    registers: [registry],
    async collect() {
      const samples = await inTime(registry, described.name, read);
      this.reset();
      for (const { labels = {}, value } of samples) this.inc(labels, value);
    },
  });
}

export function addGauge(registry: Registry, { read, ...described }: ScrapedMetric): void {
  new Gauge({
    ...withLabels(described),
    registers: [registry],
    async collect() {
      const samples = await inTime(registry, described.name, read);
      this.reset();
      for (const { labels = {}, value } of samples) this.set(labels, value);
    },
  });
}

/** Longer than a part may take that hangs, so that it is told as down; less than Prometheus waits. */
const READ_TIMEOUT_MS = 4_000;

/** One metric that cannot be read is left out and counted: it must not take the others with it. */
async function inTime(registry: Registry, name: string, read: ScrapedMetric['read']): Promise<readonly Sample[]> {
  const samples = read();
  if (!(samples instanceof Promise)) return samples;
  const answered = new AbortController();
  const tooLate = delay(READ_TIMEOUT_MS, undefined, { signal: answered.signal }).catch(() => undefined);
  try {
    const known = await Promise.race([samples, tooLate]);
    if (known === undefined) throw new Error(`${name} could not be read within ${READ_TIMEOUT_MS} ms`);
    return known;
  } catch {
    readFailures(registry).inc({ metric: name });
    return [];
  } finally {
    answered.abort();
  }
}

const FAILED_READS = 'umpire_metric_read_failures_total';

/** Counts metrics that could not be read, by name. */
export function readFailures(registry: Registry): Counter {
  const existing = registry.getSingleMetric(FAILED_READS);
  if (existing instanceof Counter) return existing;
  return new Counter({
    name: FAILED_READS,
    help: 'Metrics that could not be read in time when Prometheus asked, and were left out.',
    labelNames: ['metric'],
    registers: [registry],
  });
}

export interface RangeSample {
  readonly labels: Readonly<Record<string, string>>;
  /** How many were in each range; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface ScrapedHistogram extends Described {
  /** Upper ends of the ranges but the last. */
  readonly bounds: readonly number[];
  readonly read: () => readonly RangeSample[];
}

/** A histogram whose ranges somebody else counted. */
export function addHistogram(registry: Registry, { read, bounds, ...described }: ScrapedHistogram): void {
  registry.registerMetric(new CountedElsewhere(withLabels(described), bounds, read));
}

class CountedElsewhere extends Histogram {
  readonly #described: Described;
  readonly #bounds: readonly number[];
  /** For what a histogram says of itself besides its values. */
  readonly #empty: Histogram;
  readonly #read: () => readonly RangeSample[];

  constructor(
    described: Described & { labelNames: string[] },
    bounds: readonly number[],
    read: ScrapedHistogram['read'],
  ) {
    const configuration = { ...described, buckets: [...bounds], registers: [] };
    super(configuration);
    this.#empty = new Histogram(configuration);
    this.#described = described;
    this.#bounds = bounds;
    this.#read = read;
  }

  /** What the registry prints. */
  async getForPromString() {
    return await this.get();
  }

  override async get() {
    const empty = await this.#empty.get();
    return { ...empty, values: this.#read().flatMap((sample) => this.#valuesOf(sample)) };
  }

  #valuesOf({ labels, counts, sum }: RangeSample) {
    const { name } = this.#described;
    let upToHere = 0;
    const buckets = counts.map((count, range) => {
      upToHere += count;
      return {
        metricName: `${name}_bucket`,
        value: upToHere,
        labels: { ...labels, le: this.#bounds[range] ?? '+Inf' },
      };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, value: sum, labels },
      { metricName: `${name}_count`, value: upToHere, labels },
    ];
  }
}

function withLabels({ labelNames = [], ...described }: Described): Described & { labelNames: string[] } {
  return { ...described, labelNames: [...labelNames] };
}
