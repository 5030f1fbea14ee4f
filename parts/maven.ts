import { execFile } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** What Maven knows an artifact by. */
export interface MavenArtifact {
  readonly groupId: string;
  readonly artifactId: string;
  readonly version: string;
}

/** Why Java programs cannot be run on this machine, with the remedy; `null` where they can. */
export async function javaProblem(): Promise<string | null> {
  return await versionProblem('java', 'install a Java runtime (17 or newer)');
}

/** Why Maven cannot be run on this machine, with the remedy; `null` where it can. */
export async function mavenProblem(): Promise<string | null> {
  return await versionProblem('mvn', 'install Maven');
}

/**
 * Puts artifacts and all that they need at run time into `directory/libs`. It is installed beside that place and renamed, so that an
 * install that was broken off is never taken for a whole one.
 *
 * @param finish adds what else belongs there, before it gets its name
 */
export async function installFromMaven(
  directory: string,
  artifacts: readonly MavenArtifact[],
  finish: (unfinished: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const unfinished = `${directory}.${process.pid}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await writeFile(path.join(unfinished, 'pom.xml'), pom(path.basename(directory), artifacts));
    await run('mvn', ['-q', '-B', GOAL, '-DincludeScope=runtime', '-DoutputDirectory=libs'], {
      cwd: unfinished,
      timeout: INSTALL_TIMEOUT_MS,
    });
    await finish(unfinished);
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** The first line of what a command that failed said. */
export function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n')[0] ?? error.message;
}

async function versionProblem(command: string, remedy: string): Promise<string | null> {
  try {
    await run(command, ['-version']);
    return null;
  } catch (error) {
    return `\`${command}\` cannot be run (${firstLine(error)}); ${remedy}`;
  }
}

function pom(name: string, artifacts: readonly MavenArtifact[]): string {
  const dependencies = artifacts.map(
    ({ groupId, artifactId, version }) =>
      `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>${name}</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>
`;
}
