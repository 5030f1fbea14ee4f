import type { Logger } from 'pino';
import type { ControlStore, KillRecord } from '../control-store/port.ts';
import { killStepKey, LIVE_MONITOR, type Breach, type PublishedBreach } from './breach.ts';
import { markKilled, markTold } from './postgres/breaches.ts';
import type { Database } from './postgres/schema.ts';

export interface BreachPublisher {
  readonly database: Database;
  readonly controlStore: Pick<ControlStore, 'kill'>;
  readonly onBreach: (breach: PublishedBreach) => Promise<void>;
  readonly logger: Logger;
}

/** Publishes the kill for a breach. Once more changes nothing: a kill has one step key an epoch. */
export async function publishKill(publisher: Omit<BreachPublisher, 'onBreach'>, breach: Breach): Promise<KillRecord> {
  const kill = await publisher.controlStore.kill({
    target: { kind: 'experiment', key: breach.experimentKey },
    actor: { name: LIVE_MONITOR, reason: breach.reason },
    stepKey: killStepKey(breach),
  });
  await markKilled(publisher.database, breach, kill.killId);
  return kill;
}

/** Makes sure of the kill, then tells the workflow of it. Telling it twice of the same kill changes nothing. */
export async function tellOfBreach(publisher: BreachPublisher, breach: Breach): Promise<void> {
  const kill = await publishKill(publisher, breach);
  await publisher.onBreach({ ...breach, kill });
  await markTold(publisher.database, breach);
  publisher.logger.info(
    { experimentKey: breach.experimentKey, killId: kill.killId },
    'the workflow was told of the kill',
  );
}
