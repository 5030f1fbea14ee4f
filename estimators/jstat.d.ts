declare module 'jstat' {
  /** The distribution functions that are used here; jstat has no types of its own. */
  interface JStat {
    readonly studentt: {
      /** Quantile of Student's t with `df` degrees of freedom. */
      inv(p: number, df: number): number;
      pdf(x: number, df: number): number;
    };
    /** Natural logarithm of the gamma function. */
    gammaln(x: number): number;
  }
  export const jStat: JStat;
  const module: { readonly jStat: JStat };
  export default module;
}
