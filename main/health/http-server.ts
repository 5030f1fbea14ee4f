import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { ReadinessCheck } from './readiness.ts';

export interface HealthServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Such as `serve`. */
  readonly processName: string;
  readonly readiness: ReadinessCheck;
  readonly metrics: Registry;
}

export interface HealthServer {
  /** `host:port` as it is listened on. */
  readonly address: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Serves what those ask who run the process: `/healthz` (it is alive), `/readyz` (each part that it works with; 503 where one is down that
 * it needs) and `/metrics` for Prometheus.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => void respond(request, response, options));
  // Nobody keeps a slow request open: every answer is small.
  server.requestTimeout = 10_000;
  const { host, port } = hostAndPort(options.address);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`health and metrics cannot listen on ${options.address} (UMPIRE_HTTP_ADDRESS): ${why}`, {
      cause: error,
    });
  }
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `${options.address.slice(0, options.address.lastIndexOf(':'))}:${boundPort}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HealthServerOptions,
): Promise<void> {
  const { status, contentType, body } = await answerTo(request, options);
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerTo(request: IncomingMessage, options: HealthServerOptions): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return asJson(405, { error: `${request.method ?? ''} is not answered here; ask with GET` });
  }
  const path = (request.url ?? '/').split('?')[0];
  try {
    if (path === '/healthz') return asJson(200, alive(options));
    if (path === '/readyz') return await ready(options);
    if (path === '/metrics') return await measured(options);
    return asJson(404, { error: 'there are /healthz, /readyz and /metrics' });
  } catch (error) {
    return asJson(500, { error: error instanceof Error ? error.message : String(error) });
  }
}

function alive({ processName }: HealthServerOptions) {
  return { status: 'alive', process: processName, uptimeSeconds: Math.round(process.uptime()) };
}

async function ready({ readiness, processName }: HealthServerOptions): Promise<Answer> {
  const found = await readiness.look();
  return asJson(found.status === 'unready' ? 503 : 200, { process: processName, ...found });
}

async function measured({ metrics }: HealthServerOptions): Promise<Answer> {
  return { status: 200, contentType: metrics.contentType, body: await metrics.metrics() };
}

function asJson(status: number, value: unknown): Answer {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value, null, 2)}\n` };
}

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const end = address.lastIndexOf(':');
  return { host: address.slice(0, end).replace(/^\[|\]$/g, ''), port: Number(address.slice(end + 1)) };
}
