/** A list of numbers that grows. */
export class Numbers {
  length = 0;
  #values = new Float64Array(16);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const values = new Float64Array(2 * this.length);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  /** What is there, without a copy. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}

/** Times in ms, by nearest rank: each is one that occurred. */
export interface Quantiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** @returns Null without a value. */
export function quantilesOf(values: Float64Array): Quantiles | null {
  const count = values.length;
  if (count === 0) return null;
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.ceil(share * count) - 1]!;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  return { count, mean, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
