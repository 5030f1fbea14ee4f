import { SMALLEST_STEP_RATIO } from './score-density.ts';

/**
 * Checks information fractions: above 0, growing, and far enough apart for the numerical integration.
 *
 * @throws RangeError with the look's number
 */
export function assertInformation(method: string, fractions: readonly number[]): void {
  if (fractions.length === 0) throw new RangeError(`${method}: needs the information fraction of at least one look`);
  let before = 0;
  for (const [index, fraction] of fractions.entries()) {
    const look = index + 1;
    if (!(fraction > 0) || !Number.isFinite(fraction))
      throw new RangeError(`${method}: the information fraction of look ${look} is ${fraction}; it must be above 0`);
    if (!(fraction > before))
      throw new RangeError(
        `${method}: look ${look} has information ${fraction}, not more than ${before} at the look before; leave it out`,
      );
    if ((fraction - before) / fraction < SMALLEST_STEP_RATIO)
      throw new RangeError(
        `${method}: look ${look} at ${fraction} lies too close to the look before at ${before}; leave one out`,
      );
    before = fraction;
  }
}

/** Fractions of equally spaced looks: 1/K, 2/K, …, 1. */
export function equalInformation(looks: number): readonly number[] {
  if (!Number.isSafeInteger(looks) || looks < 1)
    throw new RangeError(`group-sequential: looks must be a whole number of at least 1, got ${looks}`);
  return Array.from({ length: looks }, (_, look) => (look + 1) / looks);
}
