import { z } from 'zod';
import type { Design } from '../design.ts';
import { fields } from './fields.ts';
import { attributeName, duration, positiveDuration } from './primitives.ts';

const DAY_MS = 86_400_000;
const SHORTEST_WINDOW_MS = 60_000;

const OWN_FIELDS = {
  'user-level': [],
  switchback: ['region', 'window', 'burnIn'],
  cluster: ['cluster'],
  geo: ['region'],
} as const;
const FIELDS = ['region', 'cluster', 'window', 'burnIn'] as const;

/** What is randomized; null where every unit is by itself. */
export const design = fields({
  type: z.enum(['user-level', 'switchback', 'cluster', 'geo']).default('user-level'),
  region: attributeName.optional(),
  cluster: attributeName.optional(),
  window: positiveDuration.optional(),
  burnIn: duration.optional(),
}).transform((written, context): Design | null => {
  const { type, region, cluster, window, burnIn = 0 } = written;
  const refuse = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
  const own: readonly string[] = OWN_FIELDS[type];
  for (const field of FIELDS) {
    if (written[field] === undefined || own.includes(field)) continue;
    refuse(field, `is no field of a ${type} design; remove it`);
  }
  const required = type === 'cluster' ? cluster : region;
  const field = type === 'cluster' ? 'cluster' : 'region';
  if (type === 'user-level') return null;
  if (required === undefined) refuse(field, `is missing; name the attribute that a ${type} design randomizes by`);
  if (type === 'cluster') return { type, cluster: cluster ?? '' };
  if (type === 'geo') return { type, region: region ?? '' };
  const problem = problemOfWindow(window);
  if (problem !== null) refuse('window', problem);
  if (window !== undefined && burnIn >= window) refuse('burnIn', 'leaves nothing of the window; make it shorter');
  return { type, region: region ?? '', windowMs: window ?? 0, burnInMs: burnIn };
});

function problemOfWindow(windowMs: number | undefined): string | null {
  if (windowMs === undefined) return 'is missing; give the length of a window, such as 1h';
  if (windowMs < SHORTEST_WINDOW_MS) return 'is shorter than a minute; the clocks of services do not agree so well';
  if (windowMs % DAY_MS === 0 || DAY_MS % windowMs === 0) return null;
  return 'must divide a day or be whole days, so that windows begin at the same times of day (UTC); take 30m, 1h, 2h, 6h or 1d';
}
