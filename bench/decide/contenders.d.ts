/** One library, set up to answer one question: targeting on two attributes, then a half-and-half split by user. */
export interface Contender {
  readonly name: string;
  /** Builds a fresh context, as a service does for every request, and decides. Returns whether the treatment is served. */
  decide(userId: string, region: string, deposits: number): boolean;
}
export declare const FLAG = 'upi_retry';
/** Everybody in the benchmark is targeted, so that every decision goes all the way. */
export declare const REGIONS: string[];
export declare const FEWEST_DEPOSITS = 3;
export declare function contenders(): Promise<readonly Contender[]>;
/** With a layer, which the others lack or need not use: theirs is the lighter work. */
export declare function sdk(): Contender;
