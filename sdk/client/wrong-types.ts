import type { Settings } from './options.ts';

const MAX_REMEMBERED = 1_000;

/** Flags that code asks for as another type than they have: told once each, because the caller's default hides the mistake. */
export class WrongTypes {
  readonly #told = new Set<string>();

  tell(flagKey: string, wanted: string, value: unknown, { onProblem }: Pick<Settings, 'onProblem'>): void {
    if (this.#told.has(flagKey) || this.#told.size >= MAX_REMEMBERED) return;
    this.#told.add(flagKey);
    const actual = value === null ? 'null' : typeof value;
    const message = `flag "${flagKey}" was asked for as a ${wanted}, but its value is a ${actual}; the caller's default was served`;
    onProblem({ kind: 'wrong-type', message });
  }
}
