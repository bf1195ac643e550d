import type { Question, Way } from './question.ts';

/** One way to keep copies fresh at one TTL. */
export interface Life {
  /** Name of the way. */
  readonly way: string;
  readonly ttlMs: number;
  readonly jitter: number;
  /** Promised staleness. */
  readonly boundMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** About three to a decade, in steps that people use. */
const TTLS_MS = [
  ...[1000, 3000, 10_000, 30_000],
  ...[2, 5, 15].map((minutes) => minutes * MINUTE),
  ...[1, 3, 12].map((hours) => hours * HOUR),
  ...[1, 3, 7].map((days) => days * DAY),
];
const LEAST_TTL_MS = 100;
const LONGEST_TTL_MS = 7 * DAY;

/** Shares of the TTL by which lives may differ, up and down. */
const JITTERS = [0, 0.1, 0.2, 0.3, 0.5];
/** Where no load is too much, or where none of them helps. */
const USUAL_JITTER = 0.1;

/**
 * The grid of lives: for each way the round TTLs up to what the trace can tell of, and the longest one whose promise is kept.
 * @param trace.spanMs - A longer life than this ends nowhere in the trace.
 * @param trace.copies - Copies that may have been made together.
 */
export function livesOf(question: Question, trace: { spanMs: number; copies: number }): Life[] {
  const longestMs = twoDigits(Math.min(LONGEST_TTL_MS, Math.max(LEAST_TTL_MS, trace.spanMs)));
  return question.ways.flatMap((way) => {
    const jitter = jitterOf(way, question, longestMs, trace.copies);
    const allowedMs = longestAllowedMs(way, jitter, question.maxStaleMs, longestMs);
    const ttls = [...TTLS_MS.filter((ttlMs) => ttlMs < longestMs), longestMs];
    if (allowedMs !== null) ttls.push(allowedMs);
    return [...new Set(ttls)]
      .sort((a, b) => a - b)
      .map((ttlMs) => ({ way: way.name, ttlMs, jitter, boundMs: way.boundMs(ttlMs, jitter) }));
  });
}

/**
 * Loads a second when all copies were made at one moment (after a deployment, a FLUSHALL, by a job that warms the cache): they
 * end spread over 2·j·ttl, without jitter in one second. An upper bound: each is loaded when it is next asked for.
 */
export function avalanchePerSecond(copies: number, jitter: number, ttlMs: number): number {
  return jitter === 0 ? copies : Math.min(copies, (1000 * copies) / (2 * jitter * ttlMs));
}

/** The least jitter that keeps an avalanche within what the database bears, at the longest TTL that the promise allows. */
function jitterOf(way: Way, question: Question, longestMs: number, copies: number): number {
  const { selectsPerSecond, selectsPerLoad, maxStaleMs } = question;
  if (selectsPerSecond === null) return USUAL_JITTER;
  const enough = JITTERS.find((jitter) => {
    const ttlMs = longestAllowedMs(way, jitter, maxStaleMs, longestMs) ?? LEAST_TTL_MS;
    return avalanchePerSecond(copies, jitter, ttlMs) * selectsPerLoad <= selectsPerSecond;
  });
  return enough ?? USUAL_JITTER;
}

/** Of two digits. `null`: the promise of the shortest life is longer than that. */
function longestAllowedMs(
  way: Way,
  jitter: number,
  maxStaleMs: number,
  longestMs: number,
): number | null {
  const isKept = (ttlMs: number): boolean => way.boundMs(ttlMs, jitter) <= maxStaleMs;
  if (!isKept(LEAST_TTL_MS)) return null;
  let kept = LEAST_TTL_MS;
  for (let broken = longestMs + 1; broken - kept > 1; ) {
    const middle = Math.floor((kept + broken) / 2);
    if (isKept(middle)) kept = middle;
    else broken = middle;
  }
  return twoDigits(kept);
}

/** Rounded down: 26,481 to 26,000. */
function twoDigits(ms: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(ms)) - 1);
  return Math.floor(ms / unit) * unit;
}
