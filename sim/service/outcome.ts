import type { Quantiles } from './quantiles.ts';

/** What a read may become, in the server's words; `failed` is a 503. */
export type OutcomeName = 'hit' | 'stale' | 'early' | 'miss' | 'coalesced' | 'bypass' | 'failed';

/** Their numbers inside a run. */
export const OUTCOME: Readonly<Record<OutcomeName, number>> = {
  hit: 0,
  stale: 1,
  early: 2,
  miss: 3,
  coalesced: 4,
  bypass: 5,
  failed: 6,
};

/** One page found missing, ended or about to end, and loaded again. */
export interface Expiry {
  readonly key: number;
  /** Start of the first load and end of the last one. Loads less than 250 ms apart belong together. */
  readonly startMs: number;
  readonly endMs: number;
  /** Begun, those that were turned away by the pool among them. */
  readonly loads: number;
  readonly selects: number;
  /** From the start of the first load to the first end of one; null: all were turned away. */
  readonly firstLoadMs: number | null;
  /** From the first read that was no plain hit to the end of the last one; null: all were hits. */
  readonly recoveryMs: number | null;
  /** Reads of the page from 100 ms before to 200 ms after, and the slowest but one in a hundred. */
  readonly requests: number;
  readonly p99Ms: number | null;
}

/** One number a second of the run. Requests count in the second of their arrival. */
export interface PerSecond {
  readonly requests: Float64Array;
  readonly failed: Float64Array;
  readonly slow: Float64Array;
  readonly loads: Float64Array;
  /** Spread evenly over the time that each load has its connection. */
  readonly selects: Float64Array;
  /** Copies whose life ended before another took their place. */
  readonly ends: Float64Array;
}

/** What became of a service. */
export interface ServiceOutcome {
  readonly requests: number;
  readonly outcomes: Readonly<Record<OutcomeName, number>>;
  readonly loads: number;
  /** Loads that got no connection. */
  readonly shed: number;
  /** By start; only those that ended before the run did. None where nothing is cached. */
  readonly expiries: readonly Expiry[];
  /** Mean; null without an expiry. */
  readonly loadsPerExpiry: number | null;
  readonly responseMs: Quantiles | null;
  /** Of the requests in the span of an expiry of their page. */
  readonly aroundExpiryMs: Quantiles | null;
  /** Of the loads that got a connection. */
  readonly poolWaitMs: Quantiles | null;
  readonly perSecond: PerSecond;
  readonly peakSelectsPerSecond: number;
  /** Of the SELECTs per second over the whole run; null without any. */
  readonly peakOverMean: number | null;
  /** From the first second in which more than 1 % of the requests failed or were slow to the end of the last one; 0 without any. */
  readonly recoverySeconds: number;
  /** Events of the simulation, arrivals among them. */
  readonly events: number;
}
