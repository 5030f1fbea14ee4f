import { DateTime } from 'luxon';
import type { BlackoutWindow, RampCalendar } from '../definitions/experiment.ts';

/** When a ramp may next move. */
export interface RampWindow {
  /** `atMs` itself where the ramp may move at once. */
  readonly opensAtMs: number;
  /** Why it has to wait, in a sentence; null where it need not. */
  readonly why: string | null;
}

export interface RampWindowInput {
  readonly calendar: RampCalendar | null;
  readonly blackouts: readonly BlackoutWindow[];
  readonly atMs: number;
}

export interface RampWindowActivities {
  /**
   * Calendar arithmetic depends on the time zone data of the machine, so it is an activity: its answer is in the history, and a newer
   * Node cannot change what a running workflow did.
   *
   * @throws RangeError for a time zone that is not known, or where no moment within 400 days is open
   */
  nextRampWindow(input: RampWindowInput): Promise<RampWindow>;
}

export function createRampWindowActivities(): RampWindowActivities {
  return { nextRampWindow: async (input) => await Promise.resolve(nextRampWindow(input)) };
}

const SEARCHED_DAYS = 400;

/** The first moment from `atMs` on that lies in the calendar's hours and in no blackout. */
export function nextRampWindow({ calendar, blackouts, atMs }: RampWindowInput): RampWindow {
  const limitMs = atMs + SEARCHED_DAYS * 86_400_000;
  let openMs = atMs;
  let why: string | null = null;
  while (openMs <= limitMs) {
    const blackout = blackouts.find((window) => instant(window.from) <= openMs && openMs < instant(window.to));
    const calendarOpensMs = calendar === null ? openMs : nextCalendarOpening(calendar, openMs, limitMs);
    if (blackout === undefined && calendarOpensMs === openMs) return { opensAtMs: openMs, why };
    if (blackout !== undefined) {
      why ??= `blackout until ${blackout.to}: ${blackout.why}`;
      openMs = instant(blackout.to);
    } else {
      why ??= calendar === null ? null : describeCalendar(calendar);
      openMs = calendarOpensMs;
    }
  }
  throw new RangeError(
    `the ramp's calendar and blackouts leave no open moment within ${SEARCHED_DAYS} days; widen ramp.calendar or shorten ramp.blackouts`,
  );
}

/** Local days differ in length around a change of clocks, so each day's hours are built from its own date. */
function nextCalendarOpening(calendar: RampCalendar, atMs: number, limitMs: number): number {
  const at = DateTime.fromMillis(atMs, { zone: calendar.timeZone });
  if (!at.isValid) {
    throw new RangeError(
      `ramp.calendar.timeZone: ${calendar.timeZone} is no IANA time zone known here, such as Asia/Kolkata`,
    );
  }
  // A window that passes midnight may have opened yesterday.
  for (let day = at.startOf('day').minus({ days: 1 }); day.toMillis() <= limitMs; day = day.plus({ days: 1 })) {
    if (calendar.weekdays.length > 0 && !calendar.weekdays.includes(day.weekday)) continue;
    const opensMs = atLocalTime(day, calendar.from).toMillis();
    const passesMidnight = calendar.to <= calendar.from;
    const closesMs = atLocalTime(passesMidnight ? day.plus({ days: 1 }) : day, calendar.to).toMillis();
    if (atMs < closesMs && opensMs < closesMs) return Math.max(atMs, opensMs);
  }
  return limitMs + 1;
}

function atLocalTime(day: DateTime, time: string): DateTime {
  const [hour, minute] = time.split(':').map(Number);
  // 24:00 is the end of the day.
  if (hour === 24) return day.plus({ days: 1 }).startOf('day');
  return day.set({ hour: hour ?? 0, minute: minute ?? 0, second: 0, millisecond: 0 });
}

function instant(iso: string): number {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) throw new RangeError(`ramp.blackouts: ${iso} is no ISO 8601 time`);
  return ms;
}

function describeCalendar(calendar: RampCalendar): string {
  const days = calendar.weekdays.length === 0 || calendar.weekdays.length === 7 ? 'every day' : weekdayNames(calendar);
  return `the ramp moves ${days} ${calendar.from}-${calendar.to} ${calendar.timeZone}`;
}

function weekdayNames(calendar: RampCalendar): string {
  const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  return calendar.weekdays.map((weekday) => names[weekday - 1] ?? String(weekday)).join(', ');
}
