import { Client, credentials, Metadata, type ClientOptions } from '@grpc/grpc-js';

/** What one round of load came to. */
export interface Round {
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Some of the answers, to be looked into. */
  readonly sample: readonly Buffer[];
}

const identity = (bytes: Buffer): Buffer => bytes;
const SAMPLE_EVERY = 7;
const OPTIONS: ClientOptions = { 'grpc.use_local_subchannel_pool': 1 };

/** Unary calls, `inFlight` at a time, for so long. */
export async function loadUnary(
  address: string,
  path: string,
  messages: readonly Buffer[],
  { inFlight, durationMs }: { readonly inFlight: number; readonly durationMs: number },
): Promise<Round> {
  const client = new Client(address, credentials.createInsecure(), OPTIONS);
  const metadata = new Metadata();
  const recorder = new Recorder(durationMs);
  const call = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const message = messages[index % messages.length] ?? Buffer.alloc(0);
      client.makeUnaryRequest<Buffer, Buffer>(path, identity, identity, message, metadata, (error, answer) => {
        if (error !== null) {
          reject(error);
          return;
        }
        recorder.record(performance.now() - startedAt, answer ?? Buffer.alloc(0));
        resolve();
      });
    });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (!recorder.isOver()) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  client.close();
  return recorder.round();
}

/** One bidirectional stream with `inFlight` messages under way. */
export async function loadStream(
  address: string,
  path: string,
  messages: readonly Buffer[],
  { inFlight, durationMs }: { readonly inFlight: number; readonly durationMs: number },
): Promise<Round> {
  const client = new Client(address, credentials.createInsecure(), OPTIONS);
  const recorder = new Recorder(durationMs);
  const startedAt: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(path, identity, identity, new Metadata());
    let sent = 0;
    let answered = 0;
    const send = (): void => {
      startedAt.push(performance.now());
      stream.write(messages[sent++ % messages.length] ?? Buffer.alloc(0));
    };
    stream.on('data', (answer: Buffer) => {
      recorder.record(performance.now() - (startedAt[answered++] ?? 0), answer);
      if (!recorder.isOver()) send();
      else if (answered === sent) stream.end();
    });
    stream.on('end', resolve);
    stream.on('error', reject);
    for (let i = 0; i < inFlight; i += 1) send();
  });
  client.close();
  return recorder.round();
}

class Recorder {
  readonly #beganAt = performance.now();
  readonly #durationMs: number;
  readonly #latencies: number[] = [];
  readonly #sample: Buffer[] = [];

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  isOver(): boolean {
    return performance.now() - this.#beganAt >= this.#durationMs;
  }

  record(latencyMs: number, answer: Buffer): void {
    if (this.#latencies.push(latencyMs) % SAMPLE_EVERY === 0) this.#sample.push(answer);
  }

  round(): Round {
    const elapsedMs = performance.now() - this.#beganAt;
    const sorted = Float64Array.from(this.#latencies).sort();
    const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? NaN;
    return {
      messagesPerSecond: (1000 * sorted.length) / elapsedMs,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      sample: this.#sample,
    };
  }
}
