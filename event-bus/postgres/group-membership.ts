import pg from 'pg';
import type { GroupMembership } from '../group/membership.ts';

/** The first number of the advisory locks' two-part key is this plus the group's id: a range that nothing else uses. */
const LOCK_CLASS_BASE = 1_163_264_000;
/** The second number: partitions count from 0, this one stands for "is a member". */
const MEMBER_LOCK = 1_000_000;

/**
 * A member's seat in a consumer group: one connection whose session locks say which members live and who reads which partition.
 * PostgreSQL gives the locks back by itself when the member's process dies.
 */
export class PostgresMembership implements GroupMembership {
  readonly #client: pg.Client;
  readonly #lockClass: number;
  readonly #backendId: number;
  readonly #partitionCount: number;

  private constructor(client: pg.Client, lockClass: number, backendId: number, partitionCount: number) {
    this.#client = client;
    this.#lockClass = lockClass;
    this.#backendId = backendId;
    this.#partitionCount = partitionCount;
  }

  /** @param onLost told once when the connection breaks: the locks are gone then */
  static async join(
    url: string,
    groupId: number,
    partitionCount: number,
    onLost: (error: Error) => void,
  ): Promise<PostgresMembership> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'umpire event log group member',
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    client.on('error', onLost);
    try {
      await client.connect();
      const lockClass = LOCK_CLASS_BASE + groupId;
      await client.query('SELECT pg_advisory_lock_shared($1::integer, $2::integer)', [lockClass, MEMBER_LOCK]);
      const answer = await client.query<{ id: number }>('SELECT pg_backend_pid() AS id');
      return new PostgresMembership(client, lockClass, answer.rows[0]?.id ?? 0, partitionCount);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  /** The partitions that are this member's share: every n-th, by the member's rank among those alive. */
  async share(): Promise<ReadonlySet<number>> {
    const answer = await this.#client.query<{ pid: number }>(
      `SELECT DISTINCT pid FROM pg_locks
       WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock' AND objsubid = 2
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND classid = $1::bigint::oid AND objid = $2::bigint::oid
       ORDER BY pid`,
      [this.#lockClass, MEMBER_LOCK],
    );
    const members = answer.rows.map(({ pid }) => pid);
    const rank = members.indexOf(this.#backendId);
    const mine = Array.from({ length: this.#partitionCount }, (_, partition) => partition).filter(
      (partition) => rank >= 0 && partition % members.length === rank,
    );
    return new Set(mine);
  }

  /** Whether the partition is now this member's alone. */
  async tryTake(partition: number): Promise<boolean> {
    const answer = await this.#client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1::integer, $2::integer) AS taken',
      [this.#lockClass, partition],
    );
    return answer.rows[0]?.taken === true;
  }

  async giveBack(partition: number): Promise<void> {
    await this.#client.query('SELECT pg_advisory_unlock($1::integer, $2::integer)', [this.#lockClass, partition]);
  }

  /** Gives everything back. */
  async leave(): Promise<void> {
    await this.#client.end();
  }
}
