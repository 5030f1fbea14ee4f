import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ControlServiceService } from '@third-umpire/proto/umpire/control/v1/control';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { Configuration } from '../../main/configuration.ts';
import { connectServer } from '../server.ts';
import type { Check, Finding } from './check.ts';

export const checkPackages: Check = async () => {
  const part = 'npm packages';
  const manifest = JSON.parse(await readFile(repositoryFile('package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const names = Object.keys(manifest.dependencies);
  const missing = names.filter((name) => !existsSync(repositoryFile(path.join('node_modules', name, 'package.json'))));
  if (missing.length === 0) return { part, status: 'ok', detail: `all ${names.length} are installed` };
  return { part, status: 'problem', detail: `missing: ${missing.join(', ')}`, remedy: 'run npm ci' };
};

/** Initialises a database in a folder of its own, starts a server on it and ends it again. */
export const checkPostgres: Check = () =>
  tried('PostgreSQL', 'run npm ci; as root, an account named postgres or nobody is needed', async () => {
    const { startPostgres } = await import('../../parts/postgres.ts');
    const directory = await mkdtemp(path.join(tmpdir(), 'umpire-doctor-'));
    try {
      // As root, the server runs as another account, which has to reach its data.
      await chmod(directory, 0o755);
      const server = await startPostgres({ dataDirectory: path.join(directory, 'data') });
      await server.stop();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    return 'started and ended on a free port';
  });

export const checkDuckDb: Check = () =>
  tried('DuckDB', 'run npm ci on this machine: its binary is made for one system', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const result = await connection.runAndReadAll('SELECT version() AS version');
    const version = result.getRowObjectsJS()[0]?.['version'];
    connection.closeSync();
    instance.closeSync();
    return typeof version === 'string' ? version : 'unknown version';
  });

/** Whether the brokers that are named answer; without any, Kafka is not used. */
export function checkKafka(configuration: Configuration): Check {
  const remedy =
    'start it, or correct KAFKA_BROKERS and the TLS and SASL settings; unset KAFKA_BROKERS for the embedded log';
  return async () => {
    const { kafkaOptions } = await import('../../main/open-event-bus.ts');
    const options = await kafkaOptions(configuration);
    if (options === null) {
      return { part: 'Kafka', status: 'ok', detail: 'not used: KAFKA_BROKERS is not set, and events go to PostgreSQL' };
    }
    return await tried('Kafka', remedy, async () => {
      const { describeKafka } = await import('../../event-bus/kafka/topics.ts');
      return await describeKafka(options);
    });
  };
}

/** Either the platform answers there, or the address is free for it. */
export function checkPlatform(address: string, clock: () => number): Check {
  return async () => {
    const part = `the platform on ${address}`;
    const server = connectServer(address, clock);
    try {
      const { experiments } = await server.call(ControlServiceService.listExperiments, {});
      return { part, status: 'ok', detail: `answers; ${experiments.length} experiments` };
    } catch (error) {
      if (await isFree(address))
        return { part, status: 'ok', detail: 'does not run; its port is free (umpire up starts it)' };
      const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      return {
        part,
        status: 'problem',
        detail: `does not answer, and its port cannot be had: ${why}`,
        remedy: 'end what listens there, or choose another address with --server or UMPIRE_ADDRESS',
      };
    } finally {
      server.close();
    }
  };
}

function isFree(address: string): Promise<boolean> {
  const host = address.slice(0, address.lastIndexOf(':'));
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

async function tried(part: string, remedy: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { part, status: 'ok', detail: await work() };
  } catch (error) {
    return { part, status: 'problem', detail: error instanceof Error ? error.message : String(error), remedy };
  }
}
