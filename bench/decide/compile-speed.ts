import { applyDelta, compileRuleset, type CompiledRuleset } from '@third-umpire/sdk';
import { largeRuleset, nextDelta } from './large-ruleset.ts';
import { median } from './speed.ts';

export interface CompileSpeed {
  readonly compileMs: number;
  /** A delta that changes one experiment, applied and compiled. */
  readonly deltaMs: number;
  /** Heap of the ruleset and its closures; `null` without `--expose-gc`. */
  readonly heapMegabytes: number | null;
  /** Nanoseconds per decision, every one on another flag. */
  readonly nanosecondsPerDecision: number;
}

export function measureCompile(experiments: number, rounds: number): CompileSpeed {
  const before = heapBytes();
  const ruleset = largeRuleset(experiments);
  const compileMs = median(repeat(rounds, () => compileRuleset(ruleset)));
  let compiled = compileRuleset(ruleset);
  const deltaMs = median(
    repeat(rounds * 3, () => {
      compiled = compileRuleset(applyDelta(compiled.ruleset, nextDelta(compiled.ruleset)), compiled);
    }),
  );
  const nanosecondsPerDecision = decideAll(compiled);
  const after = heapBytes();
  const heapMegabytes = before === null || after === null ? null : Math.round((after - before) / 1e5) / 10;
  if (compiled.version !== rounds * 3 + 1) throw new Error(`version ${compiled.version} is in force`);
  return { compileMs, deltaMs, heapMegabytes, nanosecondsPerDecision };
}

function decideAll(compiled: CompiledRuleset): number {
  const keys = compiled.ruleset.flags.map(({ key }) => key);
  const pass = (): void => {
    for (const [number, key] of keys.entries()) {
      compiled.evaluate(key, { user: `u${number}`, region: 'KA', app_version: '7.3.0' });
    }
  };
  return (median(repeat(20, pass)) / keys.length) * 1e6;
}

function repeat(times: number, work: () => void): number[] {
  return Array.from({ length: times }, () => {
    const startedAtMs = performance.now();
    work();
    return performance.now() - startedAtMs;
  });
}

function heapBytes(): number | null {
  if (globalThis.gc === undefined) return null;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
