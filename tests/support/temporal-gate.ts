import { once } from 'node:events';
import {
  connect,
  createSecureServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { readCertificate, type Authority, type Certificate } from './certificates.ts';

/** What stands before a cluster: it ends TLS and lets in who may. */
export interface TemporalGate {
  readonly address: string;
  /** The `authorization` header of every call that came. */
  readonly authorizations: ReadonlySet<string | undefined>;
  stop(): Promise<void>;
}

export interface GateOptions {
  /** `host:port` of the server behind it. */
  readonly behind: string;
  readonly certificate: Certificate;
  /** Lets in only who shows a certificate that it signed. */
  readonly clientAuthority?: Authority;
  /** Lets in only who sends it as a bearer token. */
  readonly apiKey?: string;
}

const UNAUTHENTICATED = '16';

export async function startTemporalGate(options: GateOptions): Promise<TemporalGate> {
  const { clientAuthority, behind, apiKey } = options;
  const authorizations = new Set<string | undefined>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({
    ...(await readCertificate(options.certificate)),
    ...(clientAuthority === undefined
      ? {}
      : { ca: (await readCertificate(clientAuthority)).cert, requestCert: true, rejectUnauthorized: true }),
  });
  const upstream = connect(`http://${behind}`);
  upstream.on('error', () => undefined);
  server.on('sessionError', () => undefined);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    authorizations.add(headers.authorization);
    if (apiKey === undefined || headers.authorization === `Bearer ${apiKey}`) forward(stream, headers, upstream);
    else refuse(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    authorizations,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await closed;
    },
  };
}

function refuse(stream: ServerHttp2Stream): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNAUTHENTICATED };
  stream.respond({ ...headers, 'grpc-message': 'Request unauthorized.' }, { endStream: true });
}

function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: ClientHttp2Session): void {
  const call = upstream.request(headers);
  const give = (): void => call.close();
  stream.on('error', give).on('aborted', give);
  call.on('error', () => stream.close());
  stream.pipe(call);
  call.on('response', (response, flags) => {
    // An answer without a body has its status where others have their headers.
    const isWhole = (flags & 1) === 1;
    if (stream.destroyed) return;
    stream.respond(response, { endStream: isWhole, waitForTrailers: !isWhole });
    if (isWhole) return;
    let trailers: IncomingHttpHeaders = {};
    call.on('trailers', (received: IncomingHttpHeaders) => {
      trailers = received;
    });
    stream.on('wantTrailers', () => void stream.sendTrailers(trailers));
    call.pipe(stream);
  });
}
