/** The file cannot be analysed as asked; the message says what is wrong, where, and what to do. */
export class AnalyzeError extends Error {
  override readonly name = 'AnalyzeError';
}
