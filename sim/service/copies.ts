import type { ServicePolicy } from './presets.ts';

/** The copies in the cache, and what each is to a reader. */
export class Copies {
  /** Start of the load that made each copy; −∞: there is none. Its life counts from there. */
  readonly startMs: Float64Array;
  readonly lifeMs: Float64Array;
  /** How long it took to load. */
  readonly loadMs: Float64Array;
  readonly #policy: ServicePolicy;
  readonly #graceMs: number;
  readonly #random: () => number;

  /** @param random - For XFetch. */
  constructor(keys: number, policy: ServicePolicy, random: () => number) {
    this.startMs = new Float64Array(keys).fill(Number.NEGATIVE_INFINITY);
    this.lifeMs = new Float64Array(keys);
    this.loadMs = new Float64Array(keys);
    this.#policy = policy;
    this.#graceMs = Math.max(policy.staleWhileRevalidateMs, policy.staleIfErrorMs);
    this.#random = random;
  }

  write(key: number, startMs: number, lifeMs: number, loadMs: number): void {
    this.startMs[key] = startMs;
    this.lifeMs[key] = lifeMs;
    this.loadMs[key] = loadMs;
  }

  /** End of its life; −∞ without one. */
  endMs(key: number): number {
    return this.startMs[key]! + this.lifeMs[key]!;
  }

  freshness(key: number, nowMs: number): 'fresh' | 'early' | 'stale' | 'expired' {
    const { refreshAhead, xfetchBeta, staleWhileRevalidateMs } = this.#policy;
    const leftMs = this.endMs(key) - nowMs;
    if (leftMs <= 0) return leftMs > -staleWhileRevalidateMs ? 'stale' : 'expired';
    if (refreshAhead !== null && leftMs <= (1 - refreshAhead) * this.lifeMs[key]!) return 'early';
    // Vattani et al., VLDB 2015: -Δ β ln(draw) >= what is left.
    if (
      xfetchBeta !== null &&
      -this.loadMs[key]! * xfetchBeta * Math.log(1 - this.#random()) >= leftMs
    )
      return 'early';
    return 'fresh';
  }

  /** Start of the load of what lies under the key, be it past its life; −∞: nothing. */
  found(key: number, nowMs: number): number {
    return nowMs < this.endMs(key) + this.#graceMs ? this.startMs[key]! : Number.NEGATIVE_INFINITY;
  }

  /** Whether a failed load may be answered with the old copy. */
  rescues(key: number, nowMs: number): boolean {
    return nowMs < this.endMs(key) + this.#policy.staleIfErrorMs;
  }
}
