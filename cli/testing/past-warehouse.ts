import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { eventAt } from '../../warehouse/testing/batches.ts';

export const START_MS = Date.UTC(2026, 2, 1);
const DAY_MS = 86_400_000;
/** Users, and days of events. */
export const USERS = 1_500;
export const DAYS = 28;

const METRICS = `
kind: metric
key: revenue
owner: growth
type: sum
event: order_paid
property: amount
window: 3d
covariate: 14d
goodDirection: increase
---
kind: metric
key: ordered
owner: growth
type: proportion
event: order_paid
window: 3d
goodDirection: increase
---
kind: metric
key: order_value
owner: growth
type: mean
event: order_paid
property: amount
window: 3d
goodDirection: increase
---
kind: metric
key: slowest
owner: growth
type: quantile
event: order_paid
property: amount
quantile: 0.9
window: 3d
goodDirection: decrease
`;

/** A warehouse as ingest leaves it, of users who come, and pay more or less as they did before; and documents of metrics. */
export async function makePastWarehouse(folder: string): Promise<{ readonly file: string; readonly metrics: string }> {
  const [file, metrics] = [path.join(folder, 'warehouse.duckdb'), path.join(folder, 'metrics.yaml')];
  await writeFile(metrics, METRICS);
  const random = seededRandom(12);
  const events: ReturnType<typeof eventAt>[] = [];
  const add = (eventType: string, user: number, days: number, properties: Record<string, number | string>): void => {
    const timestampMs = START_MS + Math.floor(days * DAY_MS);
    const offset = events.length;
    events.push(
      eventAt(offset, { eventType, userId: `user-${user}`, timestampMs, ingestedAtMs: timestampMs, properties }),
    );
  };
  for (let user = 0; user < USERS; user += 1) {
    const level = Math.exp(random.normal());
    const city = `city-${user % 30}`;
    for (let visit = 0; visit < 6; visit += 1) {
      const days = random.uniform() * DAYS;
      add('session_started', user, days, { city });
      if (random.uniform() < 0.5)
        add('order_paid', user, days + 0.01, {
          amount: Math.round(1_000 * level * Math.exp(random.normal() / 4)) / 100,
          city,
        });
    }
  }
  // The last day is not whole.
  add('session_started', 0, DAYS + 0.5, {});
  const warehouse = await openDuckDb({ file, queryConnections: 1 });
  try {
    await warehouse.appendEvents({ partition: 0, events, nextOffset: BigInt(events.length) });
  } finally {
    await warehouse.close();
  }
  return { file, metrics };
}
