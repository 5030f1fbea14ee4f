import { status } from '@grpc/grpc-js';
import type { Registry } from 'prom-client';
import type { GrpcStatistics } from '../../grpc-services/statistics/grpc-statistics.ts';
import { Latency } from '../../grpc-services/statistics/latency.ts';
import { addCounter, addGauge, addHistogram } from './scraped.ts';

const MS_A_SECOND = 1_000;

/** Decisions, calls and the ruleset of the gRPC services. */
export function addServeMetrics(registry: Registry, statistics: () => GrpcStatistics): void {
  addDecisions(registry, statistics);
  addCalls(registry, statistics);
  addRuleset(registry, statistics);
}

function addDecisions(registry: Registry, statistics: () => GrpcStatistics): void {
  addCounter(registry, {
    name: 'umpire_decisions_total',
    help: 'Decisions that the services made, by reason; those that SDKs make in process are not among them.',
    labelNames: ['reason'],
    read: () =>
      [...statistics().decisions]
        .filter(([reason]) => reason.startsWith('REASON_'))
        .map(([reason, value]) => ({ labels: { reason: reason.replace('REASON_', '').toLowerCase() }, value })),
  });
}

function addCalls(registry: Registry, statistics: () => GrpcStatistics): void {
  addHistogram(registry, {
    name: 'umpire_grpc_request_duration_seconds',
    help: 'Unary gRPC requests: how long until they were answered, by method and status code.',
    labelNames: ['method', 'code'],
    bounds: Latency.BOUNDS_SECONDS,
    read: () =>
      statistics().unary.map(({ method, code, latency }) => ({
        labels: { method, code: status[code] ?? String(code) },
        counts: latency.counts,
        sum: latency.sumSeconds,
      })),
  });
  addGauge(registry, {
    name: 'umpire_grpc_open_streams',
    help: 'Open gRPC streams, by method: watchers of rulesets, publishers of events, streams of decisions.',
    labelNames: ['method'],
    read: () => [...statistics().openStreams].map(([method, value]) => ({ labels: { method }, value })),
  });
}

function addRuleset(registry: Registry, statistics: () => GrpcStatistics): void {
  const add = (name: string, help: string, value: (ruleset: GrpcStatistics['ruleset']) => number): void =>
    addGauge(registry, { name, help, read: () => [{ value: value(statistics().ruleset) }] });
  add('umpire_ruleset_version', 'Version of the ruleset in force.', ({ version }) => version);
  add('umpire_ruleset_experiments', 'Experiments in the ruleset in force.', ({ experiments }) => experiments);
  add(
    'umpire_ruleset_published_timestamp_seconds',
    'When the ruleset in force was published; its age is time() minus this.',
    ({ publishedAtMs }) => (publishedAtMs ?? NaN) / MS_A_SECOND,
  );
  addCounter(registry, {
    name: 'umpire_rulesets_refused_total',
    help: 'Rulesets that could not be compiled and were refused; the last good one stayed in force.',
    read: () => [{ value: statistics().ruleset.refused }],
  });
}
