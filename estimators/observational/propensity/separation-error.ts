/** The covariates tell treated from control units completely: for some units there is nobody to compare with, and no maximum of the likelihood. */
export class SeparationError extends Error {
  /** The column with the largest coefficient; it, alone or with others, separates. */
  readonly column: string;

  constructor(column: string) {
    super(
      `logistic regression: treated and control units are (almost) completely told apart by "${column}", alone or with other columns; leave it out, merge its rare levels, or use a ridge`,
    );
    this.name = 'SeparationError';
    this.column = column;
  }
}
