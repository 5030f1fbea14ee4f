import { Operator, type AttributeValue, type Comparison } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Predicate } from './condition.ts';
import { compareSemanticVersions, parseSemanticVersion, type SemanticVersion } from './semantic-version.ts';

type Constant = string | number | boolean;
/** Makes the test of one attribute's value, or says why its constants do not fit. */
type Compiler = (constants: readonly Constant[]) => ((value: unknown) => boolean) | string;

/** Compiles one comparison (`umpire.flags.v1.Comparison`). An absent attribute, or one of another type, makes it false. */
export function compileComparison(comparison: Comparison, place: string, problems: string[]): Predicate {
  const { attribute } = comparison;
  const compiler = COMPILERS.get(comparison.operator);
  const test =
    compiler === undefined
      ? `the operator ${comparison.operator} is not known`
      : compiler(comparison.values.flatMap(constantsOf));
  if (attribute === '') problems.push(`${place}: a comparison names no attribute`);
  if (typeof test === 'string') {
    problems.push(`${place}: comparison of "${attribute}": ${test}`);
    return () => false;
  }
  // Names such as "constructor" are on every object, though nobody put them there.
  if (attribute in Object.prototype) {
    return (context) => test(Object.hasOwn(context, attribute) ? context[attribute] : undefined);
  }
  return (context) => test(context[attribute]);
}

function constantsOf({ kind }: AttributeValue): Constant[] {
  if (kind === undefined) return [];
  return kind.$case === 'stringList' ? kind.value.values : [kind.value];
}

const COMPILERS: ReadonlyMap<Operator, Compiler> = new Map<Operator, Compiler>([
  [Operator.OPERATOR_EQUALS, one((constant) => (value) => value === constant)],
  [Operator.OPERATOR_NOT_EQUALS, one((constant) => (value) => isPresent(value) && value !== constant)],
  [Operator.OPERATOR_IN, isIn],
  [
    Operator.OPERATOR_NOT_IN,
    (constants) => {
      const test = isIn(constants);
      return typeof test === 'string' ? test : (value) => isPresent(value) && !test(value);
    },
  ],
  [Operator.OPERATOR_LESS_THAN, number((value, constant) => value < constant)],
  [Operator.OPERATOR_LESS_THAN_OR_EQUAL, number((value, constant) => value <= constant)],
  [Operator.OPERATOR_GREATER_THAN, number((value, constant) => value > constant)],
  [Operator.OPERATOR_GREATER_THAN_OR_EQUAL, number((value, constant) => value >= constant)],
  [Operator.OPERATOR_SEMVER_EQUALS, version((order) => order === 0)],
  [Operator.OPERATOR_SEMVER_LESS_THAN, version((order) => order < 0)],
  [Operator.OPERATOR_SEMVER_LESS_THAN_OR_EQUAL, version((order) => order <= 0)],
  [Operator.OPERATOR_SEMVER_GREATER_THAN, version((order) => order > 0)],
  [Operator.OPERATOR_SEMVER_GREATER_THAN_OR_EQUAL, version((order) => order >= 0)],
  [Operator.OPERATOR_BEFORE, time((value, constant) => value < constant)],
  [Operator.OPERATOR_AFTER, time((value, constant) => value > constant)],
  [Operator.OPERATOR_CONTAINS, text((value, constant) => value.includes(constant))],
  [Operator.OPERATOR_STARTS_WITH, text((value, constant) => value.startsWith(constant))],
  [Operator.OPERATOR_ENDS_WITH, text((value, constant) => value.endsWith(constant))],
  [Operator.OPERATOR_EXISTS, none(isPresent)],
  [Operator.OPERATOR_NOT_EXISTS, none((value) => !isPresent(value))],
]);

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function one(make: (constant: Constant) => (value: unknown) => boolean): Compiler {
  return (constants) => {
    const [constant] = constants;
    if (constant === undefined || constants.length > 1) return `needs exactly one value, got ${constants.length}`;
    return make(constant);
  };
}

function none(test: (value: unknown) => boolean): Compiler {
  return (constants) => (constants.length === 0 ? test : `needs no value, got ${constants.length}`);
}

function isIn(constants: readonly Constant[]): ((value: unknown) => boolean) | string {
  if (constants.length === 0) return 'needs at least one value';
  const set = new Set<unknown>(constants);
  return (value) => set.has(value) || (Array.isArray(value) && value.some((element) => set.has(element)));
}

function number(test: (value: number, constant: number) => boolean): Compiler {
  return (constants) => {
    const [constant] = constants;
    if (typeof constant !== 'number' || constants.length > 1) return 'needs exactly one number';
    return (value) => typeof value === 'number' && test(value, constant);
  };
}

function text(test: (value: string, constant: string) => boolean): Compiler {
  return (constants) => {
    const texts = constants.filter((constant) => typeof constant === 'string');
    if (texts.length === 0 || texts.length < constants.length) return 'needs at least one text, and only texts';
    return (value) => typeof value === 'string' && texts.some((constant) => test(value, constant));
  };
}

function version(test: (order: number) => boolean): Compiler {
  return (constants) => {
    const [constant] = constants;
    const wanted = typeof constant === 'string' && constants.length === 1 ? parseSemanticVersion(constant) : undefined;
    if (wanted === undefined) return 'needs exactly one semantic version, such as 7.2.0';
    return (value) => {
      const actual = typeof value === 'string' ? versionOf(value) : null;
      return actual !== null && test(compareSemanticVersions(actual, wanted));
    };
  };
}

function time(test: (value: number, constant: number) => boolean): Compiler {
  return (constants) => {
    const [constant] = constants;
    const wanted = constants.length === 1 ? timeOf(constant) : undefined;
    if (wanted === undefined) return 'needs exactly one ISO 8601 date or time, such as 2026-03-01T00:00:00Z';
    return (value) => {
      const actual = timeOf(value);
      return actual !== undefined && test(actual, wanted);
    };
  };
}

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** Ms since 1970; a date alone is its midnight in UTC. A time without an offset is refused: it would depend on the machine. */
function timeOf(value: unknown): number | undefined {
  const ms =
    value instanceof Date
      ? value.getTime()
      : typeof value === 'string' && ISO_8601.test(value)
        ? Date.parse(value)
        : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const REMEMBERED = 1_000;
const LONGEST = 64;
const versions = new Map<string, SemanticVersion | null>();

/** Apps in use have few versions: parsing each once makes comparing cheap, and the bound keeps a hostile caller from filling memory. */
function versionOf(text: string): SemanticVersion | null {
  const known = versions.get(text);
  if (known !== undefined) return known;
  const parsed = parseSemanticVersion(text) ?? null;
  if (text.length > LONGEST) return parsed;
  if (versions.size >= REMEMBERED) versions.clear();
  versions.set(text, parsed);
  return parsed;
}
