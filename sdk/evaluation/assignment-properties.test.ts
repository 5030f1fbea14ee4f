import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { ExperimentStatus, Ruleset, ValueType, type BucketRange } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import fc from 'fast-check';
import { compileRuleset, type CompiledRuleset } from './compile.ts';
import type { Evaluation } from './evaluation.ts';

const salt = fc.string({ minLength: 1, maxLength: 12 });
const UNITS = Array.from({ length: 20_000 }, (_, number) => `unit-${number}`);

interface ExperimentShape {
  readonly key: string;
  readonly layerKey?: string;
  readonly reserved?: BucketRange[];
  readonly enrolled?: number;
  readonly weights?: readonly number[];
  readonly salts?: readonly [variant: string, enrolment: string];
}

suite('assignment, whatever the salts, weights and buckets', () => {
  test('as enrolment grows nobody leaves and nobody changes arms', () => {
    const stages = fc.uniqueArray(fc.integer({ min: 0, max: 3_000 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(salt, salt, salt, stages, fc.nat(10_000), (layerSalt, variantSalt, enrolmentSalt, counts, weight) => {
        fc.pre(variantSalt !== layerSalt);
        const before = new Map<string, string | null>();
        for (const enrolled of counts.sort((a, b) => a - b)) {
          const shape = {
            key: 'e',
            reserved: [{ first: 2_000, end: 5_000 }],
            enrolled,
            weights: [weight, 10_000 - weight],
          };
          const compiled = compile([{ ...shape, salts: [variantSalt, enrolmentSalt] }], layerSalt);
          for (const unit of UNITS.slice(0, 1_000)) {
            const { reason, variant } = compiled.evaluate('e', { user: unit });
            const known = before.get(unit);
            if (known !== undefined) assert.deepEqual([reason, variant], [Reason.REASON_SPLIT, known]);
            else if (reason === Reason.REASON_SPLIT) before.set(unit, variant);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('of experiments that exclude each other a unit is in one at most, and in exactly one when they fill the layer', () => {
    fc.assert(
      fc.property(salt, fc.uniqueArray(fc.integer({ min: 1, max: 9_999 }), { maxLength: 4 }), (layerSalt, cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), 10_000];
        const shapes = edges.slice(1).map((end, number) => {
          const first = edges[number] ?? 0;
          return { key: `e${number}`, reserved: [{ first, end }], enrolled: end - first };
        });
        const compiled = compile(shapes, `layer ${layerSalt}`);
        for (const unit of UNITS.slice(0, 500)) {
          const inHow = shapes.filter(({ key }) => isSplit(compiled.evaluate(key, { user: unit })));
          assert.equal(inHow.length, 1);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('arms are as large as their weights', () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(10_000), fc.nat(10_000)), salt, (cuts, variantSalt) => {
        const [low, high] = cuts.sort((a, b) => a - b);
        const weights = [low, high - low, 10_000 - high];
        const compiled = compile([{ key: 'e', weights, salts: [`v${variantSalt}`, 'e'] }], 'layer');
        const counts = countBy(UNITS, (unit) => compiled.evaluate('e', { user: unit }).variant);
        weights.forEach((weight, arm) => {
          const expected = (UNITS.length * weight) / 10_000;
          // Six standard deviations of a binomial count: once in half a billion.
          const margin = 6 * Math.sqrt((expected * (10_000 - weight)) / 10_000) + 1;
          assert.ok(Math.abs((counts.get(`v${arm}`) ?? 0) - expected) <= margin, `arm ${arm} of ${weights.join()}`);
        });
      }),
      { numRuns: 60, seed: 20_260_301 },
    );
  });

  test('layers are independent of each other, and so are enrolment and arm', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (number) => {
        const shapes = [
          { key: 'left', layerKey: 'one', salts: [`left ${number}`, 'x'] as const },
          { key: 'right', layerKey: 'two', salts: [`right ${number}`, 'x'] as const },
        ];
        const compiled = compile(shapes, `salt ${number}`);
        const table = countBy(UNITS, (user) => {
          return `${compiled.evaluate('left', { user }).variant} ${compiled.evaluate('right', { user }).variant}`;
        });
        // With one degree of freedom 24 is passed once in a million independent tables.
        assert.ok(chiSquare(table) < 24, `chi-square ${chiSquare(table)} for ${number}`);
      }),
      { numRuns: 60, seed: 20_260_301 },
    );
  });
});

function isSplit({ reason }: Evaluation): boolean {
  return reason === Reason.REASON_SPLIT;
}

function countBy(units: readonly string[], of: (unit: string) => string | null): ReadonlyMap<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const unit of units) counts.set(of(unit), (counts.get(of(unit)) ?? 0) + 1);
  return counts;
}

/** Of a table of two arms by two arms. */
function chiSquare(table: ReadonlyMap<string | null, number>): number {
  const cell = (left: number, right: number): number => table.get(`v${left} v${right}`) ?? 0;
  const total = cell(0, 0) + cell(0, 1) + cell(1, 0) + cell(1, 1);
  let sum = 0;
  for (const left of [0, 1]) {
    for (const right of [0, 1]) {
      const expected = ((cell(left, 0) + cell(left, 1)) * (cell(0, right) + cell(1, right))) / total;
      sum += (cell(left, right) - expected) ** 2 / expected;
    }
  }
  return sum;
}

/** Experiments on flags of the same keys, with the arms v0, v1, …, the first of them control. */
function compile(shapes: readonly ExperimentShape[], layerSalt: string): CompiledRuleset {
  const layerKeys = [...new Set(shapes.map(({ layerKey = 'main' }) => layerKey))];
  return compileRuleset(
    Ruleset.fromPartial({
      version: 1,
      layers: layerKeys.map((key) => ({
        key,
        unitType: 'user',
        salt: key === 'main' ? layerSalt : `${layerSalt} ${key}`,
      })),
      flags: shapes.map(({ key, weights = [5_000, 5_000] }) => ({
        key,
        valueType: ValueType.VALUE_TYPE_STRING,
        variants: weights.map((_, arm) => ({ key: `v${arm}`, value: `v${arm}` })),
        controlVariant: 'v0',
        enabled: true,
        rules: [{ key: 'experiment', outcome: { $case: 'experimentKey' as const, value: key } }],
      })),
      experiments: shapes.map(({ key, layerKey = 'main', reserved, enrolled, weights = [5_000, 5_000], salts }) => ({
        key,
        flagKey: key,
        layerKey,
        epoch: 1,
        status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
        variants: weights.map((weightBasisPoints, arm) => ({ variant: `v${arm}`, weightBasisPoints })),
        variantSalt: salts?.[0] ?? `variants of ${key}`,
        enrolmentSalt: salts?.[1] ?? `enrolment of ${key}`,
        reservedBuckets: reserved ?? [{ first: 0, end: 10_000 }],
        enrolledBucketCount: enrolled ?? 10_000,
      })),
    }),
  );
}
