import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { firstLine, installFromMaven, javaProblem, mavenProblem } from '../maven.ts';

const VERSION = '4.4.0';
const ARTIFACTS = [
  { groupId: 'org.apache.kafka', artifactId: 'kafka_2.13', version: VERSION },
  { groupId: 'org.apache.logging.log4j', artifactId: 'log4j-slf4j-impl', version: '2.25.5' },
];

/** Kafka's programs, or why they cannot be had on this machine. */
export type KafkaDistribution =
  { readonly isAvailable: true; readonly classPath: string } | { readonly isAvailable: false; readonly reason: string };

export interface KafkaDistributionOptions {
  /** Where it is kept; default `~/.cache/third-umpire`. */
  readonly cacheDirectory?: string;
  readonly onProgress?: (message: string) => void;
}

/** Finds Kafka in the cache, or installs it from Maven. */
export async function ensureKafka(options: KafkaDistributionOptions = {}): Promise<KafkaDistribution> {
  const cacheDirectory = options.cacheDirectory ?? path.join(homedir(), '.cache', 'third-umpire');
  const directory = path.join(cacheDirectory, `kafka-${VERSION}`);
  const libraries = path.join(directory, 'libs');
  const java = await javaProblem();
  if (java !== null) return { isAvailable: false, reason: remedied(java) };
  if (!existsSync(libraries)) {
    const maven = await mavenProblem();
    if (maven !== null) return { isAvailable: false, reason: remedied(maven) };
    options.onProgress?.(`installing Kafka ${VERSION} from Maven (43 MB, once)`);
    try {
      await installFromMaven(directory, ARTIFACTS);
    } catch (error) {
      return { isAvailable: false, reason: remedied(`Maven could not install Kafka ${VERSION}: ${firstLine(error)}`) };
    }
  }
  return { isAvailable: true, classPath: path.join(libraries, '*') };
}

function remedied(problem: string): string {
  return `${problem}, or name the brokers of your own Kafka in KAFKA_BROKERS`;
}
