import { timingSafeEqual, createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { PayloadDecryptionError } from './encryption-codec.ts';
import { InvalidPayloadsError, payloadsFromJson, payloadsToJson } from './payload-json.ts';

export interface CodecServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly codec: PayloadCodec;
  /** The pages that may ask: where Temporal's UI is. */
  readonly origins: readonly string[];
  /** What callers show as a bearer token; absent: everybody who reaches the address may ask. */
  readonly token?: string;
}

export interface CodecServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The codec server must not be opened this way. */
export class UnsafeCodecServerError extends Error {
  override readonly name = 'UnsafeCodecServerError';
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const LOOPBACK = /^(127(\.\d+){3}|localhost|::1)$/;

/**
 * Lets Temporal's UI and command line show encrypted payloads: they send what they got to `/decode`, and what they start workflows with to
 * `/encode`. The protocol is Temporal's: https://docs.temporal.io/codec-server
 *
 * @throws UnsafeCodecServerError where others than this machine could decrypt without a token
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const end = options.address.lastIndexOf(':');
  const host = options.address.slice(0, end).replace(/^\[|\]$/g, '');
  if (!LOOPBACK.test(host) && options.token === undefined) {
    throw new UnsafeCodecServerError(
      `the codec server on ${options.address} would decrypt for everybody who reaches it; set UMPIRE_CODEC_TOKEN, or listen on 127.0.0.1`,
    );
  }
  const server = createServer((request, response) => void respond(request, response, options));
  server.requestTimeout = 30_000;
  server.listen(Number(options.address.slice(end + 1)), host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the codec server cannot listen on ${options.address} (UMPIRE_CODEC_ADDRESS): ${why}`, {
      cause: error,
    });
  }
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    url: `http://${options.address.slice(0, end)}:${port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What a request is answered with where it is not answered with payloads. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, options: CodecServerOptions): Promise<void> {
  allowOrigin(request, response, options);
  try {
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    const payloads = await answerTo(request, options);
    send(response, 200, payloadsToJson(payloads));
  } catch (error) {
    const { status, message } = refusalOf(error);
    send(response, status, { message });
    // What was not read of it is not waited for.
    if (status === 413) request.destroy();
  }
}

/** Says to the browser which page may read the answer. Without it, any page that a person opens could decrypt on his machine. */
function allowOrigin(request: IncomingMessage, response: ServerResponse, { origins }: CodecServerOptions): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin === undefined || !origins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'authorization, content-type, x-namespace');
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-max-age', '600');
}

async function answerTo(request: IncomingMessage, options: CodecServerOptions): Promise<Payload[]> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  // The UI may be told an address with a path before it.
  const isDecode = path.endsWith('/decode');
  if (!isDecode && !path.endsWith('/encode')) throw new Refusal(404, 'there are /decode and /encode');
  if (request.method !== 'POST') throw new Refusal(405, 'ask with POST');
  authorize(request, options);
  const payloads = payloadsFromJson(await bodyOf(request));
  return isDecode ? await options.codec.decode(payloads) : await options.codec.encode(payloads);
}

function authorize({ headers }: IncomingMessage, { token, origins }: CodecServerOptions): void {
  if (headers.origin !== undefined && !origins.includes(headers.origin)) {
    throw new Refusal(403, `pages of ${headers.origin} may not ask; add the origin to UMPIRE_CODEC_ORIGINS`);
  }
  if (token === undefined) {
    // A page of a name that is made to point at this machine would not be another origin to the browser.
    const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    if (LOOPBACK.test(host)) return;
    throw new Refusal(403, `without a token only this machine may ask, and not as "${host}"; set UMPIRE_CODEC_TOKEN`);
  }
  const shown = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (shown === undefined || !isSame(shown, token)) {
    throw new Refusal(401, 'show the token of UMPIRE_CODEC_TOKEN, as "Authorization: Bearer …"');
  }
}

/** In a time that says nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, `at most ${MAX_BODY_BYTES} bytes are taken at once`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new Refusal(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refusalOf(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof Refusal) return error;
  if (error instanceof InvalidPayloadsError) return { status: 400, message: error.message };
  if (error instanceof PayloadDecryptionError) return { status: 422, message: error.message };
  return { status: 500, message: error instanceof Error ? error.message : String(error) };
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
