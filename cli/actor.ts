import { userInfo } from 'node:os';
import type { Actor } from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import { UsageError } from './failures.ts';

export interface ActorOptions {
  readonly actor?: string;
  readonly reason?: string;
}

/** Gives a command that changes something its options for who and why. */
export function changing(command: Command): Command {
  return command
    .option('--actor <name>', 'who does this (default: your account on this machine)')
    .option('--reason <text>', 'why, in a sentence; kept in the audit for ever (required)');
}

/** @throws UsageError without a reason */
export function actorOf({ actor, reason = '' }: ActorOptions): Actor {
  if (reason.trim() === '') {
    throw new UsageError(
      'say why with --reason "…": every change is kept in the audit with who made it and why, for whoever is called at night',
    );
  }
  return { name: actor ?? accountName(), reason };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new UsageError('this machine does not say whose account this is; name yourself with --actor NAME', {
      cause: error,
    });
  }
}
