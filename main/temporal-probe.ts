import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { TLSConfig } from '@temporalio/worker';

const TIMEOUT_MS = 3_000;

/**
 * Shakes hands as the gRPC libraries do, which keep the reason of a failure to themselves. `null`: it worked, so the failure was another.
 */
export async function handshakeFailure(address: string, tls: TLSConfig | boolean): Promise<string | null> {
  if (tls === false) return null;
  const details = tls === true ? {} : tls;
  const end = address.lastIndexOf(':');
  const host = address.slice(0, end).replace(/^\[|\]$/g, '');
  const name = details.serverNameOverride ?? host;
  const socket = connect({
    host,
    port: Number(address.slice(end + 1)),
    ALPNProtocols: ['h2'],
    timeout: TIMEOUT_MS,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(details.serverRootCACertificate === undefined ? {} : { ca: Buffer.from(details.serverRootCACertificate) }),
    ...(details.clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(details.clientCertPair.crt), key: Buffer.from(details.clientCertPair.key) }),
  });
  try {
    await shakeHands(socket);
    return null;
  } catch (error) {
    return error instanceof Error
      ? `${error.message} ${'code' in error ? String(error.code) : ''}`.trim()
      : String(error);
  } finally {
    socket.destroy();
  }
}

/** That a client certificate is missing comes after the handshake, instead of the first bytes of HTTP/2. */
async function shakeHands(socket: TLSSocket): Promise<void> {
  socket.once('timeout', () => socket.destroy(new Error(`nothing came within ${TIMEOUT_MS} ms`)));
  await once(socket, 'secureConnect');
  await Promise.race([once(socket, 'data'), once(socket, 'close')]);
}
