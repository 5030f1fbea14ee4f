import { Context } from '@temporalio/activity';

/** Shorter than the workflows' heartbeat timeouts by a wide margin. */
const HEARTBEAT_EVERY_MS = 5_000;

/** Says "still alive" while long work runs, so that a worker that died is noticed long before the work's timeout. */
export async function whileHeartbeating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
