import { ErrorCode } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Experiment, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { checkStructure } from './check-structure.ts';
import { compileFlag, isUnchanged, type CompiledFlag } from './compile-flag.ts';
import { InvalidRulesetError, type EvaluateOptions, type Evaluation, type EvaluationContext } from './evaluation.ts';
import { failure } from './outcomes.ts';
import { RulesetIndex } from './ruleset-index.ts';
import { Segments } from './segments.ts';
import { unitIdIn } from './unit.ts';
import { windowUnitIn } from './window.ts';

/** A ruleset as closures. Immutable; deciding allocates nothing. */
export interface CompiledRuleset {
  readonly version: number;
  readonly ruleset: Ruleset;
  /** Decides one flag for one context. Never throws: what is wrong comes as `REASON_ERROR` with a code and a sentence. No side effect. */
  evaluate(flagKey: string, context: EvaluationContext, options?: EvaluateOptions): Evaluation;
  /** The id that was hashed for an evaluation; `null` where none was. */
  unitIdOf(evaluation: Evaluation, context: EvaluationContext, options?: EvaluateOptions): string | null;
  experiment(key: string): Experiment | undefined;
}

/**
 * Checks a ruleset and compiles it. Given the one before, what did not change since is taken over from there: objects that are the same
 * in both, as `applyDelta` leaves them, are not looked at again.
 *
 * @throws InvalidRulesetError naming everything that is wrong
 */
export function compileRuleset(ruleset: Ruleset, previous: CompiledRuleset | null = null): CompiledRuleset {
  const problems: string[] = [];
  const before = previous instanceof Compiled ? previous : null;
  const index = new RulesetIndex(ruleset, problems, before?.index ?? null);
  checkStructure(index, before?.index ?? null, problems);
  if (problems.length > 0) throw new InvalidRulesetError(problems);
  const flags = compileFlags(index, before, problems);
  if (problems.length > 0) throw new InvalidRulesetError(problems);
  return new Compiled(index, flags);
}

class Compiled implements CompiledRuleset {
  readonly version: number;
  readonly ruleset: Ruleset;
  readonly index: RulesetIndex;
  readonly flags: ReadonlyMap<string, CompiledFlag>;

  constructor(index: RulesetIndex, flags: ReadonlyMap<string, CompiledFlag>) {
    this.version = index.ruleset.version;
    this.ruleset = index.ruleset;
    this.index = index;
    this.flags = flags;
  }

  evaluate(flagKey: string, context: EvaluationContext, options?: EvaluateOptions): Evaluation {
    const flag = this.flags.get(flagKey);
    if (flag === undefined) {
      const message = `there is no flag "${textOf(flagKey)}"; define it, or correct its key`;
      return failure(flagKey, ErrorCode.ERROR_CODE_FLAG_NOT_FOUND, message);
    }
    if (typeof context !== 'object' || context === null) return invalidContext(flagKey, `it is ${textOf(context)}`);
    try {
      return flag.decide(context, options);
    } catch (error) {
      // A getter or a proxy of the caller's threw: a decision still has to come.
      return invalidContext(flagKey, `reading it failed: ${textOf(error)}`);
    }
  }

  unitIdOf(
    { unitType, experimentKey }: Evaluation,
    context: EvaluationContext,
    options?: EvaluateOptions,
  ): string | null {
    if (unitType === null) return null;
    const windowMs = experimentKey === null ? 0 : (this.experiment(experimentKey)?.switchbackWindowMs ?? 0);
    if (windowMs > 0) return windowUnitIn(context, { unitType, windowMs }, options) ?? null;
    return unitIdIn(context, unitType, options) ?? null;
  }

  experiment(key: string): Experiment | undefined {
    return this.index.experiments.get(key);
  }
}

function compileFlags(
  index: RulesetIndex,
  before: Compiled | null,
  problems: string[],
): ReadonlyMap<string, CompiledFlag> {
  const segments = new Segments(index, problems);
  segments.compileAll();
  const areSegmentsSame = before !== null && isSameList(before.ruleset.segments, index.ruleset.segments);
  const areHoldoutsSame = before !== null && isSameList(before.ruleset.holdouts, index.ruleset.holdouts);
  const flags = new Map<string, CompiledFlag>();
  for (const flag of index.ruleset.flags) {
    const known = areHoldoutsSame ? before.flags.get(flag.key) : undefined;
    const isSame =
      known !== undefined &&
      (areSegmentsSame || !known.usesSegments) &&
      isUnchanged(flag, index, before?.index ?? index);
    flags.set(flag.key, isSame ? known : compileFlag(flag, { index, segments, problems }));
  }
  return flags;
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, position) => item === b[position]));
}

function invalidContext(flagKey: string, why: string): Evaluation {
  const message = `the context for flag "${flagKey}" is not usable: ${why}; give an object of attributes`;
  return failure(flagKey, ErrorCode.ERROR_CODE_INVALID_CONTEXT, message);
}

/** Callers without types can give and throw anything, also what has no text. */
function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : value === null ? 'null' : typeof value;
}
