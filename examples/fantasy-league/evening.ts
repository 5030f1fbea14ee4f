import { setTimeout as delay } from 'node:timers/promises';
import type { Experiment } from '@third-umpire/proto/umpire/control/v1/control';
import type { Control } from './control.ts';
import type { Story } from './story.ts';

const POLL_MS = 250;
const LONGEST_MS = 300_000;

const OVER: Readonly<Partial<Record<Experiment['status'], string>>> = {
  LIFECYCLE_STATUS_SHIPPED: 'shipped',
  LIFECYCLE_STATUS_ROLLED_BACK: 'rolled back',
  LIFECYCLE_STATUS_INVALID: 'declared invalid',
  LIFECYCLE_STATUS_INCONCLUSIVE: 'inconclusive',
  LIFECYCLE_STATUS_ARCHIVED: 'archived',
};

/** Follows the experiments until each has an end, and tells every step; gives up after five minutes. */
export async function followExperiments(
  control: Control,
  keys: readonly string[],
  story: Story,
  elapsedMs: () => number,
): Promise<void> {
  const startedAtMs = elapsedMs();
  const last = new Map<string, Experiment>();
  while (keys.some((key) => !isOver(last.get(key)))) {
    if (elapsedMs() - startedAtMs > LONGEST_MS) {
      story.tell('five minutes are over; the evening ends without a verdict for every experiment');
      break;
    }
    for (const key of keys) {
      const before = last.get(key);
      if (isOver(before)) continue;
      const now = await control.experiment(key);
      tellChange(story, before, now);
      last.set(key, now);
    }
    await delay(POLL_MS);
  }
}

function isOver(experiment: Experiment | undefined): boolean {
  return experiment !== undefined && OVER[experiment.status] !== undefined;
}

function tellChange(story: Story, before: Experiment | undefined, now: Experiment): void {
  if (now.stage !== (before?.stage ?? 0) && now.stage > 0) {
    story.tell(
      `${now.key}: stage ${now.stage} of ${now.stageCount}, ${now.enrolledBasisPoints / 100} % of users enrolled`,
    );
  }
  if (now.isKilled && before?.isKilled !== true) story.tell(`${now.key}: killed. ${now.statusReason}`);
  const ending = OVER[now.status];
  if (ending !== undefined) story.tell(`${now.key}: ${ending}. ${now.statusReason}`);
}
