import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../../parts/repository-root.ts';
import { aipwEffect } from './aipw.ts';
import { boostedNuisances } from './boosted-nuisances.ts';
import { medianEffect } from './repeated-cross-fitting.ts';

interface Found {
  readonly estimates: readonly number[];
  readonly standardErrors: readonly number[];
  /** Of all repetitions. */
  readonly estimate: number;
}

interface Peer {
  readonly relativeTolerance: number;
  readonly trees: { readonly treeCount: number; readonly leafCount: number; readonly ridge: number };
  readonly foldCount: number;
  readonly columns: readonly (readonly number[])[];
  readonly treatment: readonly number[];
  readonly outcome: readonly number[];
  readonly folds: readonly (readonly number[])[];
  readonly ATE: Found;
  readonly ATT: Found;
}

const peer = JSON.parse(readFileSync(repositoryFile('estimators/golden/causal/boosted_aipw.json'), 'utf8')) as Peer;

for (const estimand of ['ATE', 'ATT'] as const)
  test(`AIPW with boosted trees, ${estimand}, as DoubleML with scikit-learn's trees has it on the same folds`, () => {
    const treatment = Uint8Array.from(peer.treatment);
    const outcome = Float64Array.from(peer.outcome);
    const columns = {
      rowCount: outcome.length,
      names: ['a', 'b', 'c'],
      columns: peer.columns.map((of) => Float64Array.from(of)),
    };
    const near = (found: number, expected: number, name: string): void =>
      assert.ok(
        Math.abs(found - expected) < peer.relativeTolerance * Math.abs(expected),
        `${name} ${found}, not ${expected}`,
      );
    const effects = peer.folds.map((of) => {
      const nuisances = boostedNuisances(columns, treatment, outcome, Uint8Array.from(of), peer.foldCount, peer.trees);
      return aipwEffect(treatment, outcome, nuisances, estimand, 0);
    });
    for (const [repetition, { estimate, standardError }] of effects.entries()) {
      near(estimate, peer[estimand].estimates[repetition]!, 'estimate');
      near(standardError, peer[estimand].standardErrors[repetition]!, 'standard error');
    }
    near(medianEffect(effects).estimate, peer[estimand].estimate, 'median');
  });
