import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Design } from '../definitions/design.ts';
import { designedQuery, type DesignedRow } from './designed-queries.ts';
import { duckDb } from './dialect.ts';
import {
  day,
  DAY_MS,
  DEPOSITED,
  deposit,
  exposure,
  fill,
  KEY,
  START_MS,
  type Draft,
} from './testing/small-warehouse.ts';

const HOUR_MS = 3_600_000;
const MINUTE = 1 / 1_440;
const switchback: Design = { type: 'switchback', region: 'city', windowMs: HOUR_MS, burnInMs: 600_000 };

const windowOf = (city: string, hour: number): string => `${city}@${START_MS + hour * HOUR_MS}`;
const shown = (city: string, hour: number, variant: string, minute = 20): Draft =>
  exposure(windowOf(city, hour), variant, (hour * 60 + minute) * MINUTE);
const paid = (city: string, hour: number, minute: number, amount: number): Draft =>
  deposit('u1', (hour * 60 + minute) * MINUTE, amount, { properties: { city } });

async function rowsOf(drafts: readonly Draft[], design: Design): Promise<readonly DesignedRow[]> {
  const analysis = { experimentKey: KEY, epoch: 1, unitType: 'city', asOfMs: day(10) };
  const warehouse = await fill(drafts);
  return await warehouse.query<DesignedRow>(designedQuery(duckDb, analysis, design, [DEPOSITED]));
}

const unitsIn = (rows: readonly DesignedRow[]): string[] =>
  rows.filter(({ part }) => part === 'unit').map(({ unit_id: id, variant, total }) => `${id} ${variant} ${total}`);

test('a switchback: every outcome goes to the window of its region and time, except those of the burn-in', async () => {
  const drafts = [
    shown('Pune', 0, 'control'),
    shown('Pune', 0, 'control', 50),
    shown('Pune', 1, 'treatment'),
    shown('Nashik', 0, 'treatment'),
    // Before the first exposure, but in its window.
    paid('Pune', 0, 15, 1),
    paid('Pune', 0, 59, 20),
    // The burn-in ends with minute 10.
    paid('Pune', 1, 9.9, 300),
    paid('Pune', 1, 10, 4_000),
    paid('Mumbai', 0, 30, 50_000),
    deposit('u1', 30 * MINUTE, 600_000),
  ];
  const rows = await rowsOf(drafts, switchback);
  assert.deepEqual(unitsIn(rows), [
    `${windowOf('Nashik', 0)} treatment 0`,
    `${windowOf('Pune', 0)} control 21`,
    `${windowOf('Pune', 1)} treatment 4000`,
  ]);
  const exposed = rows.filter(({ part }) => part === 'exposed').map(({ variant, units }) => [variant, units]);
  assert.deepEqual(exposed, [
    ['control', 1],
    ['treatment', 2],
  ]);
});

test('clusters: totals in the metric window after the first exposure of the cluster', async () => {
  const drafts = [
    exposure('Pune', 'control', 0),
    exposure('Nashik', 'treatment', 9),
    paid('Pune', 5, 0, 7),
    paid('Pune', 60, 0, 800),
  ];
  const rows = await rowsOf(drafts, { type: 'cluster', cluster: 'city' });
  assert.equal(DEPOSITED.windowMs, 2 * DAY_MS);
  assert.deepEqual(unitsIn(rows), ['Pune control 7'], 'the window of Nashik is still open');
});

test('a proportion has no total', () => {
  const analysis = { experimentKey: KEY, epoch: 1, unitType: 'city', asOfMs: day(10) };
  const metric = { ...DEPOSITED, type: 'proportion' as const };
  assert.throws(() => designedQuery(duckDb, analysis, switchback, [metric]), /use a count or a sum/);
});
