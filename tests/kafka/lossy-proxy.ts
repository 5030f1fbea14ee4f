import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LossyProxy {
  readonly port: number;
  /** Acknowledgements of stored batches that the broker sent and no client got. */
  dropped(): number;
  acknowledged(): number;
  close(): Promise<void>;
}

/** What becomes of an acknowledgement. */
export type Fate = 'deliver' | 'drop and close the connection' | 'drop silently';

const PRODUCE = 0;

/**
 * Stands between clients and one broker and reads Kafka's frames (int32 length; a request begins with its api key and its correlation id,
 * an answer with the correlation id). Requests always arrive; of the answers to produce requests some never come back.
 */
export async function startLossyProxy(
  port: number,
  brokerPort: () => number,
  fateOf: (nth: number) => Fate,
): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  const counts = { answers: 0, dropped: 0 };
  const server = createServer((client) => {
    const broker = createConnection(brokerPort(), '127.0.0.1');
    const producing = new Set<number>();
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
      socket.on('error', () => undefined);
    }
    onFrames(client, (frame) => {
      if (frame.readInt16BE(4) === PRODUCE) producing.add(frame.readInt32BE(8));
      broker.write(frame);
    });
    onFrames(broker, (frame) => {
      if (!producing.delete(frame.readInt32BE(4))) return void client.write(frame);
      counts.answers += 1;
      const fate = fateOf(counts.answers);
      if (fate === 'deliver') return void client.write(frame);
      counts.dropped += 1;
      if (fate === 'drop and close the connection') client.destroy();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    dropped: () => counts.dropped,
    acknowledged: () => counts.answers - counts.dropped,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Puts the stream together to whole frames, each with its length. */
function onFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      onFrame(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
