import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { frame, FrameReader } from './grpc-frames.ts';

/** What one round of load came to. */
export interface Round {
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Some of the answers, to be looked into. */
  readonly sample: readonly Buffer[];
}

export interface Load {
  /** How many messages are under way at any time. */
  readonly inFlight: number;
  readonly durationMs: number;
}

const SAMPLE_EVERY = 7;
const OK = '0';

/**
 * Unary calls over bare HTTP/2: a gRPC client in Node costs more than a gRPC server, so that it would be the client that is measured.
 */
export async function loadUnary(
  address: string,
  path: string,
  messages: readonly Buffer[],
  { inFlight, durationMs }: Load,
): Promise<Round> {
  const session = connect(`http://${address}`);
  const framed = messages.map(frame);
  const recorder = new Recorder(durationMs);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (!recorder.isOver()) {
      const startedAt = performance.now();
      const answer = await callOnce(session, path, framed[next++ % framed.length] ?? Buffer.alloc(0));
      recorder.record(performance.now() - startedAt, answer);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  session.close();
  return recorder.round();
}

function callOnce(session: ClientHttp2Session, path: string, framed: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = open(session, path);
    let answer: Buffer = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
    });
    refuseErrors(stream, reject);
    stream.on('end', () => resolve(answer.subarray(5)));
    stream.end(framed);
  });
}

/** One bidirectional stream. */
export async function loadStream(
  address: string,
  path: string,
  messages: readonly Buffer[],
  { inFlight, durationMs }: Load,
): Promise<Round> {
  const session = connect(`http://${address}`);
  const framed = messages.map(frame);
  const recorder = new Recorder(durationMs);
  const startedAt: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const stream = open(session, path);
    const reader = new FrameReader();
    let sent = 0;
    let answered = 0;
    const send = (): void => {
      startedAt.push(performance.now());
      stream.write(framed[sent++ % framed.length]);
    };
    stream.on('data', (chunk: Buffer) => {
      reader.read(chunk, (answer) => {
        recorder.record(performance.now() - (startedAt[answered++] ?? 0), answer);
        if (!recorder.isOver()) send();
        else if (answered === sent) stream.end();
      });
    });
    refuseErrors(stream, reject);
    stream.on('end', resolve);
    for (let i = 0; i < inFlight; i += 1) send();
  });
  session.close();
  return recorder.round();
}

function open(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  return session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
    [constants.HTTP2_HEADER_TE]: 'trailers',
  });
}

/** A refusal comes in the trailers, or in the headers where there is no message at all. */
function refuseErrors(stream: ClientHttp2Stream, reject: (error: Error) => void): void {
  const check = (headers: IncomingHttpHeaders): void => {
    const { 'grpc-status': code, 'grpc-message': details } = headers;
    if (code === undefined || code === OK) return;
    reject(new Error(`the server answered gRPC status ${JSON.stringify([code, details])}`));
  };
  stream.on('response', check);
  stream.on('trailers', check);
  stream.on('error', reject);
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
