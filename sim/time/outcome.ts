import { Ages } from './ages.ts';

/** Reads by what became of them, in the server's words (`Cache-Status`). */
export interface ReadOutcomes {
  /** A fresh copy. */
  hit: number;
  /** A fresh copy, and a load behind the reader's back. */
  early: number;
  /** A copy past its life, and a load behind the reader's back: stale-while-revalidate. */
  stale: number;
  /** The note that the object does not exist. */
  negative: number;
  /** Waited for a load that it started. */
  miss: number;
  /** Waited for the load of another. */
  coalesced: number;
}

/** What a cache with expiry did to a trace. Counts and times are of the requests from `fromTick` on. */
export interface TimeOutcome {
  readonly reads: number;
  /** Changes of objects: writes of the trace and updates that were drawn. */
  readonly writes: number;
  readonly outcomes: Readonly<ReadOutcomes>;
  /** Reads answered at once: hit, early, stale and negative. */
  readonly hits: number;
  /** Hits / reads; 0 without reads. */
  readonly hitRatio: number;
  /** Reads that show a value older than the newest write committed before they began. */
  readonly staleReads: number;
  /** Stale reads / reads; 0 without reads. */
  readonly staleShare: number;
  /** Of stale reads: from the oldest write that they lack to their start. Quantiles to 0.6 %; `null`: no read was stale. */
  readonly staleAgeMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly longest: number;
  } | null;
  readonly loads: number;
  /** Loads that began while no other of their object was under way. */
  readonly renewals: number;
  /** Loads / renewals: 1 where each expiry costs one load; 0 without loads. */
  readonly loadsPerExpiry: number;
  readonly loadsPerSecond: {
    readonly mean: number;
    /** Of the fullest step. */
    readonly peak: number;
    /** 0 without loads. */
    readonly peakOverMean: number;
    readonly bucketMs: number;
    /** Loads begun in each step. */
    readonly buckets: Uint32Array;
  };
  /** Looked at at 64 evenly spaced moments. */
  readonly resident: {
    readonly meanObjects: number;
    readonly peakObjects: number;
    /** Of what is held, the share past its time and not yet removed. */
    readonly deadShare: number;
    /** `null`: the trace has no sizes. */
    readonly meanBytes: number | null;
    readonly peakBytes: number | null;
  };
}

/** Longest series of steps: 64 MB. */
const MAX_BUCKETS = 2 ** 24;

/** Counts while a simulation runs; all the kernel writes to. */
export class Tally {
  readonly outcomes: ReadOutcomes = {
    hit: 0,
    early: 0,
    stale: 0,
    negative: 0,
    miss: 0,
    coalesced: 0,
  };
  writes = 0;
  loads = 0;
  renewals = 0;
  readonly ages: Ages = new Ages();
  readonly #fromMs: number;
  readonly #measuredMs: number;
  readonly #bucketMs: number;
  readonly #buckets: Uint32Array;
  #moments = 0;
  readonly #sum = { objects: 0, dead: 0, bytes: 0 };
  readonly #peak = { objects: 0, bytes: 0 };

  constructor(fromMs: number, measuredMs: number, bucketMs: number) {
    const count = Math.max(1, Math.ceil(measuredMs / bucketMs));
    if (count > MAX_BUCKETS)
      throw new RangeError(
        `bucketMs ${bucketMs} cuts ${measuredMs} ms into ${count} steps: at most ${MAX_BUCKETS}, so at least ${Math.ceil(measuredMs / MAX_BUCKETS)} ms`,
      );
    this.#fromMs = fromMs;
    this.#measuredMs = measuredMs;
    this.#bucketMs = bucketMs;
    this.#buckets = new Uint32Array(count);
  }

  load(nowMs: number): void {
    this.loads += 1;
    this.#buckets[Math.floor((nowMs - this.#fromMs) / this.#bucketMs)]! += 1;
  }

  moment(objects: number, dead: number, bytes: number): void {
    this.#moments += 1;
    this.#sum.objects += objects;
    this.#sum.dead += dead;
    this.#sum.bytes += bytes;
    this.#peak.objects = Math.max(this.#peak.objects, objects);
    this.#peak.bytes = Math.max(this.#peak.bytes, bytes);
  }

  outcome(sized: boolean): TimeOutcome {
    const { outcomes, ages, loads, renewals, writes } = this;
    const hits = outcomes.hit + outcomes.early + outcomes.stale + outcomes.negative;
    const reads = hits + outcomes.miss + outcomes.coalesced;
    const mean = per(loads * 1000, this.#measuredMs);
    let fullest = 0;
    for (const bucket of this.#buckets) fullest = Math.max(fullest, bucket);
    const peak = (fullest * 1000) / this.#bucketMs;
    return {
      reads,
      writes,
      outcomes: { ...outcomes },
      hits,
      hitRatio: per(hits, reads),
      staleReads: ages.count,
      staleShare: per(ages.count, reads),
      staleAgeMs:
        ages.count === 0
          ? null
          : {
              mean: ages.sumMs / ages.count,
              p50: ages.quantileMs(0.5),
              p90: ages.quantileMs(0.9),
              p99: ages.quantileMs(0.99),
              longest: ages.longestMs,
            },
      loads,
      renewals,
      loadsPerExpiry: per(loads, renewals),
      loadsPerSecond: {
        mean,
        peak,
        peakOverMean: per(peak, mean),
        bucketMs: this.#bucketMs,
        buckets: this.#buckets,
      },
      resident: {
        meanObjects: per(this.#sum.objects, this.#moments),
        peakObjects: this.#peak.objects,
        deadShare: per(this.#sum.dead, this.#sum.objects),
        meanBytes: sized ? per(this.#sum.bytes, this.#moments) : null,
        peakBytes: sized ? this.#peak.bytes : null,
      },
    };
  }
}

function per(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
