import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';

// The floor: a bare grpc-js server that parses nothing and answers with as many bytes as a decision has.
const answer = Buffer.alloc(Number(process.argv[2] ?? 0), 1);
const identity = (bytes: Buffer): Buffer => bytes;
const ECHO: ServiceDefinition = {
  echo: {
    path: '/bench.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};
const server = new Server();
server.addService(ECHO, {
  echo: (_call: unknown, callback: (error: null, bytes: Buffer) => void) => callback(null, answer),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ address: `127.0.0.1:${port}` });
});
process.once('disconnect', () => process.exit(0));
