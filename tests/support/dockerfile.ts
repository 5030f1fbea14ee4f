/** What a Dockerfile says, as far as tests look at it. */
export interface Dockerfile {
  readonly baseImages: readonly string[];
  /** Sources of every COPY; of another stage, as absolute paths. */
  readonly copied: readonly string[];
  /** Of the last stage. */
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly exposed: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

export function readDockerfile(text: string): Dockerfile {
  const lines = text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const argumentsOf = (instruction: string): string[] =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1).trim());
  const last = (instruction: string): string => argumentsOf(instruction).at(-1) ?? '';
  const list = (written: string): string[] => JSON.parse(written.slice(written.indexOf('['))) as string[];
  return {
    baseImages: argumentsOf('FROM').map((from) => from.split(' ')[0] ?? ''),
    copied: argumentsOf('COPY').flatMap((copy) =>
      copy
        .split(/\s+/)
        .filter((word) => !word.startsWith('--'))
        .slice(0, -1),
    ),
    environment: Object.fromEntries(
      argumentsOf('ENV').flatMap((assignments) =>
        assignments.split(/\s+/).map((assignment): [string, string] => {
          const [name = '', ...value] = assignment.split('=');
          return [name, value.join('=')];
        }),
      ),
    ),
    user: last('USER'),
    exposed: last('EXPOSE').split(' '),
    command: list(last('CMD')),
    healthCheck: text.includes('HEALTHCHECK') ? list(last('HEALTHCHECK')) : [],
  };
}
