import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const ARTIFACT = 'temporal-test-server';
const VERSION = '1.31.0';
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** The time-skipping Temporal server, or why it cannot be had on this machine. */
export type TimeSkippingServer =
  | { readonly isAvailable: true; readonly executablePath: string }
  | { readonly isAvailable: false; readonly reason: string };

export interface TimeSkippingServerOptions {
  /** Where it is kept; default `~/.cache/third-umpire`. */
  readonly cacheDirectory?: string;
  readonly onProgress?: (message: string) => void;
}

/**
 * Finds Temporal's time-skipping test server in the cache, or installs it from Maven. The path is a script that takes a port, fit for
 * `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`.
 */
export async function ensureTimeSkippingServer(options: TimeSkippingServerOptions = {}): Promise<TimeSkippingServer> {
  const cacheDirectory = options.cacheDirectory ?? path.join(homedir(), '.cache', 'third-umpire');
  const directory = path.join(cacheDirectory, `${ARTIFACT}-${VERSION}`);
  const executablePath = path.join(directory, 'start');

  const java = await versionProblem('java', ['-version'], 'install a Java runtime (17 or newer)');
  if (java !== null) return { isAvailable: false, reason: java };
  if (await exists(executablePath)) {
    await refreshScript(directory);
    return { isAvailable: true, executablePath };
  }
  const maven = await versionProblem('mvn', ['-version'], 'install Maven');
  if (maven !== null) return { isAvailable: false, reason: maven };

  options.onProgress?.(`installing Temporal's time-skipping test server ${VERSION} from Maven (33 MB, once)`);
  try {
    await install(directory);
  } catch (error) {
    return { isAvailable: false, reason: `Maven could not install ${ARTIFACT} ${VERSION}: ${describe(error)}` };
  }
  return { isAvailable: true, executablePath };
}

/** Installs beside the final place and renames, so that an install that was broken off is never taken for a whole one. */
async function install(directory: string): Promise<void> {
  const unfinished = `${directory}.${process.pid}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await writeFile(path.join(unfinished, 'pom.xml'), pom());
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  await run('mvn', ['-q', '-B', goal, '-DincludeScope=runtime', '-DoutputDirectory=libs'], {
    cwd: unfinished,
    timeout: INSTALL_TIMEOUT_MS,
  });
  const script = path.join(unfinished, 'start');
  await writeFile(script, startScript(directory));
  await chmod(script, 0o755);
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
}

/** A script of an earlier version of this file gives way, in one step, because servers may be starting from it. */
async function refreshScript(directory: string): Promise<void> {
  const script = path.join(directory, 'start');
  const wanted = startScript(directory);
  if ((await readFile(script, 'utf8')) === wanted) return;
  const unfinished = `${script}.${process.pid}.unfinished`;
  await writeFile(unfinished, wanted, { mode: 0o755 });
  await rename(unfinished, script);
}

function startScript(directory: string): string {
  // `exec`, so that ending the script ends the server. The SDK gives it five seconds to start, so it compiles lightly.
  const options = '-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
  return `#!/bin/sh\nexec java ${options} -cp '${directory}/libs/*' io.temporal.testserver.TestServer "$1"\n`;
}

function pom(): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>time-skipping-server</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>io.temporal</groupId><artifactId>${ARTIFACT}</artifactId><version>${VERSION}</version></dependency></dependencies>
</project>
`;
}

async function versionProblem(command: string, args: readonly string[], remedy: string): Promise<string | null> {
  try {
    await run(command, [...args]);
    return null;
  } catch (error) {
    return `\`${command}\` cannot be run (${describe(error)}); ${remedy}`;
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n')[0] ?? error.message;
}
