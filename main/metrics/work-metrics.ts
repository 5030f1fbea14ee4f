import type { Registry } from 'prom-client';
import type { LiveMonitor } from '../../live-monitor/live-monitor.ts';
import type { Ingest, IngestStatistics } from '../../warehouse/ingest.ts';
import type { KeptWorker } from '../temporal-worker.ts';
import type { MeasuredWarehouse } from './measured-warehouse.ts';
import { addCounter, addGauge } from './scraped.ts';

const MS_A_SECOND = 1_000;

export interface WorkParts {
  readonly ingest: Pick<Ingest, 'statistics'>;
  readonly monitor: Pick<LiveMonitor, 'statistics'>;
  readonly warehouse: Pick<MeasuredWarehouse, 'statistics'>;
  readonly worker: Pick<KeptWorker, 'state'>;
}

/** Ingest, the live monitor, the warehouse and the Temporal worker. */
export function addWorkMetrics(registry: Registry, parts: WorkParts): void {
  addIngest(registry, parts);
  addWarehouse(registry, parts);
  addMonitor(registry, parts);
  addWorker(registry, parts);
}

function addIngest(registry: Registry, { ingest }: WorkParts): void {
  const add = (name: string, help: string, value: (statistics: IngestStatistics) => number): void =>
    addCounter(registry, { name, help, read: () => [{ value: value(ingest.statistics()) }] });
  add('umpire_ingest_rows_total', 'Events that became rows of the warehouse.', ({ rows }) => rows);
  add(
    'umpire_ingest_duplicates_total',
    'Events of an id that the warehouse had already; not stored again.',
    ({ duplicates }) => duplicates,
  );
  add(
    'umpire_ingest_late_total',
    'Rows that came later than the restatement window after they happened; kept, and counted here.',
    ({ late }) => late,
  );
}

function addWarehouse(registry: Registry, { warehouse }: WorkParts): void {
  const labelNames = ['operation'];
  addCounter(registry, {
    name: 'umpire_warehouse_operations_total',
    help: 'Work of the warehouse: queries, statements that change something, and batches of events that are appended.',
    labelNames: [...labelNames, 'result'],
    read: () =>
      warehouse.statistics().flatMap(({ operation, done, failed }) => [
        { labels: { operation, result: 'done' }, value: done },
        { labels: { operation, result: 'failed' }, value: failed },
      ]),
  });
  addCounter(registry, {
    name: 'umpire_warehouse_seconds_total',
    help: 'Time that work of the warehouse took, waiting for its turn included.',
    labelNames,
    read: () => warehouse.statistics().map(({ operation, seconds }) => ({ labels: { operation }, value: seconds })),
  });
}

function addMonitor(registry: Registry, { monitor }: WorkParts): void {
  addGauge(registry, {
    name: 'umpire_live_monitor_watched_experiments',
    help: 'Experiments whose guardrails are watched.',
    read: () => [{ value: monitor.statistics().watched }],
  });
  addGauge(registry, {
    name: 'umpire_live_monitor_last_check_timestamp_seconds',
    help: 'When every guardrail was looked at last.',
    read: () => [{ value: (monitor.statistics().lastCheckAtMs ?? NaN) / MS_A_SECOND }],
  });
  addCounter(registry, {
    name: 'umpire_live_monitor_checks_total',
    help: 'Looks at the guardrails.',
    labelNames: ['result'],
    read: () => {
      const { checks, failedChecks } = monitor.statistics();
      return [
        { labels: { result: 'done' }, value: checks },
        { labels: { result: 'failed' }, value: failedChecks },
      ];
    },
  });
  addCounter(registry, {
    name: 'umpire_live_monitor_kills_total',
    help: 'Experiments that the live monitor killed for a breached guardrail.',
    read: () => [{ value: monitor.statistics().kills }],
  });
}

function addWorker(registry: Registry, { worker }: WorkParts): void {
  addGauge(registry, {
    name: 'umpire_temporal_worker_running',
    help: 'Whether the Temporal worker runs: ramps and scorecards stand still while it does not.',
    read: () => [{ value: worker.state().isRunning ? 1 : 0 }],
  });
  addCounter(registry, {
    name: 'umpire_temporal_worker_starts_total',
    help: 'How often the Temporal worker was started, the first time included.',
    read: () => [{ value: worker.state().starts }],
  });
}
