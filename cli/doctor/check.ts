/** What became of one check. */
export interface Finding {
  readonly part: string;
  /** `optional`: the platform runs without it, some tests do not. */
  readonly status: 'ok' | 'optional' | 'problem';
  readonly detail: string;
  /** How to mend it; absent where nothing is to be mended. */
  readonly remedy?: string;
}

/** Looks at one part of the machine. Never rejects: what is wrong is what it finds. */
export type Check = () => Promise<Finding>;
