import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arrivalsOf, daysUntil, evenArrivals, unitsAfter } from './arrivals.ts';

test('units that come often come first, and later ones as in the last days', () => {
  const arrivals = arrivalsOf([100, 50, 30, 20], 0);
  assert.deepEqual(arrivals, { unitsByDay: [100, 150, 180, 200], laterDailyUnits: 25, maturityDays: 0 });
  assert.deepEqual(
    [1, 100, 101, 200, 201, 250].map((units) => daysUntil(arrivals, units)),
    [1, 1, 2, 4, 5, 6],
  );
  assert.deepEqual(
    [0, 0.5, 1, 4, 6].map((days) => unitsAfter(arrivals, days)),
    [0, 50, 100, 200, 250],
  );
});

test('a unit counts once its window has closed', () => {
  const arrivals = arrivalsOf([100, 50], 7);
  assert.equal(daysUntil(arrivals, 150), 9);
  assert.equal(unitsAfter(arrivals, 7), 0);
  assert.equal(unitsAfter(arrivals, 9), 150);
});

test('units that no longer come never come', () => {
  const arrivals = arrivalsOf([10, 0], 0);
  assert.equal(daysUntil(arrivals, 10), 1);
  assert.equal(daysUntil(arrivals, 11), null);
});

test('after the days that units need, they are there, and not a day before', () => {
  const drawn = fc.record({
    newUnits: fc.array(fc.nat({ max: 500 }), { maxLength: 40 }),
    maturityDays: fc.nat({ max: 10 }),
    units: fc.integer({ min: 1, max: 20_000 }),
  });
  fc.assert(
    fc.property(drawn, ({ newUnits, maturityDays, units }) => {
      const arrivals = arrivalsOf(newUnits, maturityDays);
      const days = daysUntil(arrivals, units);
      if (days === null) return;
      assert.ok(unitsAfter(arrivals, days) >= units);
      assert.ok(unitsAfter(arrivals, days - 1) < units);
    }),
    { seed: 3, numRuns: 500 },
  );
  assert.equal(daysUntil(evenArrivals(10), 101), 11);
});
