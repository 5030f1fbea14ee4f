import type { Command } from 'commander';
import type { Configuration } from '../main/configuration.ts';
import { connectServer, type Server } from './server.ts';

/** What a command line runs in. */
export interface Surroundings {
  readonly configuration: Configuration;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** One line on standard output. */
  readonly out: (line: string) => void;
  /** One line on standard error. */
  readonly err: (line: string) => void;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
  /** Everything on standard input. */
  readonly readInput: () => Promise<string>;
}

/** What a command found out or did: as a JSON value for programs, as text for people. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  /** The command did its work and the answer is bad news: exit code 1. */
  readonly isFailure?: boolean;
}

export interface GlobalOptions {
  readonly server: string;
  readonly json?: boolean;
}

/** What the commands share: how they ask the server and how they answer. */
export class Shell {
  readonly surroundings: Surroundings;
  exitCode = 0;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  /** Prints what `work` answers, as JSON with `--json`. */
  async answer(command: Command, work: () => Promise<Answer>): Promise<void> {
    const { json, text, isFailure = false } = await work();
    this.surroundings.out(isJson(command) ? JSON.stringify(json, null, 2) : text);
    if (isFailure) this.exitCode = 1;
  }

  /** The same for work that needs the platform. */
  async ask(command: Command, work: (server: Server) => Promise<Answer>): Promise<void> {
    const server = connectServer(command.optsWithGlobals<GlobalOptions>().server, this.surroundings.clock);
    try {
      await this.answer(command, () => work(server));
    } finally {
      server.close();
    }
  }
}

export function isJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}
