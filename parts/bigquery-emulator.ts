import { execFile } from 'node:child_process';
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { startTethered } from './tethered-process.ts';

const run = promisify(execFile);

const VERSION = '0.4.0';
/** Later versions of DuckDB want to download their extensions while they run. */
const DUCKDB_VERSION = '1.5.5';
const EXTENSIONS = ['icu', 'json', 'ducklake', 'sqlite', 'avro', 'spatial'];
const PYTHON = 'python3.13';
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 50;

/** The emulator of BigQuery's API, or why it cannot be had on this machine. */
export type BigQueryEmulatorInstallation =
  { readonly isAvailable: true; readonly directory: string } | { readonly isAvailable: false; readonly reason: string };

export interface BigQueryEmulatorInstallationOptions {
  /** Where it is kept; default `~/.cache/third-umpire`. */
  readonly cacheDirectory?: string;
  readonly onProgress?: (message: string) => void;
}

/**
 * Finds the emulator in the cache, or installs it from PyPI into a virtual environment of Python 3.13. It answers BigQuery's API from
 * DuckDB and accepts SQL that BigQuery refuses, so it shows how requests and jobs behave, not that a statement is right.
 */
export async function ensureBigQueryEmulator(
  options: BigQueryEmulatorInstallationOptions = {},
): Promise<BigQueryEmulatorInstallation> {
  const cacheDirectory = options.cacheDirectory ?? path.join(homedir(), '.cache', 'third-umpire');
  const directory = path.join(cacheDirectory, `local-bigquery-${VERSION}-duckdb-${DUCKDB_VERSION}`);
  if (await exists(path.join(directory, 'installed'))) return { isAvailable: true, directory };
  const python = await findPython();
  if (python === null) {
    return { isAvailable: false, reason: `there is no \`${PYTHON}\` that can be run; install Python 3.13` };
  }
  options.onProgress?.(`installing the BigQuery emulator local-bigquery ${VERSION} from PyPI (once)`);
  try {
    await install(python, directory);
  } catch (error) {
    return { isAvailable: false, reason: `local-bigquery ${VERSION} could not be installed: ${describe(error)}` };
  }
  return { isAvailable: true, directory };
}

/** A virtual environment knows its own path, so it is made where it stays; the file `installed`, written last, says that it is whole. */
async function install(python3: string, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const home = path.join(directory, 'home');
  await mkdir(home, { recursive: true });
  const python = path.join(directory, 'bin', 'python');
  const bounds = { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  await run(python3, ['-m', 'venv', directory], bounds);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(python, [...pip, `local-bigquery==${VERSION}`], bounds);
  // It asks for a later DuckDB, so the two cannot be asked for at once; it works with this one.
  const packages = [
    `duckdb==${DUCKDB_VERSION}`,
    `duckdb-extensions==${DUCKDB_VERSION}`,
    ...EXTENSIONS.map((name) => `duckdb-extension-${name}==${DUCKDB_VERSION}`),
  ];
  await run(python, [...pip, ...packages], bounds);
  const script = `from duckdb_extensions import import_extension\nfor name in ${JSON.stringify(EXTENSIONS)}: import_extension(name)`;
  await run(python, ['-c', script], { ...bounds, env: { ...process.env, HOME: home } });
  const unfinished = path.join(directory, 'installed.unfinished');
  await writeFile(unfinished, `${[`local-bigquery==${VERSION}`, ...packages].join('\n')}\n`);
  await rename(unfinished, path.join(directory, 'installed'));
}

export interface BigQueryEmulatorOptions {
  /** As `ensureBigQueryEmulator` gave it. */
  readonly installation: string;
  readonly dataDirectory: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly onLog?: (text: string) => void;
}

export interface BigQueryEmulator {
  /** Such as http://127.0.0.1:9050, for `BIGQUERY_API_ENDPOINT`. */
  readonly apiEndpoint: string;
  readonly processId: number;
  stop(): Promise<void>;
}

/** Starts it on 127.0.0.1 and resolves once it answers. It ends with the process that started it. */
export async function startBigQueryEmulator(options: BigQueryEmulatorOptions): Promise<BigQueryEmulator> {
  const port = options.port ?? (await freePort());
  const server = await startTethered(
    path.join(options.installation, 'bin', 'local-bigquery'),
    [
      ...['--host', '127.0.0.1', '--port', String(port), '--grpc-port', String(await freePort())],
      ...['--data-dir', options.dataDirectory, 'serve'],
    ],
    {
      environment: { HOME: path.join(options.installation, 'home') },
      ...(options.onLog === undefined ? {} : { onOutput: options.onLog }),
    },
  );
  const apiEndpoint = `http://127.0.0.1:${port}`;
  try {
    await untilReady(`${apiEndpoint}/bigquery/v2/projects/ready/datasets`, () => server.hasEnded());
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { apiEndpoint, processId: server.processId, stop: () => server.stop() };
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const isReady = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    if (hasEnded()) throw new Error('the BigQuery emulator ended while it was starting; see its log');
    if (Date.now() > deadline) throw new Error(`the BigQuery emulator did not answer at ${url} within two minutes`);
    await delay(POLL_MS);
  }
}

/** The one on PATH, else one that pyenv keeps: its command on PATH runs only the version that is chosen at the moment. */
async function findPython(): Promise<string | null> {
  const versions = path.join(homedir(), '.pyenv', 'versions');
  const kept = await readdir(versions).catch(() => []);
  const fitting = kept
    .filter((name) => name.startsWith('3.13.'))
    .map((name) => path.join(versions, name, 'bin', PYTHON));
  for (const candidate of [PYTHON, ...fitting]) {
    const isFitting = await run(candidate, ['--version']).then(
      () => true,
      () => false,
    );
    if (isFitting) return candidate;
  }
  return null;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n').slice(0, 4).join(' ');
}
