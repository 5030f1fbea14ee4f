import { contenders } from './decide/contenders.ts';
import { measureSpeed } from './decide/speed.ts';
import type { BenchOptions } from './run.ts';

/** Nanoseconds per decision beside three peers, and how the SDK bears a ruleset with 5,000 experiments. */
export async function run({ quick, log }: BenchOptions): Promise<object> {
  log('deciding: two attributes, a layer, a 50/50 split, a fresh context each time');
  const speeds = measureSpeed(await contenders(), quick ? { rounds: 7, roundMs: 10 } : { rounds: 31, roundMs: 40 });
  const own = speeds.get('third-umpire')?.nanoseconds ?? NaN;
  for (const [name, { nanoseconds }] of speeds) {
    log(`  ${name.padEnd(16)} ${nanoseconds.toFixed(0).padStart(7)} ns   ${(nanoseconds / own).toFixed(1)} x`);
  }
  return { nanosecondsPerDecision: Object.fromEntries([...speeds].map(([name, speed]) => [name, speed.nanoseconds])) };
}
