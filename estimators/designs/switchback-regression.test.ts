import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../seeded-random.ts';
import { twoSidedTail } from '../student-t.ts';
import { switchbackRegression, type SwitchbackCell } from './switchback-regression.ts';

const random = seededRandom(4);

/** Windows that depend on each other, in regions of different levels, with a day's rhythm and cells of different sizes. */
function cellsOf({
  effect,
  isTogether = false,
}: {
  readonly effect: number;
  readonly isTogether?: boolean;
}): SwitchbackCell[] {
  const together = Array.from({ length: 48 }, () => random.uniform() < 0.5);
  return Array.from({ length: 6 }, (_, region) => {
    const level = 10 + 2 * random.normal();
    let error = random.normal();
    return Array.from({ length: 48 }, (__, window) => {
      error = 0.5 * error + Math.sqrt(0.75) * random.normal();
      const weight = 1 + Math.floor(8 * random.uniform());
      const isTreated = isTogether ? (together[window] ?? false) : random.uniform() < 0.5;
      const value =
        level + error + Math.sin(window / 4) + random.normal() / Math.sqrt(weight) + (isTreated ? effect : 0);
      return { region: `region${region}`, window, isTreated, value, weight, covariates: [] };
    });
  }).flat();
}

test('without an effect it finds one in about 5 % of experiments, absolute and relative', () => {
  let [absolute, relative] = [0, 0];
  const experiments = 400;
  for (let experiment = 0; experiment < experiments; experiment += 1) {
    const found = switchbackRegression(cellsOf({ effect: 0 }));
    const isFound = ({ estimate, standardError }: { estimate: number; standardError: number }): boolean =>
      twoSidedTail(estimate / standardError, found.degreesOfFreedom) < 0.05;
    if (isFound(found.absolute)) absolute += 1;
    if (found.relative !== null && isFound(found.relative)) relative += 1;
  }
  // Three standard deviations of 400 draws of 5 %.
  for (const share of [absolute / experiments, relative / experiments])
    assert.ok(share > 0.017 && share < 0.083, `${share}`);
});

test('its estimates surround the effect, and the order of cells does not matter', () => {
  const found = Array.from({ length: 40 }, () => switchbackRegression(cellsOf({ effect: 0.5 })).absolute.estimate);
  const mean = found.reduce((sum, each) => sum + each, 0) / found.length;
  assert.ok(Math.abs(mean - 0.5) < 0.1, `${mean}`);
  const cells = cellsOf({ effect: 0.5 });
  const turned = switchbackRegression(cells.toReversed());
  assert.deepEqual(turned.absolute, switchbackRegression(cells).absolute);
});

test('where all regions switch together, windows are not held fixed', () => {
  const { levels, absolute } = switchbackRegression(cellsOf({ effect: 1, isTogether: true }));
  assert.equal(levels, 'region');
  assert.ok(absolute.estimate > 0);
});

test('what cannot be read is refused by name', () => {
  const cells = cellsOf({ effect: 0 });
  const allTreated = cells.map((cell) => ({ ...cell, isTreated: true }));
  assert.throws(() => switchbackRegression(allTreated), /no region has windows of both arms/);
  const weightless = cells.map((cell) => ({ ...cell, weight: 0 }));
  assert.throws(() => switchbackRegression(weightless), /numbers that cannot be/);
});
