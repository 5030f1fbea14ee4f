/** How long calls took, as counts of ranges; taking one more costs a few nanoseconds and allocates nothing. */
export class Latency {
  /** Upper ends of the ranges, in seconds; the last range has no end. */
  static readonly BOUNDS_SECONDS: readonly number[] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
  ];

  readonly #counts = new Float64Array(Latency.BOUNDS_SECONDS.length + 1);
  #sumSeconds = 0;

  add(seconds: number): void {
    let range = 0;
    while (range < Latency.BOUNDS_SECONDS.length && seconds > (Latency.BOUNDS_SECONDS[range] ?? 0)) range += 1;
    this.#counts[range] = (this.#counts[range] ?? 0) + 1;
    this.#sumSeconds += seconds;
  }

  /** How many were in each range. */
  get counts(): readonly number[] {
    return [...this.#counts];
  }

  get sumSeconds(): number {
    return this.#sumSeconds;
  }
}
