import { readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, type TLSConfig } from '@temporalio/worker';
import { dataConverterFor } from '../payload-codec/data-converter.ts';
import type { Configuration } from './configuration.ts';
import { temporalFailure } from './temporal-failure.ts';
import { handshakeFailure } from './temporal-probe.ts';

/** How everything that talks to Temporal does so: client, worker and command line alike. */
export interface TemporalOptions {
  readonly connection: {
    readonly address: string;
    readonly tls: TLSConfig | boolean;
    readonly apiKey?: string;
  };
  readonly namespace: string;
  readonly taskQueue: string;
  readonly dataConverter: DataConverter;
}

/** Reads the certificates and puts everything together. */
export async function temporalOptions(configuration: Configuration): Promise<TemporalOptions> {
  const { TEMPORAL_API_KEY: apiKey } = configuration;
  return {
    connection: {
      address: configuration.TEMPORAL_ADDRESS,
      tls: await tlsOf(configuration),
      ...(apiKey === undefined ? {} : { apiKey }),
    },
    namespace: configuration.TEMPORAL_NAMESPACE,
    taskQueue: configuration.UMPIRE_TASK_QUEUE,
    dataConverter: dataConverterFor(configuration.UMPIRE_PAYLOAD_KEYS ?? configuration.UMPIRE_PAYLOAD_KEYS_FILE),
  };
}

async function tlsOf(configuration: Configuration): Promise<TLSConfig | boolean> {
  const ca = await contentOf(configuration.TEMPORAL_TLS_SERVER_CA_CERT_PATH);
  const crt = await contentOf(configuration.TEMPORAL_TLS_CLIENT_CERT_PATH);
  const key = await contentOf(configuration.TEMPORAL_TLS_CLIENT_KEY_PATH);
  const { TEMPORAL_TLS_SERVER_NAME: serverName, TEMPORAL_TLS: isWanted, TEMPORAL_API_KEY: apiKey } = configuration;
  const details: TLSConfig = {
    ...(ca === undefined ? {} : { serverRootCACertificate: ca }),
    ...(crt === undefined || key === undefined ? {} : { clientCertPair: { crt, key } }),
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
  };
  if (Object.keys(details).length > 0) return details;
  // A key that anybody on the way could read is no key.
  return isWanted ?? apiKey !== undefined;
}

async function contentOf(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : await readFile(file);
}

/** A client that connects when it is first used. */
export function lazyTemporalClient({ connection, namespace, dataConverter }: TemporalOptions): Client {
  return new Client({
    connection: Connection.lazy({ ...connection, connectTimeout: CONNECT_TIMEOUT }),
    namespace,
    dataConverter,
  });
}

const CONNECT_TIMEOUT = '5s';

/**
 * A client that is connected to a namespace that exists.
 *
 * @throws TemporalUnreachableError
 */
export async function connectTemporalClient(options: TemporalOptions): Promise<Client> {
  const client = lazyTemporalClient(options);
  try {
    // The gRPC library would try again and again what cannot come right, and say no more than that it took too long.
    const handshake = await handshakeFailure(options.connection.address, options.connection.tls);
    if (handshake !== null) throw new Error(handshake);
    await client.connection.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () =>
      client.workflowService.describeNamespace({ namespace: options.namespace }),
    );
    return client;
  } catch (error) {
    await client.connection.close();
    throw await temporalFailure(error, options);
  }
}

const DESCRIBE_DEADLINE_MS = 5_000;

/**
 * The connection of a worker.
 *
 * @throws TemporalUnreachableError
 */
export async function connectTemporalWorker(options: TemporalOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options.connection);
  } catch (error) {
    throw await temporalFailure(error, options);
  }
}
