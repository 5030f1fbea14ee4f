import { AssignerProtocol, type Broker, type Cluster } from 'kafkajs';
import type { MemberClaim } from './assignment.ts';
import type { KafkaSession } from './session.ts';

export interface JoinRequest {
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly memberId: string;
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

export interface JoinAnswer {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  /** Only told to the leader. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

/** The broker that keeps a group. kafkajs has all of it, and its types leave these out. */
export interface GroupCoordinator extends Broker {
  joinGroup(request: JoinRequest): Promise<JoinAnswer>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

const METHODS = ['joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup'];

/** @throws Error where kafkajs is another than this was written for */
function asCoordinator(broker: Broker): GroupCoordinator {
  if (isCoordinator(broker)) return broker;
  throw new Error('kafkajs gives no group coordinator; is it another version than 2.2?');
}

function isCoordinator(broker: Broker): broker is GroupCoordinator {
  return METHODS.every((method) => method in broker);
}

/** Asks the broker that keeps a group, and looks for it again after a failure. */
export class GroupConnection {
  readonly #session: KafkaSession;
  readonly #groupId: string;
  #found: { readonly cluster: Cluster; readonly broker: GroupCoordinator } | undefined;

  constructor(session: KafkaSession, groupId: string) {
    this.#session = session;
    this.#groupId = groupId;
  }

  /** @param deadlineMs for a request that may take long, such as one that waits for other members */
  async ask<T>(what: string, request: (coordinator: GroupCoordinator) => Promise<T>, deadlineMs?: number): Promise<T> {
    try {
      return await this.#session.use(what, async (cluster) => await request(await this.#find(cluster)), deadlineMs);
    } catch (error) {
      this.#found = undefined;
      throw error;
    }
  }

  async #find(cluster: Cluster): Promise<GroupCoordinator> {
    if (this.#found?.cluster === cluster && this.#found.broker.isConnected()) return this.#found.broker;
    const broker = asCoordinator(await cluster.findGroupCoordinator({ groupId: this.#groupId }));
    this.#found = { cluster, broker };
    return broker;
  }
}

/** Members of a group agree on this name; other consumers cannot join the same group. */
export const ASSIGNMENT_PROTOCOL = 'umpire-cooperative-sticky';

export function encodeClaim(topic: string, { held, generation }: Omit<MemberClaim, 'memberId'>): Buffer {
  const userData = Buffer.from(JSON.stringify({ held, generation }), 'utf8');
  return AssignerProtocol.MemberMetadata.encode({ version: 1, topics: [topic], userData });
}

export function decodeClaim(memberId: string, metadata: Buffer): MemberClaim {
  const userData = AssignerProtocol.MemberMetadata.decode(metadata)?.userData ?? Buffer.alloc(0);
  const { held, generation } = JSON.parse(userData.toString('utf8')) as Omit<MemberClaim, 'memberId'>;
  return { memberId, held, generation };
}

export function encodeAssignment(topic: string, partitions: readonly number[]): Buffer {
  const assignment = { [topic]: [...partitions] };
  return AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData: Buffer.alloc(0) });
}

export function decodeAssignment(topic: string, memberAssignment: Buffer): readonly number[] {
  return AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [];
}
