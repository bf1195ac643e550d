/** Steps per doubling: a quantile lies within 0.6 % of the true one. */
const STEPS = 64;
/** The first step ends at 2^−10 ms, the last begins at 2^44 ms. */
const LOWEST_LOG2 = -10;
const OCTAVES = 54;

/** Ages in ms, however many: logarithmic steps, with sum and maximum kept exactly. */
export class Ages {
  count = 0;
  sumMs = 0;
  longestMs = 0;
  readonly #steps: Float64Array = new Float64Array(STEPS * OCTAVES);

  add(ageMs: number): void {
    this.count += 1;
    this.sumMs += ageMs;
    if (ageMs > this.longestMs) this.longestMs = ageMs;
    const step = Math.floor((Math.log2(ageMs) - LOWEST_LOG2) * STEPS); // −∞ for an age of 0
    this.#steps[Math.max(0, Math.min(STEPS * OCTAVES - 1, step))]! += 1;
  }

  /**
   * @param share - 0 to 1.
   * @returns The age that this share of all does not exceed; 0 when there are none.
   */
  quantileMs(share: number): number {
    let left = share * this.count;
    for (let step = 0; step < this.#steps.length; step += 1) {
      left -= this.#steps[step]!;
      if (left <= 0 && this.#steps[step]! > 0) {
        if (step === 0) return 0;
        return Math.min(this.longestMs, 2 ** ((step + 0.5) / STEPS + LOWEST_LOG2));
      }
    }
    return this.longestMs;
  }
}
