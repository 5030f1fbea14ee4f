import { access, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { firstLine, installFromMaven, javaProblem, mavenProblem } from './maven.ts';

const VERSION = '1.31.0';
const ARTIFACT = { groupId: 'io.temporal', artifactId: 'temporal-test-server', version: VERSION };

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
  const directory = path.join(cacheDirectory, `${ARTIFACT.artifactId}-${VERSION}`);
  const executablePath = path.join(directory, 'start');

  const java = await javaProblem();
  if (java !== null) return { isAvailable: false, reason: java };
  if (await exists(executablePath)) {
    await refreshScript(directory);
    return { isAvailable: true, executablePath };
  }
  const maven = await mavenProblem();
  if (maven !== null) return { isAvailable: false, reason: maven };

  options.onProgress?.(`installing Temporal's time-skipping test server ${VERSION} from Maven (33 MB, once)`);
  try {
    await install(directory);
  } catch (error) {
    return {
      isAvailable: false,
      reason: `Maven could not install ${ARTIFACT.artifactId} ${VERSION}: ${firstLine(error)}`,
    };
  }
  return { isAvailable: true, executablePath };
}

async function install(directory: string): Promise<void> {
  await installFromMaven(directory, [ARTIFACT], async (unfinished) => {
    await writeFile(path.join(unfinished, 'start'), startScript(directory), { mode: 0o755 });
  });
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

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
