import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { BlackoutWindow, RampCalendar } from '../definitions/experiment.ts';
import { nextRampWindow } from './ramp-window.ts';

const weekdays = [1, 2, 3, 4, 5];

function opens(at: string, calendar: RampCalendar | null, blackouts: readonly BlackoutWindow[] = []): string {
  const { opensAtMs } = nextRampWindow({ calendar, blackouts, atMs: Date.parse(at) });
  return new Date(opensAtMs).toISOString();
}

void describe('nextRampWindow', () => {
  void test('is open at once without calendar and blackouts', () => {
    assert.deepEqual(nextRampWindow({ calendar: null, blackouts: [], atMs: 5 }), { opensAtMs: 5, why: null });
  });

  void test('waits for the morning in Kolkata, and from Friday evening for Monday', () => {
    const calendar = { timeZone: 'Asia/Kolkata', weekdays, from: '10:00', to: '18:00' };
    assert.equal(opens('2026-11-23T03:00:00Z', calendar), '2026-11-23T04:30:00.000Z');
    assert.equal(opens('2026-11-23T04:30:00Z', calendar), '2026-11-23T04:30:00.000Z');
    assert.equal(opens('2026-11-27T12:30:00Z', calendar), '2026-11-30T04:30:00.000Z');
  });

  void test('follows the clocks of New York in spring and autumn', () => {
    const calendar = { timeZone: 'America/New_York', weekdays: [], from: '09:00', to: '17:00' };
    assert.equal(opens('2026-03-07T23:00:00Z', calendar), '2026-03-08T13:00:00.000Z');
    assert.equal(opens('2026-03-06T23:00:00Z', calendar), '2026-03-07T14:00:00.000Z');
    assert.equal(opens('2026-10-31T22:00:00Z', calendar), '2026-11-01T14:00:00.000Z');
  });

  void test('an hour that the clocks skip opens when they have jumped, and one that is only in it stays shut that day', () => {
    const early = { timeZone: 'America/New_York', weekdays: [], from: '02:30', to: '04:00' };
    assert.equal(opens('2026-03-08T05:00:00Z', early), '2026-03-08T07:30:00.000Z');
    const gone = { timeZone: 'America/New_York', weekdays: [7], from: '02:00', to: '03:00' };
    assert.equal(opens('2026-03-08T05:00:00Z', gone), '2026-03-15T06:00:00.000Z');
  });

  void test('hours may pass midnight, or last all day', () => {
    const night = { timeZone: 'Asia/Kolkata', weekdays: [1], from: '22:00', to: '06:00' };
    assert.equal(opens('2026-11-23T23:00:00Z', night), '2026-11-23T23:00:00.000Z');
    assert.equal(opens('2026-11-24T00:30:00Z', night), '2026-11-30T16:30:00.000Z');
    const allDay = { timeZone: 'Asia/Kolkata', weekdays: [], from: '00:00', to: '24:00' };
    assert.equal(opens('2026-11-23T18:29:59Z', allDay), '2026-11-23T18:29:59.000Z');
  });

  void test('blackouts shut an open calendar, chain, and say why', () => {
    const calendar = { timeZone: 'Asia/Kolkata', weekdays: [], from: '10:00', to: '20:00' };
    const blackouts = [
      { from: '2026-11-23T18:00:00+05:30', to: '2026-11-23T19:30:00+05:30', why: 'toss' },
      { from: '2026-11-23T19:00:00+05:30', to: '2026-11-23T23:00:00+05:30', why: 'match' },
    ];
    const window = nextRampWindow({ calendar, blackouts, atMs: Date.parse('2026-11-23T18:30:00+05:30') });
    assert.equal(new Date(window.opensAtMs).toISOString(), '2026-11-24T04:30:00.000Z');
    assert.match(window.why ?? '', /toss/);
  });

  void test('refuses time zones that do not exist and calendars that never open', () => {
    const calendar = { timeZone: 'Mars/Olympus', weekdays: [], from: '10:00', to: '20:00' };
    assert.throws(() => opens('2026-11-23T18:00:00Z', calendar), /Mars\/Olympus is no IANA time zone/);
    const forever = [{ from: '2026-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z', why: 'audit' }];
    assert.throws(() => opens('2026-11-23T18:00:00Z', null, forever), RangeError);
  });

  void test('what it names is open, not before the asked time, and asked again it names the same', () => {
    const zones = fc.constantFrom('Asia/Kolkata', 'America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'UTC');
    const hours = fc.tuple(fc.integer({ min: 0, max: 22 }), fc.integer({ min: 1, max: 23 }));
    const instants = fc.integer({ min: Date.parse('2025-01-01T00:00:00Z'), max: Date.parse('2028-01-01T00:00:00Z') });
    fc.assert(
      fc.property(
        zones,
        hours,
        fc.uniqueArray(fc.integer({ min: 1, max: 7 })),
        instants,
        (timeZone, [a, b], days, atMs) => {
          const from = `${String(Math.min(a, b)).padStart(2, '0')}:00`;
          const to = `${String(Math.max(a, b) + (a === b ? 1 : 0)).padStart(2, '0')}:00`;
          const calendar = { timeZone, weekdays: days, from, to };
          const { opensAtMs } = nextRampWindow({ calendar, blackouts: [], atMs });
          assert.ok(opensAtMs >= atMs);
          assert.equal(nextRampWindow({ calendar, blackouts: [], atMs: opensAtMs }).opensAtMs, opensAtMs);
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });
});
