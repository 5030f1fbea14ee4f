import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IdentityLinks } from '@third-umpire/sdk/client/identity-links';
import type { Logger } from 'pino';
import type { ErasedIds, ErasureStore } from '../../control-store/erasure-port.ts';

const LOOK_EVERY_MS = 1_000;
/** Between two turns of the event loop: decisions go on meanwhile. */
const LINKS_PER_TURN = 1_000;

/** Forgets the links of users who are erased, so that this server decides for one who comes back as every other server does. */
export function forgetErasedLinks(
  links: IdentityLinks,
  erasures: Pick<ErasureStore, 'erased'>,
  logger: Logger,
): { stop(): void } {
  let known = 0;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const erased = await erasures.erased(LOOK_EVERY_MS);
      if (erased.version !== known) {
        await forget(links, erased);
        known = erased.version;
      }
    } catch (error) {
      logger.debug({ err: error }, 'erased users cannot be read; trying again');
    }
    isLooking = false;
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

async function forget(links: IdentityLinks, erased: ErasedIds): Promise<void> {
  let looked = 0;
  for (const userId of links.userIds()) {
    if (erased.untilMs(userId) !== undefined) links.set(userId, null);
    looked += 1;
    if (looked % LINKS_PER_TURN === 0) await nextTurn();
  }
}
