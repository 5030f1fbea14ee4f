import { seededRandom } from '../../seeded-random.ts';

/**
 * A fold for each row, drawn within the treated and the controls, so that every fold has its share of both.
 *
 * @returns fold numbers from 0 on
 */
export function drawnFolds(treatment: Uint8Array, foldCount: number, seed: number): Uint8Array {
  if (!Number.isSafeInteger(foldCount) || foldCount < 2 || foldCount > 100)
    throw new RangeError(`cross-fitting: 2 to 100 folds, got ${foldCount}`);
  const random = seededRandom(seed);
  const folds = new Uint8Array(treatment.length);
  for (const group of [0, 1]) {
    let count = 0;
    for (let row = 0; row < treatment.length; row += 1) if (treatment[row] === group) count += 1;
    const shuffled = Uint32Array.from({ length: count }, (_, place) => place);
    for (let place = count - 1; place > 0; place -= 1) {
      const other = Math.floor(random.uniform() * (place + 1));
      const of = shuffled[place]!;
      shuffled[place] = shuffled[other]!;
      shuffled[other] = of;
    }
    let place = 0;
    for (let row = 0; row < treatment.length; row += 1)
      if (treatment[row] === group) folds[row] = shuffled[place++]! % foldCount;
  }
  return folds;
}
