import { AnalyzeError } from '../analyze/analyze-error.ts';
import { InvalidDefinitionError } from '../definitions/definition.ts';
import { ConfigurationError } from '../main/configuration.ts';

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was understood and could not be carried out; the message says why and what to do: exit code 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** For programs, such as NOT_FOUND. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: 1 | 2;
}

/** Failures of parts that are only loaded by the commands that use them, by name. */
const CODES: Readonly<Record<string, string>> = {
  UnusableBackupError: 'INVALID_ARGUMENT',
  ForeignRulesetError: 'FAILED_PRECONDITION',
  ConflictError: 'FAILED_PRECONDITION',
  DamagedRulesetFileError: 'INVALID_ARGUMENT',
};

/** What a failed command says. Nothing that was foreseen shows a stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { code: 'USAGE', message: error.message, exitCode: 2 };
  if (error instanceof CommandFailure) return { code: error.code, message: error.message, exitCode: 1 };
  if (error instanceof AnalyzeError) return { code: 'INVALID_ARGUMENT', message: error.message, exitCode: 1 };
  if (error instanceof ConfigurationError) return { code: 'CONFIGURATION', message: error.message, exitCode: 1 };
  const code = error instanceof Error ? CODES[error.name] : undefined;
  if (code !== undefined && error instanceof Error) return { code, message: error.message, exitCode: 1 };
  if (error instanceof InvalidDefinitionError) {
    const lines = error.problems.map(({ path, message }) => `${path}: ${message}`);
    return { code: 'INVALID_ARGUMENT', message: lines.join('\n'), exitCode: 1 };
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: 'INTERNAL',
    message: `something failed that nobody foresaw; please report it:\n${trace}`,
    exitCode: 1,
  };
}
