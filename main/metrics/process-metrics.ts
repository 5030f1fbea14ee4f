import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { ReadinessCheck } from '../health/readiness.ts';
import { addGauge, readFailures } from './scraped.ts';

/** A registry with what every process tells: Node's own metrics (event loop delay, memory, garbage collection), version and readiness. */
export function openMetrics(processName: string, readiness: ReadinessCheck): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  collectDefaultMetrics({ register: registry });
  readFailures(registry);
  addGauge(registry, {
    name: 'umpire_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    read: () => [{ labels: { version: VERSION }, value: 1 }],
  });
  addGauge(registry, {
    name: 'umpire_part_up',
    help: 'Whether a part that the process works with is up, as /readyz tells.',
    labelNames: ['part'],
    read: async () => {
      const { parts } = await readiness.look();
      return parts.map(({ name, state }) => ({ labels: { part: name }, value: state === 'up' ? 1 : 0 }));
    },
  });
  return registry;
}

const { version: VERSION } = JSON.parse(readFileSync(repositoryFile('package.json'), 'utf8')) as {
  readonly version: string;
};
