import { measureCompile } from './decide/compile-speed.ts';
import { contenders } from './decide/contenders.ts';
import { measureDelivery } from './decide/delivery.ts';
import { measureSpeed } from './decide/speed.ts';
import type { BenchOptions } from './run.ts';

const EXPERIMENTS = 5_000;

/** Nanoseconds per decision beside three peers, and how the SDK bears a ruleset with 5,000 experiments. */
export async function run({ quick, log }: BenchOptions): Promise<Record<string, unknown>> {
  log('deciding: two attributes, a layer, a 50/50 split, a fresh context each time');
  const speeds = measureSpeed(await contenders(), quick ? { rounds: 15, roundMs: 5 } : { rounds: 101, roundMs: 10 });
  const own = speeds.get('third-umpire')?.nanoseconds ?? NaN;
  const timesFaster: Record<string, number> = {};
  for (const [name, { nanoseconds, treatedShare }] of speeds) {
    timesFaster[name] = rounded(nanoseconds / own);
    const share = `${(treatedShare * 100).toFixed(1)} % treated`;
    log(
      `  ${name.padEnd(15)} ${nanoseconds.toFixed(0).padStart(6)} ns  ${(nanoseconds / own).toFixed(1).padStart(5)} x  ${share}`,
    );
  }
  log(`a ruleset with ${EXPERIMENTS.toLocaleString('en')} experiments`);
  const compile = measureCompile(EXPERIMENTS, quick ? 5 : 15);
  log(
    `  compiled in ${compile.compileMs.toFixed(1)} ms, a delta applied and compiled in ${compile.deltaMs.toFixed(2)} ms`,
  );
  log(
    `  ${compile.heapMegabytes ?? '?'} MB of heap, ${compile.nanosecondsPerDecision.toFixed(0)} ns per decision over all flags`,
  );
  const delivery = await measureDelivery(EXPERIMENTS, quick ? 20 : 100);
  const { publishToAppliedMs, longestStallMs, firstRulesetMs, firstRulesetStallMs } = delivery;
  log(
    `  from publish to applied ${publishToAppliedMs.median.toFixed(1)} ms (worst ${publishToAppliedMs.worst.toFixed(1)} ms)`,
  );
  log(`  longest stall of the event loop ${longestStallMs.toFixed(1)} ms`);
  log(`  first ruleset after ${firstRulesetMs.toFixed(0)} ms, with a stall of ${firstRulesetStallMs.toFixed(0)} ms`);
  return {
    benchmark: 'decide',
    nanosecondsPerDecision: Object.fromEntries([...speeds].map(([name, { nanoseconds }]) => [name, nanoseconds])),
    timesFaster,
    largeRuleset: { experiments: EXPERIMENTS, ...compile, ...delivery },
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
