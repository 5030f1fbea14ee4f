import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseMetric } from './metric-expression.ts';
import { analyzeExperiment } from './analyze-experiment.ts';
import type { Comparison } from './result.ts';
import { conclusion } from '../report/conclusion.ts';

/** 400 units whose treatment has `lift` more, at a look of four. */
async function read(lift: number, look: number): Promise<{ readonly comparison: Comparison; readonly text: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'umpire-ending-'));
  try {
    const file = path.join(folder, 'users.csv');
    const rows = Array.from(
      { length: 400 },
      (_, i) => `${i},${i % 2 ? 'new' : 'old'},${10 + ((i * 7919) % 13) + (i % 2) * lift}`,
    );
    await writeFile(file, ['user,arm,spent', ...rows].join('\n'));
    const analysis = await analyzeExperiment({
      file,
      unit: 'user',
      variant: 'arm',
      control: 'old',
      metrics: [parseMetric('spent:mean')],
      covariates: [],
      segments: [],
      date: null,
      stopping: { rule: 'group-sequential', spending: 'obrien-fleming', looks: 4, look },
      futility: { spending: 'obrien-fleming', power: 0.8 },
      design: { kind: 'user' },
      alpha: 0.05,
      correction: 'bh',
      weights: null,
      missing: 'refuse',
    });
    const comparison = analysis.metrics[0]?.comparisons[0];
    assert.ok(comparison !== undefined);
    return { comparison, text: conclusion(analysis) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a look without an effect says whether to go on', async () => {
  const { comparison, text } = await read(0, 3);
  assert.equal(comparison.futility?.isFutile, true);
  assert.equal(comparison.afterStopping, null);
  assert.match(text, /Going on is futile: the effect has not reached the futility boundary of \+\d\.\d\d %/);
  const early = await read(0, 1);
  assert.equal(early.comparison.futility?.isFutile, false);
  assert.match(early.text, /There is hope left/);
});

test('a look that ends the experiment says what to report: less than the estimate', async () => {
  const { comparison, text } = await read(2, 3);
  assert.equal(comparison.futility, null);
  assert.ok(comparison.afterStopping !== null);
  assert.ok(comparison.afterStopping.estimate < comparison.absolute.estimate);
  assert.ok(comparison.afterStopping.lower > 0);
  assert.match(text, /If the experiment ends here, report \+8\.\d\d % .*median-unbiased/);
  const last = await read(0, 4);
  assert.ok(last.comparison.afterStopping !== null && last.comparison.afterStopping.pValue > 0.05);
});
