/** What must hold between settings: a sentence for each thing that does not. */
export type Rule = (
  /** Whether a variable has a value. */
  isSet: (name: string) => boolean,
  /** The value as it was written. */
  valueOf: (name: string) => string | undefined,
) => readonly string[];

/** Either all of them are set or none is. */
export function together(names: readonly string[], why: string): Rule {
  return (isSet) => {
    const missing = names.filter((name) => !isSet(name));
    if (missing.length === 0 || missing.length === names.length) return [];
    const given = names.filter(isSet);
    return [`${missing.join(' and ')} must be set where ${given.join(' and ')} is: ${why}`];
  };
}

/** At most one of them is set. */
export function notBoth(first: string, second: string, why: string): Rule {
  return (isSet) => (isSet(first) && isSet(second) ? [`${first} and ${second} are both set: ${why}`] : []);
}

/** Where `name` is set, `other` is as well. */
export function needs(name: string, other: string, why: string): Rule {
  return (isSet) => (isSet(name) && !isSet(other) ? [`${other} must be set where ${name} is: ${why}`] : []);
}
