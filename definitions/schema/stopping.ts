import { z } from 'zod';
import type { StoppingRule } from '../experiment.ts';
import { fields } from './fields.ts';
import { ratio } from './primitives.ts';

const DEFAULT_POWER = 0.8;

const always = {
  alpha: z.number().gt(0, 'must be above 0').lte(0.5, 'must be at most 0.5').default(0.05),
  maximumUnits: z
    .int('must be a whole number of units')
    .min(200, 'must be at least 200; below that no interval holds what it promises')
    .optional(),
  target: fields({ effect: ratio, power: ratio.optional() })
    .transform(({ effect, power = DEFAULT_POWER }) => ({ effectRatio: effect, power }))
    .optional(),
};

const looks = z
  .int('must be a whole number of looks')
  .min(2, 'must be at least 2; for one look use fixed-horizon')
  .max(20, 'must be at most 20; for more use always-valid');

const spendings = z.enum(['obrien-fleming', 'pocock']);

const futility = fields({ spending: spendings.default('obrien-fleming'), power: ratio.optional() })
  .transform(({ spending, power = DEFAULT_POWER }) => ({ spending, power }))
  .optional();

const RULES = ['always-valid', 'group-sequential', 'fixed-horizon'] as const;

/** When results may be read; see `StoppingRule`. */
export const stopping = fields({
  rule: z.enum(RULES).default('always-valid'),
  ...always,
  looks: looks.optional(),
  spending: spendings.optional(),
  futility,
}).transform((written, context): StoppingRule => {
  const { rule, alpha, maximumUnits, target, looks: count, spending, futility: givesUp } = written;
  const base = {
    alpha,
    ...(maximumUnits === undefined ? {} : { maximumUnits }),
    ...(target === undefined ? {} : { target }),
  };
  const refuse = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
  if (rule === 'group-sequential') {
    if (count === undefined)
      refuse('looks', 'is missing; a group-sequential experiment says how often it is looked at');
    const givingUp = givesUp === undefined ? {} : { futility: givesUp };
    if (givesUp !== undefined && givesUp.power <= alpha / 2)
      refuse('futility', `has a power that must be above half of alpha, ${alpha / 2}`);
    return { rule, ...base, looks: count ?? 2, spending: spending ?? 'obrien-fleming', ...givingUp };
  }
  if (count !== undefined) refuse('looks', `goes with rule: group-sequential, not with ${rule}; remove it`);
  if (spending !== undefined) refuse('spending', `goes with rule: group-sequential, not with ${rule}; remove it`);
  if (givesUp !== undefined) refuse('futility', `goes with rule: group-sequential, not with ${rule}; remove it`);
  if (target !== undefined && rule === 'fixed-horizon')
    refuse(
      'target',
      'does not go with rule: fixed-horizon, whose look is fixed in advance; write maximumUnits instead',
    );
  return { rule, ...base };
});
