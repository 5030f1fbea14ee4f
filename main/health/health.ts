import type { Registry } from 'prom-client';
import { openMetrics } from '../metrics/process-metrics.ts';
import { startHealthServer } from './http-server.ts';
import { ReadinessCheck, type HealthPart } from './readiness.ts';

export interface Health {
  /** `host:port` of /healthz, /readyz and /metrics. */
  readonly address: string;
  readonly metrics: Registry;
  /** The process has started: from now on it is as ready as these are. */
  watch(parts: readonly HealthPart[]): void;
  /** From now on unready: the process is about to end. */
  drain(): void;
  stop(): Promise<void>;
}

export interface HealthOptions {
  readonly address: string;
  /** Such as `serve`. */
  readonly processName: string;
}

/** Opens /healthz, /readyz and /metrics. The process is unready until it says what it works with. */
export async function openHealth({ address, processName }: HealthOptions): Promise<Health> {
  const readiness = new ReadinessCheck();
  const metrics = openMetrics(processName, readiness);
  const server = await startHealthServer({ address, processName, readiness, metrics });
  return {
    address: server.address,
    metrics,
    watch: (parts) => readiness.watch(parts),
    drain: () => readiness.drain(),
    stop: () => server.stop(),
  };
}
