import { DateTime } from 'luxon';
import { z } from 'zod';
import { fields } from './fields.ts';
import { listOf, percent, positiveDuration, sentence, text, written } from './primitives.ts';
import { instant, isInstant, timeZone } from './times.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

const stage = fields({
  percent: percent.refine((value) => value !== 0, 'must be above 0'),
  hold: positiveDuration,
}).transform(({ percent: share, hold }) => ({ percent: share, holdMs: hold }));

const timeOfDay = text.regex(TIME_OF_DAY, 'is not a time of day; write HH:MM in quotes, such as "09:30"');
const endOfDay = text.refine(
  (value) => TIME_OF_DAY.test(value) || value === '24:00',
  'is not a time of day; write HH:MM in quotes, such as "18:00" or "24:00"',
);

const weekday = written('weekday', {
  anyOf: [
    { type: 'string', pattern: `^(?:${WEEKDAYS.map(anyCase).join('|')})$` },
    { type: 'integer', minimum: 1, maximum: 7 },
  ],
  description: 'mon to sun, or 1 (Monday) to 7.',
  examples: [...WEEKDAYS],
}).transform((value, context): number => {
  const named = typeof value === 'string' ? WEEKDAYS.findIndex((day) => day === value.toLowerCase()) + 1 : 0;
  const number = named > 0 ? named : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 7) return number;
  context.addIssue(`is not a weekday; write ${WEEKDAYS.join(', ')} or 1 (Monday) to 7`);
  return z.NEVER;
});

/** As a pattern, which JSON schema has no flags for. */
function anyCase(word: string): string {
  return [...word].map((letter) => `[${letter.toUpperCase()}${letter}]`).join('');
}

const calendar = fields({
  timeZone,
  weekdays: z
    .array(weekday)
    .min(1, 'is empty; leave it out for every day')
    .max(7, { error: 'has more than seven days', abort: true })
    .default([1, 2, 3, 4, 5, 6, 7])
    .transform((days) => [...new Set(days)].sort((a, b) => a - b)),
  from: timeOfDay.default('00:00'),
  to: endOfDay.default('24:00'),
}).refine(({ from, to }) => from < to || !TIME_OF_DAY.test(from) || !TIME_OF_DAY.test(to), {
  path: ['to'],
  error: 'is not after "from"; a ramp window lies within one day',
});

const blackout = fields({ from: instant, to: instant, why: sentence }).refine(
  ({ from, to }) => !isInstant(from) || !isInstant(to) || DateTime.fromISO(from) < DateTime.fromISO(to),
  { path: ['to'], error: 'is not after "from"; swap them' },
);

export const ramp = fields({
  stages: z
    .array(stage)
    .min(1, 'is empty; give at least one stage, such as { percent: 100, hold: 7d }')
    .max(100, { error: 'has more than 100 stages', abort: true }),
  calendar: calendar.nullable().default(null),
  blackouts: listOf(blackout),
}).superRefine(({ stages, blackouts }, context) => {
  const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
  for (const [index, { percent: share }] of stages.entries()) {
    const before = stages[index - 1];
    if (before === undefined || share > before.percent) continue;
    add(
      ['stages', index, 'percent'],
      `${share} is not above the stage before it (${before.percent}); a ramp only ever adds units`,
    );
  }
  for (const [index, { from }] of blackouts.entries()) {
    const before = blackouts[index - 1];
    if (before === undefined || DateTime.fromISO(before.to) <= DateTime.fromISO(from)) continue;
    add(['blackouts', index, 'from'], 'begins before the one above it ends; put blackouts in order, without overlap');
  }
});
