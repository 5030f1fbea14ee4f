/** Where the store tells what it survives by itself, such as lost connections; pino's loggers fit. */
export interface ControlStoreLogger {
  warn(details: { readonly err: unknown }, message: string): void;
}

/** Writes process warnings. */
export const processWarnings: ControlStoreLogger = {
  warn({ err }, message) {
    process.emitWarning(`${message}: ${err instanceof Error ? err.message : String(err)}`);
  },
};
