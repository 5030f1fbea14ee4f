import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assignPartitions, type MemberClaim } from './assignment.ts';

/** Members as they are: what each reads. */
type Group = ReadonlyMap<string, ReadonlySet<number>>;

const memberIds = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 8 });

function claimsOf(group: Group, generation: number): MemberClaim[] {
  return [...group].map(([memberId, held]) => ({ memberId, held: [...held], generation }));
}

/** One rebalance after the other, as members go through it: read what was assigned, give back what was not. */
function settle(start: Group, partitionCount: number): { group: Group; rounds: number; moved: number } {
  let group = start;
  let moved = 0;
  for (let rounds = 1; ; rounds += 1) {
    assert.ok(rounds <= 3, 'a group settles in two rounds');
    const assignment = assignPartitions(claimsOf(group, rounds), partitionCount);
    assertOneReader(group, assignment);
    for (const [memberId, partitions] of assignment) {
      moved += partitions.filter((partition) => group.get(memberId)?.has(partition) !== true).length;
    }
    const isSettled = [...group].every(([id, held]) => [...held].every((p) => assignment.get(id)?.includes(p)));
    group = new Map([...assignment].map(([memberId, partitions]) => [memberId, new Set(partitions)]));
    if (isSettled) return { group, rounds, moved };
  }
}

/** A partition is given to nobody while somebody else may still be at a batch of it. */
function assertOneReader(before: Group, assignment: ReadonlyMap<string, readonly number[]>): void {
  const given = [...assignment.values()].flat();
  assert.equal(new Set(given).size, given.length, 'a partition is given to one member');
  for (const [memberId, partitions] of assignment) {
    for (const [other, held] of before) {
      if (other !== memberId) for (const partition of partitions) assert.ok(!held.has(partition));
    }
  }
}

describe('the sharing of partitions', () => {
  test('whatever members held, each partition ends with one reader, shares differ by one at most, and few move', () => {
    const group = fc
      .tuple(memberIds, fc.integer({ min: 1, max: 40 }))
      .chain(([ids, count]) =>
        fc.tuple(fc.constant(ids), fc.array(fc.nat({ max: ids.length }), { minLength: count, maxLength: count })),
      );
    fc.assert(
      fc.property(group, ([ids, holderOf]) => {
        const held = new Map(ids.map((id) => [id, new Set<number>()]));
        // The last number stands for nobody.
        for (const [partition, holder] of holderOf.entries()) held.get(ids[holder] ?? '')?.add(partition);
        const { group: settled, moved } = settle(held, holderOf.length);
        const shares = [...settled.values()].map((share) => share.size);
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          holderOf.length,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
        assert.equal(moved, fewestMoves(held, holderOf.length));
      }),
      { numRuns: 500 },
    );
  });

  test('a member that comes takes its share from those that have most, and nothing moves between the others', () => {
    const before = new Map([
      ['a', new Set([0, 1, 2])],
      ['b', new Set([3, 4, 5])],
      ['new', new Set<number>()],
    ]);
    const first = assignPartitions(claimsOf(before, 1), 6);
    assert.deepEqual(
      [...first],
      [
        ['a', [0, 1]],
        ['b', [3, 4]],
        ['new', []],
      ],
    );
    assert.deepEqual(
      [...settle(before, 6).group].map(([id, share]) => [id, [...share]]),
      [
        ['a', [0, 1]],
        ['b', [3, 4]],
        ['new', [2, 5]],
      ],
    );
  });

  test('of two that say they hold a partition, the one with the newer news does', () => {
    const assignment = assignPartitions(
      [
        { memberId: 'asleep', held: [0, 1], generation: 3 },
        { memberId: 'awake', held: [0, 1], generation: 7 },
      ],
      2,
    );
    assert.deepEqual(assignment.get('asleep'), []);
    assert.equal(assignment.get('awake')?.length, 1);
  });
});

/** Partitions that nobody reads, and what is above the fair shares, dealt to where most can stay. */
function fewestMoves(held: Group, partitionCount: number): number {
  const fair = Math.floor(partitionCount / held.size);
  let larger = partitionCount % held.size;
  let kept = 0;
  for (const size of [...held.values()].map((share) => share.size).sort((a, b) => b - a)) {
    const quota = larger > 0 && size > fair ? fair + 1 : fair;
    if (quota > fair) larger -= 1;
    kept += Math.min(size, quota);
  }
  return partitionCount - kept;
}
