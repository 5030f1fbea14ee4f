import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StoppingRule } from '../definitions/experiment.ts';
import { dueLooks, plannedLooksMs, readingAt } from './looks.ts';
import { experimentDefinition, experimentRecord } from './testing/inputs.ts';

const DAY_MS = 86_400_000;
const SEQUENTIAL: StoppingRule = { rule: 'group-sequential', alpha: 0.05, looks: 4, spending: 'obrien-fleming' };
const record = experimentRecord();
const START = record.enrolledAtMs ?? 0;
const at = (days: number): number => START + days * DAY_MS;
const definition = (stopping: StoppingRule) => experimentDefinition({ stopping });

test('looks are spread evenly over the maximum runtime, the last at its end', () => {
  assert.deepEqual(plannedLooksMs(definition(SEQUENTIAL), record), [at(7), at(14), at(21), at(28)]);
  assert.deepEqual(plannedLooksMs(definition({ rule: 'fixed-horizon', alpha: 0.05 }), record), [at(28)]);
  assert.deepEqual(plannedLooksMs(definition({ rule: 'always-valid', alpha: 0.05 }), record), []);
  assert.deepEqual(plannedLooksMs(definition(SEQUENTIAL), experimentRecord({ enrolledAtMs: null })), []);
});

test('between two looks the last one stays; nothing is due before the first', () => {
  const due = (days: number) => dueLooks(definition(SEQUENTIAL), record, { asOfMs: at(days), isFullAtMs: null });
  assert.deepEqual(due(6.9), []);
  assert.deepEqual(due(7), [{ atMs: at(7), spendingFraction: 0.25 }]);
  assert.deepEqual(due(13.9), due(7));
  assert.deepEqual(due(100), [
    { atMs: at(7), spendingFraction: 0.25 },
    { atMs: at(14), spendingFraction: 0.5 },
    { atMs: at(21), spendingFraction: 0.75 },
    { atMs: at(28), spendingFraction: 1 },
  ]);
});

test('when the planned units are there, that moment is the last look, and stays it', () => {
  const full = (days: number, fullDays: number) =>
    dueLooks(definition(SEQUENTIAL), record, { asOfMs: at(days), isFullAtMs: at(fullDays) });
  const expected = [
    { atMs: at(7), spendingFraction: 0.25 },
    { atMs: at(9), spendingFraction: 1 },
  ];
  assert.deepEqual(full(9, 9), expected);
  assert.deepEqual(full(30, 9), expected);
  assert.deepEqual(full(30, 7), [{ atMs: at(7), spendingFraction: 1 }]);
  assert.deepEqual(full(30, 29).at(-1), { atMs: at(28), spendingFraction: 1 });
});

test('a look at which an arm is empty is left out, and its alpha is spent later', () => {
  const asOfMs = at(15);
  const due = dueLooks(definition(SEQUENTIAL), record, { asOfMs, isFullAtMs: null });
  const only = [{ look: 0, variant: 'control', units: 500 }];
  const waiting = readingAt(definition(SEQUENTIAL), record, { asOfMs, due, units: only });
  assert.deepEqual(waiting, { kind: 'waiting', nextAtMs: at(21), looks: 4 });
  const units = [...only, { look: 1, variant: 'retry', units: 500 }];
  const reading = readingAt(definition(SEQUENTIAL), record, { asOfMs, due, units });
  assert.deepEqual(reading, {
    kind: 'look',
    look: 1,
    looks: 4,
    isLast: false,
    atMs: at(14),
    spendingFractions: [0.5],
    information: [250],
  });
});

test('of looks between which nobody came the last counts', () => {
  const units = ['control', 'retry'].flatMap((variant) => [
    { look: 0, variant, units: 500 },
    { look: 3, variant, units: 500 },
  ]);
  const ask = (days: number) => {
    const due = dueLooks(definition(SEQUENTIAL), record, { asOfMs: at(days), isFullAtMs: null });
    return readingAt(definition(SEQUENTIAL), record, { asOfMs: at(days), due, units });
  };
  const paused = ask(22);
  assert.ok(paused.kind === 'look');
  assert.deepEqual([paused.look, paused.spendingFractions, paused.information], [1, [0.75], [250]]);
  const ended = ask(28);
  assert.ok(ended.kind === 'look' && ended.isLast);
  assert.deepEqual(
    [ended.spendingFractions, ended.information],
    [
      [0.75, 1],
      [250, 500],
    ],
  );
});

test('whenever one asks: past looks never change, and none lies in the future', () => {
  const day = fc.double({ min: 0.01, max: 60, noNaN: true });
  fc.assert(
    fc.property(day, day, fc.option(day, { nil: null }), fc.integer({ min: 2, max: 20 }), (a, b, fullDay, looks) => {
      const [first, second] = a < b ? [a, b] : [b, a];
      const rule: StoppingRule = { ...SEQUENTIAL, looks };
      const ask = (days: number) => {
        const isFullAtMs = fullDay !== null && fullDay <= days ? at(fullDay) : null;
        return dueLooks(definition(rule), record, { asOfMs: at(days), isFullAtMs });
      };
      const before = ask(first);
      const after = ask(second);
      assert.deepEqual(after.slice(0, before.length), before);
      for (const [index, { atMs, spendingFraction }] of after.entries()) {
        assert.ok(atMs <= at(second) && spendingFraction > (after[index - 1]?.spendingFraction ?? 0));
        assert.ok(atMs > (after[index - 1]?.atMs ?? 0));
      }
    }),
    { seed: 20261123, numRuns: 500 },
  );
});
