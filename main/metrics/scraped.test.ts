import assert from 'node:assert/strict';
import test from 'node:test';
import { Registry } from 'prom-client';
import { ReadinessCheck } from '../health/readiness.ts';
import { openMetrics } from './process-metrics.ts';
import { addCounter, addGauge, addHistogram } from './scraped.ts';

test('what was counted elsewhere is read at each scrape', async () => {
  const registry = new Registry();
  let decisions = 1;
  addCounter(registry, {
    name: 'decisions_total',
    help: 'Decisions.',
    labelNames: ['reason'],
    read: () => [{ labels: { reason: 'split' }, value: decisions }],
  });
  assert.match(await registry.metrics(), /^# TYPE decisions_total counter\ndecisions_total\{reason="split"\} 1$/m);
  decisions = 5;
  assert.match(await registry.metrics(), /^decisions_total\{reason="split"\} 5$/m);
});

test('ranges become cumulative buckets that end in +Inf', async () => {
  const registry = new Registry();
  addHistogram(registry, {
    name: 'call_seconds',
    help: 'Calls.',
    labelNames: ['method'],
    bounds: [0.1, 1],
    read: () => [{ labels: { method: 'Evaluate' }, counts: [2, 0, 1], sum: 7.5 }],
  });
  assert.equal(
    await registry.metrics(),
    [
      '# HELP call_seconds Calls.',
      '# TYPE call_seconds histogram',
      'call_seconds_bucket{method="Evaluate",le="0.1"} 2',
      'call_seconds_bucket{method="Evaluate",le="1"} 2',
      'call_seconds_bucket{method="Evaluate",le="+Inf"} 3',
      'call_seconds_sum{method="Evaluate"} 7.5',
      'call_seconds_count{method="Evaluate"} 3',
      '',
    ].join('\n'),
  );
});

test('a metric that cannot be read is left out and counted, and the others are told', async () => {
  const registry = new Registry();
  const described = { help: 'Lag.', labelNames: ['partition'] };
  addGauge(registry, { ...described, name: 'lag', read: () => Promise.reject(new Error('the bus is away')) });
  addGauge(registry, { name: 'version', help: 'Version.', read: () => [{ value: 3 }] });
  const first = await registry.metrics();
  assert.match(first, /^version 3$/m);
  assert.doesNotMatch(first, /^lag\{/m);
  assert.match(await registry.metrics(), /^umpire_metric_read_failures_total\{metric="lag"\} [12]$/m);
});

test('a part that hangs is told as down, and does not keep the others from being told', async () => {
  const readiness = new ReadinessCheck();
  const whileDown = 'nothing goes';
  readiness.watch([
    { name: 'hanging', isNeeded: true, whileDown, check: () => new Promise<string>(() => undefined) },
    { name: 'fine', isNeeded: true, whileDown, check: () => 'answers' },
  ]);
  const told = await openMetrics('serve', readiness).metrics();
  assert.match(told, /^umpire_part_up\{part="hanging",process="serve"\} 0$/m);
  assert.match(told, /^umpire_part_up\{part="fine",process="serve"\} 1$/m);
  assert.match(told, /^umpire_build_info\{version="\d+\.\d+\.\d+",process="serve"\} 1$/m);
});
