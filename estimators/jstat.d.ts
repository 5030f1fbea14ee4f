declare module 'jstat' {
  /** The distribution functions that are used here; jstat has no types of its own. */
  interface JStat {
    readonly studentt: {
      /** Quantile of Student's t with `df` degrees of freedom. */
      readonly inv: (p: number, df: number) => number;
      readonly pdf: (x: number, df: number) => number;
    };
    /** Natural logarithm of the gamma function. */
    readonly gammaln: (x: number) => number;
  }
  const jstat: { readonly jStat: JStat };
  export = jstat;
}
