import { z } from 'zod';
import type { StoppingRule } from '../experiment.ts';
import { fields } from './fields.ts';

const always = {
  alpha: z.number().gt(0, 'must be above 0').lte(0.5, 'must be at most 0.5').default(0.05),
  maximumUnits: z
    .int('must be a whole number of units')
    .min(200, 'must be at least 200; below that no interval holds what it promises')
    .optional(),
};

const looks = z
  .int('must be a whole number of looks')
  .min(2, 'must be at least 2; for one look use fixed-horizon')
  .max(20, 'must be at most 20; for more use always-valid');

const RULES = ['always-valid', 'group-sequential', 'fixed-horizon'] as const;

/** When results may be read; see `StoppingRule`. */
export const stopping = fields({
  rule: z.enum(RULES).default('always-valid'),
  ...always,
  looks: looks.optional(),
  spending: z.enum(['obrien-fleming', 'pocock']).optional(),
}).transform((written, context): StoppingRule => {
  const { rule, alpha, maximumUnits, looks: count, spending } = written;
  const base = { alpha, ...(maximumUnits === undefined ? {} : { maximumUnits }) };
  const refuse = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
  if (rule === 'group-sequential') {
    if (count === undefined)
      refuse('looks', 'is missing; a group-sequential experiment says how often it is looked at');
    return { rule, ...base, looks: count ?? 2, spending: spending ?? 'obrien-fleming' };
  }
  if (count !== undefined) refuse('looks', `goes with rule: group-sequential, not with ${rule}; remove it`);
  if (spending !== undefined) refuse('spending', `goes with rule: group-sequential, not with ${rule}; remove it`);
  return { rule, ...base };
});
