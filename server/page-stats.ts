import { monitorEventLoopDelay } from 'node:perf_hooks';
import { build } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';
import type { CacheEvent, Outcome } from './cache/strategy.ts';
import { SecondsHistogram } from './seconds-histogram.ts';

/** Phase of a trial that a request belongs to; load scripts mark the measured one. */
export type Phase = 'measure' | 'other';

/** Counters of page requests in one phase. Plain integers: counting must not cost what it counts. */
export interface PhaseCounters {
  requests: number;
  outcomes: Partial<Record<Outcome, number>>;
  /** Answers with status 500 or above, shed ones included. */
  errors: number;
  /** 503 answers because the wait for a database connection was over. */
  shed: number;
  loads: number;
  selects: number;
  /** Handling time in microseconds. */
  micros: Histogram;
}

/** Longest time that the histogram tells apart: an unbounded wait for a connection may be minutes. */
const MAX_MICROS = 600_000_000;
const LOOP_RESOLUTION_MS = 10;
/** A hit is to take a few ms; 0.2 s is what the story promises of every page. */
const PAGE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];
/** The naive page takes about 0.9 s by its queries alone, and several times that when it waits for a connection. */
const LOAD_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];
const MAX_VERSIONS = 20;

/** What the server knows about its pages since the last reset. */
export class PageStats {
  phases: Record<Phase, PhaseCounters> = { measure: emptyPhase(), other: emptyPhase() };
  /** Version on the last page sent, of the first 20 slugs. */
  readonly menuVersions: Map<string, number> = new Map();
  cacheEvents: Partial<Record<CacheEvent, number>> = {};
  /** Handling times of page requests, of both phases. */
  pageSeconds: SecondsHistogram = new SecondsHistogram(PAGE_BOUNDS);
  /** Times that pages took to be built from the database, the wait for a connection included. */
  loadSeconds: SecondsHistogram = new SecondsHistogram(LOAD_BOUNDS);
  readonly #loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });

  constructor() {
    this.#loopDelay.enable();
  }

  served(phase: Phase, slug: string, outcome: Outcome, menuVersion: number, micros: number): void {
    const counters = this.phases[phase];
    counters.requests += 1;
    counters.outcomes[outcome] = (counters.outcomes[outcome] ?? 0) + 1;
    this.#record(counters, micros);
    if (this.menuVersions.size < MAX_VERSIONS || this.menuVersions.has(slug))
      this.menuVersions.set(slug, menuVersion);
  }

  /** A page request without a page. `outcome` is null when the load failed. */
  refused(phase: Phase, status: number, outcome: Outcome | null, micros: number): void {
    const counters = this.phases[phase];
    counters.requests += 1;
    if (outcome !== null) counters.outcomes[outcome] = (counters.outcomes[outcome] ?? 0) + 1;
    if (status >= 500) counters.errors += 1;
    if (status === 503) counters.shed += 1;
    this.#record(counters, micros);
  }

  /** A page was built from the database. Counted where it happens, so that shared loads count once. */
  loaded(phase: Phase, selects: number, seconds: number): void {
    this.loadSeconds.record(seconds);
    this.phases[phase].loads += 1;
    this.phases[phase].selects += selects;
  }

  /** SELECTs of a read beside its load. */
  selected(phase: Phase, selects: number): void {
    this.phases[phase].selects += selects;
  }

  count(event: CacheEvent): void {
    this.cacheEvents[event] = (this.cacheEvents[event] ?? 0) + 1;
  }

  /** 99th percentile of how late the event loop was, in ms. */
  loopDelayP99Ms(): number {
    // The monitor's samples contain its own interval; an idle loop reads as that interval.
    return Math.max(0, this.#loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
  }

  reset(): void {
    this.phases = { measure: emptyPhase(), other: emptyPhase() };
    this.menuVersions.clear();
    this.cacheEvents = {};
    this.pageSeconds = new SecondsHistogram(PAGE_BOUNDS);
    this.loadSeconds = new SecondsHistogram(LOAD_BOUNDS);
    this.#loopDelay.reset();
  }

  stop(): void {
    this.#loopDelay.disable();
  }

  #record(counters: PhaseCounters, micros: number): void {
    counters.micros.recordValue(Math.min(Math.max(1, Math.round(micros)), MAX_MICROS));
    this.pageSeconds.record(micros / 1e6);
  }
}

function emptyPhase(): PhaseCounters {
  const micros = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MICROS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
  return {
    requests: 0,
    outcomes: {},
    errors: 0,
    shed: 0,
    loads: 0,
    selects: 0,
    micros,
  };
}
