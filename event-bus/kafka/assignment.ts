/** What a member says of itself when it joins. */
export interface MemberClaim {
  readonly memberId: string;
  /** The partitions that it reads, or may begin to read, as of `generation`. */
  readonly held: readonly number[];
  readonly generation: number;
}

/**
 * Shares the partitions among the members, moving as few as possible: every member keeps what it reads, up to its fair share. A partition
 * that is to move is nobody's until the member that reads it has given it back and joins again (cooperative rebalancing, KIP-429), so
 * two members never read the same one. Deterministic, whoever leads the group.
 *
 * @returns what each member may read now
 */
export function assignPartitions(
  members: readonly MemberClaim[],
  partitionCount: number,
): ReadonlyMap<string, readonly number[]> {
  const holders = holdersOf(members, partitionCount);
  const target = targetOf(members, holders, partitionCount);
  const assignment = new Map<string, number[]>();
  for (const [memberId, partitions] of target) {
    const free = partitions.filter((partition) => (holders.get(partition) ?? memberId) === memberId);
    assignment.set(
      memberId,
      free.sort((a, b) => a - b),
    );
  }
  return assignment;
}

/** Who reads each partition. Of two that say so, the one with the newer news is right: the other was away meanwhile. */
function holdersOf(members: readonly MemberClaim[], partitionCount: number): ReadonlyMap<number, string> {
  const holders = new Map<number, string>();
  for (const { memberId, held } of members.toSorted(byNews)) {
    for (const partition of held) if (partition < partitionCount) holders.set(partition, memberId);
  }
  return holders;
}

function byNews(a: MemberClaim, b: MemberClaim): number {
  return a.generation - b.generation || (a.memberId < b.memberId ? -1 : 1);
}

/** Where every partition is to be in the end: shares differ by one at most. */
function targetOf(
  members: readonly MemberClaim[],
  holders: ReadonlyMap<number, string>,
  partitionCount: number,
): ReadonlyMap<string, number[]> {
  const shares = new Map(
    members
      .map(({ memberId }) => memberId)
      .sort()
      .map((id) => [id, [] as number[]]),
  );
  if (shares.size === 0) return shares;
  const all = Array.from({ length: partitionCount }, (_, partition) => partition);
  const fair = Math.floor(partitionCount / shares.size);
  let largerShares = partitionCount % shares.size;
  const moving: number[] = [];
  for (const [memberId, share] of byHoldings(shares, holders)) {
    const held = all.filter((partition) => holders.get(partition) === memberId);
    const quota = held.length > fair && largerShares > 0 ? fair + 1 : fair;
    if (quota > fair) largerShares -= 1;
    share.push(...held.slice(0, quota));
    moving.push(...held.slice(quota));
  }
  moving.push(...all.filter((partition) => !holders.has(partition)));
  for (const partition of moving.sort((a, b) => a - b)) smallest(shares).push(partition);
  return shares;
}

/** Those that read most come first, so that the larger shares go where they already are. */
function byHoldings(
  shares: ReadonlyMap<string, number[]>,
  holders: ReadonlyMap<number, string>,
): readonly (readonly [string, number[]])[] {
  const count = new Map<string, number>();
  for (const memberId of holders.values()) count.set(memberId, (count.get(memberId) ?? 0) + 1);
  return [...shares].sort(([a], [b]) => (count.get(b) ?? 0) - (count.get(a) ?? 0) || (a < b ? -1 : 1));
}

function smallest(shares: ReadonlyMap<string, number[]>): number[] {
  return [...shares.values()].reduce((least, share) => (share.length < least.length ? share : least));
}
