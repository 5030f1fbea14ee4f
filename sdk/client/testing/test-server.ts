import { Server, ServerCredentials, type ServerWritableStream, type StatusObject } from '@grpc/grpc-js';
import {
  AssignmentServiceService,
  LinkOutcome,
  type AssignmentServiceServer,
  type LinkIdentityRequest,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import {
  AcknowledgementStatus,
  EventServiceService,
  type Event,
  type EventServiceServer,
} from '@third-umpire/proto/umpire/events/v1/events';
import type { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import {
  RulesetServiceService,
  type RulesetServiceServer,
  type WatchRequest,
  type WatchResponse,
} from '@third-umpire/proto/umpire/flags/v1/ruleset_service';

type WatchCall = ServerWritableStream<WatchRequest, WatchResponse>;

/** A gRPC server that does what a test tells it to: publishes, cuts off, falls silent, refuses. */
export class TestServer {
  ruleset: Ruleset;
  /** Accepts calls but says nothing. */
  isMute = false;
  /** What to answer to a batch: `null` takes it. */
  refuse: (events: readonly Event[]) => Partial<StatusObject> | null = () => null;
  readonly watches: WatchRequest[] = [];
  readonly batches: (readonly Event[])[] = [];
  readonly links: LinkIdentityRequest[] = [];
  /** Every event that was taken, in the order of arrival. */
  readonly events: Event[] = [];
  readonly #calls = new Set<WatchCall>();
  #server = new Server();
  #port = 0;

  constructor(ruleset: Ruleset) {
    this.ruleset = ruleset;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts, or starts again at the same address. */
  async start(): Promise<this> {
    this.#server = new Server();
    this.#server.addService(RulesetServiceService, this.#rulesets());
    this.#server.addService(EventServiceService, this.#events());
    this.#server.addService(AssignmentServiceService, this.#assignments());
    this.#port = await bind(this.#server, this.#port);
    return this;
  }

  /** Breaks every connection, at once. */
  stop(): void {
    this.#server.forceShutdown();
    this.#calls.clear();
  }

  /** Sends a message to all who watch. */
  send(update: NonNullable<WatchResponse['update']>): void {
    for (const call of this.#calls) call.write({ update });
  }

  publish(delta: RulesetDelta, ruleset: Ruleset): void {
    this.ruleset = ruleset;
    this.send({ $case: 'delta', value: delta });
  }

  heartbeat(version = this.ruleset.version): void {
    this.send({ $case: 'heartbeat', value: { version, sentAt: undefined } });
  }

  /** Ends every stream, but goes on listening. */
  cutOff(): void {
    for (const call of this.#calls) call.end();
  }

  #rulesets(): RulesetServiceServer {
    return {
      getSnapshot: (_, callback) => callback(null, { ruleset: this.ruleset }),
      watch: (call) => this.#watch(call),
    };
  }

  #events(): EventServiceServer {
    return {
      publish: (call, callback) => {
        const { events } = call.request;
        const refusal = this.refuse(events);
        if (refusal !== null) {
          callback(refusal);
          return;
        }
        this.batches.push(events);
        this.events.push(...events);
        const status = AcknowledgementStatus.ACKNOWLEDGEMENT_STATUS_ACCEPTED;
        callback(null, { acknowledgements: events.map(({ eventId }) => ({ eventId, status, reason: '' })) });
      },
      publishStream: (call) => call.end(),
    };
  }

  #assignments(): AssignmentServiceServer {
    return {
      evaluate: (_, callback) => callback(new Error('not asked')),
      evaluateBatch: (_, callback) => callback(new Error('not asked')),
      evaluateStream: (call) => call.end(),
      expose: (_, callback) => callback(new Error('not asked')),
      linkIdentity: ({ request }, callback) => {
        this.links.push(request);
        callback(null, { outcome: LinkOutcome.LINK_OUTCOME_LINKED, hashedDeviceId: request.deviceId });
      },
    };
  }

  #watch(call: WatchCall): void {
    this.watches.push(call.request);
    this.#calls.add(call);
    call.on('cancelled', () => this.#calls.delete(call));
    call.on('close', () => this.#calls.delete(call));
    call.on('error', () => this.#calls.delete(call));
    if (this.isMute) return;
    if (call.request.knownVersion === this.ruleset.version) this.heartbeat();
    else call.write({ update: { $case: 'snapshot', value: this.ruleset } });
  }
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}
