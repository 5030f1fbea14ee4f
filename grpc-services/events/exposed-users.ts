/** Users already noted, so that each costs one write. Bounded: when it is full it starts anew, and noting again changes nothing. */
const MAX_REMEMBERED = 1_000_000;

/** Notes each user once. */
export function rememberingExposedUsers(
  mark: (userIds: readonly string[]) => Promise<void>,
): (userIds: readonly string[]) => Promise<void> {
  let known = new Set<string>();
  return async (userIds) => {
    const fresh = [...new Set(userIds)].filter((userId) => !known.has(userId));
    if (fresh.length === 0) return;
    await mark(fresh);
    if (known.size + fresh.length > MAX_REMEMBERED) known = new Set();
    for (const userId of fresh) known.add(userId);
  };
}
