import type { GroupMembership, MembershipEvents } from '../group/membership.ts';
import { backoffMs, pause } from '../pause.ts';
import { assignPartitions } from './assignment.ts';
import { asError, isRefusal, kafkaErrorType, unless } from './failure.ts';
import {
  ASSIGNMENT_PROTOCOL,
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
  type GroupConnection,
  type JoinAnswer,
} from './group-coordinator.ts';

export interface KafkaGroup {
  readonly coordinator: GroupConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
}

const JOIN_FOR_MS = 60_000;
const REBALANCE_TIMEOUT_MS = 30_000;
/** A join that waits for others is not waited for: the broker notices the closed connection, or the silence. */
const LEAVE_AFTER_MS = 2_000;
const LEAVE_MS = 2_000;

/**
 * A member's seat in a Kafka consumer group. It says that it is alive whatever its handlers are at, and a rebalance stops nobody: a
 * member reads on, gives back only what is to move, each partition once its batch is done, and joins again so that others may have it.
 *
 * kafkajs' own consumer says that it is alive between two batches only, and a rebalance takes every partition from every member while a
 * batch may still be at hand.
 */
export class KafkaMembership implements GroupMembership {
  readonly #group: KafkaGroup;
  readonly #events: MembershipEvents;
  readonly #ending = new AbortController();
  #wake = new AbortController();
  #memberId = '';
  #generation = -1;
  #share: ReadonlySet<number> = new Set();
  /** Read, or being given back. */
  readonly #taken = new Set<number>();
  /** Nobody else may read these: what is read, and what is this member's share. */
  #held: ReadonlySet<number> = new Set();
  #mustJoin = false;
  #lost: Error | undefined;
  #heardAt = performance.now();
  #turn: Promise<unknown> = Promise.resolve();
  #beating: Promise<void> = Promise.resolve();

  private constructor(group: KafkaGroup, events: MembershipEvents) {
    this.#group = group;
    this.#events = events;
  }

  /** Resolves once it has a seat and knows its share. Tries for a minute where the group's broker is away or not ready. */
  static async join(group: KafkaGroup, events: MembershipEvents): Promise<KafkaMembership> {
    const membership = new KafkaMembership(group, events);
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await unless(
          events.signal,
          membership.#inTurn(() => membership.#join()),
        );
        membership.#beating = membership.#beat();
        return membership;
      } catch (error) {
        if (events.signal.aborted || isRefusal(error) || performance.now() - startedAt > JOIN_FOR_MS) throw error;
        if (isExpelled(error)) membership.#memberId = '';
        await pause(backoffMs(attempt), events.signal);
      }
    }
  }

  share(): Promise<ReadonlySet<number>> {
    return this.#lost === undefined ? Promise.resolve(this.#share) : Promise.reject(this.#lost);
  }

  tryTake(partition: number): Promise<boolean> {
    const isMine = this.#lost === undefined && this.#share.has(partition);
    if (isMine) this.#taken.add(partition);
    return Promise.resolve(isMine);
  }

  giveBack(partition: number): Promise<void> {
    this.#taken.delete(partition);
    this.#settle();
    return Promise.resolve();
  }

  async leave(): Promise<void> {
    this.#ending.abort();
    this.#wake.abort();
    await Promise.race([this.#beating, pause(LEAVE_AFTER_MS)]);
    if (this.#memberId === '' || this.#lost !== undefined) return;
    const { groupId } = this.#group;
    const memberId = this.#memberId;
    await this.#group.coordinator.ask(
      'leaving the consumer group',
      (coordinator) => coordinator.leaveGroup({ groupId, memberId }),
      LEAVE_MS,
    );
  }

  /** Keeps where this group reads on. A member whose seat was taken away is refused, so it cannot put its successor back. */
  async commit(partition: number, nextOffset: bigint): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      const { groupId, topic } = this.#group;
      await this.#group.coordinator.ask('keeping the position of a consumer', (coordinator) =>
        coordinator.offsetCommit({
          groupId,
          groupGenerationId: this.#generation,
          memberId: this.#memberId,
          topics: [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }],
        }),
      );
    });
  }

  /** Where this group reads on; `undefined` where it never read. */
  async committed(partition: number): Promise<bigint | undefined> {
    const { groupId, topic } = this.#group;
    const { responses } = await this.#group.coordinator.ask('reading the position of a consumer', (coordinator) =>
      coordinator.offsetFetch({ groupId, topics: [{ topic, partitions: [{ partition, offset: '-1' }] }] }),
    );
    const offset = BigInt(responses[0]?.partitions[0]?.offset ?? '-1');
    return offset < 0n ? undefined : offset;
  }

  /** Joins, and with that hears what its share is; the leader shares out. */
  async #join(): Promise<void> {
    const { topic, groupId, sessionTimeoutMs } = this.#group;
    this.#mustJoin = false;
    const metadata = encodeClaim(topic, { held: [...this.#held], generation: this.#generation });
    const joined = await this.#group.coordinator.ask(
      'joining the consumer group',
      (coordinator) =>
        coordinator.joinGroup({
          groupId,
          sessionTimeout: sessionTimeoutMs,
          rebalanceTimeout: REBALANCE_TIMEOUT_MS,
          memberId: this.#memberId,
          groupProtocols: [{ name: ASSIGNMENT_PROTOCOL, metadata }],
        }),
      REBALANCE_TIMEOUT_MS + sessionTimeoutMs,
    );
    this.#memberId = joined.memberId;
    const { memberAssignment } = await this.#group.coordinator.ask(
      'hearing the share in the consumer group',
      (coordinator) =>
        coordinator.syncGroup({
          groupId,
          generationId: joined.generationId,
          memberId: joined.memberId,
          groupAssignment: this.#shareOut(joined),
        }),
    );
    this.#generation = joined.generationId;
    this.#share = new Set(decodeAssignment(topic, memberAssignment));
    this.#settle();
    this.#events.onChange();
  }

  #shareOut({ leaderId, memberId, members }: JoinAnswer): { memberId: string; memberAssignment: Buffer }[] {
    if (leaderId !== memberId) return [];
    const { topic, partitionCount } = this.#group;
    const claims = members.map((member) => decodeClaim(member.memberId, member.memberMetadata));
    return [...assignPartitions(claims, partitionCount)].map(([id, partitions]) => ({
      memberId: id,
      memberAssignment: encodeAssignment(topic, partitions),
    }));
  }

  /** What is neither its share nor read any more goes to others: for that it joins again. */
  #settle(): void {
    const before = this.#held;
    this.#held = new Set([...this.#share, ...this.#taken]);
    if ([...before].every((partition) => this.#held.has(partition))) return;
    this.#mustJoin = true;
    this.#wake.abort();
  }

  /** Says that it is alive until it leaves or the seat is lost. Never rejects. */
  async #beat(): Promise<void> {
    const { heartbeatMs } = this.#group;
    while (!this.#ending.signal.aborted && this.#lost === undefined) {
      this.#wake = new AbortController();
      if (!this.#mustJoin) await pause(heartbeatMs, this.#wake.signal);
      if (this.#ending.signal.aborted) return;
      const isJoining = this.#mustJoin;
      try {
        await this.#inTurn(() => (isJoining ? this.#join() : this.#heartbeat()));
        this.#heardAt = performance.now();
      } catch (error) {
        this.#mustJoin ||= isJoining;
        await this.#troubled(error, isJoining);
      }
    }
  }

  async #heartbeat(): Promise<void> {
    const request = { groupId: this.#group.groupId, groupGenerationId: this.#generation, memberId: this.#memberId };
    await this.#group.coordinator.ask('saying that a consumer is alive', (coordinator) =>
      coordinator.heartbeat(request),
    );
  }

  async #troubled(error: unknown, isJoining: boolean): Promise<void> {
    const type = kafkaErrorType(error);
    // Another member joined between this one's joining and its hearing of the share: once more.
    if (type === 'REBALANCE_IN_PROGRESS' || (isJoining && type === 'ILLEGAL_GENERATION')) {
      this.#mustJoin = true;
      this.#heardAt = performance.now();
      return;
    }
    // Whom the broker has not heard for so long has lost its seat, even where nobody can tell.
    const isSilent = performance.now() - this.#heardAt > this.#group.sessionTimeoutMs;
    if (isExpelled(error) || isSilent) {
      this.#lost = new Error(
        `the place in the consumer group ${this.#group.groupId} is lost: ${asError(error).message}`,
        {
          cause: error,
        },
      );
      this.#events.onLost(this.#lost);
      return;
    }
    await pause(backoffMs(1), this.#ending.signal);
  }

  /** One after the other: a position is kept under the generation that is in force when it arrives. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }
}

const EXPELLED: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

function isExpelled(error: unknown): boolean {
  return EXPELLED.has(kafkaErrorType(error) ?? '');
}
