/** The few functions of jstat used here; the package brings no types. */
declare module 'jstat' {
  interface Distribution<Parameters extends number[]> {
    /** Cumulative probability up to `x`. */
    cdf(x: number, ...parameters: Parameters): number;
    /** Quantile at probability `p`. */
    inv(p: number, ...parameters: Parameters): number;
  }
  const jStat: {
    normal: Distribution<[mean: number, sd: number]>;
    chisquare: Distribution<[degreesOfFreedom: number]>;
    studentt: Distribution<[degreesOfFreedom: number]>;
  };
  export default jStat;
}
