import { continueAsNew, proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.ts';
import type { UserFindings } from '../activities/erasure.ts';
import type { ErasureReceipt, StoreFindings } from '../control-store/erasure-port.ts';

/** A store that is down is waited for: an erasure is never given up. */
const { findErasedUser, eraseUserFrom, finishErasure } = proxyActivities<Activities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '15 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    maximumInterval: '1 minute',
    nonRetryableErrorTypes: ['NotFoundError'],
  },
});

/** Every process knows of an erasure after a second; this gives what it had at hand time to arrive. */
const SETTLE_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
const ROUNDS_PER_RUN = 50;

/** Which erasure, and never whose: a workflow's input and history stay readable for long. */
export interface EraseUserInput {
  readonly erasureId: string;
  /** What there was at the beginning; only ever set by the workflow itself. */
  readonly before?: UserFindings;
}

export function eraseUserWorkflowId(erasureId: string): string {
  return `erase-user/${erasureId}`;
}

/** Forgets a user in every store, looks whether anything is left, and does it again until nothing is. */
export async function eraseUser({ erasureId, before: earlier }: EraseUserInput): Promise<string> {
  const before = earlier ?? (await findErasedUser({ erasureId }));
  if (before === null) return 'was finished before';
  let after: readonly StoreFindings[] = [];
  if (!before.isDryRun) {
    tell('has been asked for', before.stores);
    after = await eraseUntilNothingIsLeft({ erasureId, before });
  }
  await finishErasure({ erasureId, receipt: receiptOf(before, after) });
  tell(before.isDryRun ? 'counted what there is' : 'is finished', before.isDryRun ? before.stores : after);
  return before.isDryRun ? 'counted' : 'erased';
}

async function eraseUntilNothingIsLeft(input: Required<EraseUserInput>): Promise<readonly StoreFindings[]> {
  const { erasureId, before } = input;
  await sleep(SETTLE_MS);
  for (let round = 0; round < ROUNDS_PER_RUN; round += 1) {
    for (const { store } of before.stores) await eraseUserFrom({ erasureId, store });
    await sleep(Math.min(SETTLE_MS * 2 ** round, LONGEST_WAIT_MS));
    const left = await findErasedUser({ erasureId });
    if (left === null || rowsOf(left.stores) === 0) return left?.stores ?? [];
    tell(`has to go on: round ${round + 1} left something`, left.stores);
  }
  return await continueAsNew<typeof eraseUser>(input);
}

function receiptOf(before: UserFindings, after: readonly StoreFindings[]): ErasureReceipt {
  return {
    before: before.stores,
    after,
    rowsFound: rowsOf(before.stores),
    rowsLeft: before.isDryRun ? rowsOf(before.stores) : rowsOf(after),
    deviceCount: before.deviceCount,
  };
}

function rowsOf(stores: readonly StoreFindings[]): number {
  return stores.flatMap(({ found }) => found).reduce((total, { rows }) => total + rows, 0);
}

function tell(what: string, stores: readonly StoreFindings[]): void {
  const places = stores.flatMap(({ found }) => found.map(({ place, rows }) => `- ${place}: ${rows} rows`));
  setCurrentDetails([`The erasure ${what}.`, ...places].join('\n'));
}
