import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A connection that can be cut off: a client that goes through it loses its server for a while. */
export interface SeveredProxy {
  readonly address: string;
  /** Drops every connection and refuses new ones for so long. */
  cut(forMs: number): void;
  close(): void;
}

/** Listens on a free port of 127.0.0.1 and passes everything on. */
export async function startSeveredProxy(target: string): Promise<SeveredProxy> {
  const [host = '127.0.0.1', port = '0'] = target.split(':');
  const sockets = new Set<Socket>();
  let isCut = false;
  let timer: NodeJS.Timeout | undefined;
  const server = createServer((socket) => {
    if (isCut) {
      socket.destroy();
      return;
    }
    const upstream = connect(Number(port), host);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${address.port}`,
    cut: (forMs) => {
      isCut = true;
      dropAll();
      clearTimeout(timer);
      timer = setTimeout(() => (isCut = false), forMs);
    },
    close: () => {
      clearTimeout(timer);
      server.close();
      dropAll();
    },
  };
}
