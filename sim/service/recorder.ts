import type { Expiry, OutcomeName, PerSecond, ServiceOutcome } from './outcome.ts';
import { OUTCOME } from './outcome.ts';
import { Numbers, quantilesOf } from './quantiles.ts';

/** Loads that begin so soon after the end of another belong to the same expiry, as in the stampede experiment. */
const SAME_EXPIRY_MS = 250;
/** What belongs to an expiry before its first load begins and after its last one has ended, as there. */
const BEFORE_MS = 100;
const AFTER_MS = 200;

/** An expiry whose loads may still be under way. */
interface OpenExpiry {
  figures: { -readonly [Name in keyof Expiry]: Expiry[Name] };
  firstEndMs: number;
  /** Response times of the requests in its span; null: none yet. */
  times: Numbers | null;
  /** First arrival and last answer of those that were no plain hits. */
  fromMs: number;
  toMs: number;
}

/** Writes down what happens, and makes the outcome of it. */
export class Recorder {
  events = 0;
  loads = 0;
  shed = 0;
  readonly poolWaits: Numbers = new Numbers();
  readonly #durationMs: number;
  readonly #slowMs: number;
  readonly #cached: boolean;
  readonly #arrivals = new Numbers();
  readonly #responses = new Numbers();
  readonly #keys = new Numbers();
  readonly #outcomes = new Numbers();
  readonly #expiries: OpenExpiry[] = [];
  /** Latest expiry of each page, −1 before the first. */
  readonly #latest: Int32Array;
  readonly #inFlight: Int32Array;
  readonly #seconds: PerSecond;

  /** @param cached - False: a load is no expiry. */
  constructor(keys: number, durationMs: number, slowMs: number, cached: boolean) {
    this.#cached = cached;
    this.#durationMs = durationMs;
    this.#slowMs = slowMs;
    this.#latest = new Int32Array(keys).fill(-1);
    this.#inFlight = new Int32Array(keys);
    const empty = (): Float64Array => new Float64Array(Math.ceil(durationMs / 1000));
    this.#seconds = {
      ...{ requests: empty(), failed: empty(), slow: empty() },
      ...{ loads: empty(), selects: empty(), ends: empty() },
    };
  }

  response(arrivalMs: number, key: number, outcome: number, nowMs: number): void {
    this.#arrivals.push(arrivalMs);
    this.#responses.push(nowMs - arrivalMs);
    this.#keys.push(key);
    this.#outcomes.push(outcome);
    const second = Math.floor(arrivalMs / 1000);
    this.#seconds.requests[second]! += 1;
    if (outcome === OUTCOME.failed) this.#seconds.failed[second]! += 1;
    else if (nowMs - arrivalMs > this.#slowMs) this.#seconds.slow[second]! += 1;
  }

  /** A load begins to ask for a connection. */
  loadStarts(key: number, nowMs: number): void {
    this.loads += 1;
    this.#add(this.#seconds.loads, nowMs, 1);
    let expiry = this.#expiries[this.#latest[key]!];
    const isSame =
      expiry !== undefined &&
      (this.#inFlight[key]! > 0 || nowMs <= expiry.figures.endMs + SAME_EXPIRY_MS);
    if (!isSame) {
      expiry = openExpiry(key, nowMs);
      this.#latest[key] = this.#expiries.push(expiry) - 1;
    }
    expiry!.figures.loads += 1;
    this.#inFlight[key]! += 1;
  }

  /** @param beginMs - When it got its connection; NaN: it was turned away. */
  loadEnds(key: number, beginMs: number, nowMs: number, selects: number): void {
    const expiry = this.#expiries[this.#latest[key]!]!;
    this.#inFlight[key]! -= 1;
    expiry.figures.endMs = nowMs;
    if (Number.isNaN(beginMs)) {
      this.shed += 1;
      return;
    }
    expiry.figures.selects += selects;
    expiry.firstEndMs = Math.min(expiry.firstEndMs, nowMs);
    this.#spread(beginMs, nowMs, selects);
  }

  /** A copy that had ended is replaced, or would be. */
  copyEnded(endMs: number): void {
    if (endMs >= 0) this.#add(this.#seconds.ends, endMs, 1);
  }

  outcome(): ServiceOutcome {
    const around = this.#cached ? this.#measureExpiries() : new Float64Array(0);
    const { selects } = this.#seconds;
    const peak = selects.reduce((most, value) => Math.max(most, value), 0);
    const all = selects.reduce((sum, value) => sum + value, 0);
    const counts = new Float64Array(Object.keys(OUTCOME).length);
    for (const outcome of this.#outcomes.values) counts[outcome]! += 1;
    const expiries = (this.#cached ? this.#expiries : [])
      .map(({ figures }): Expiry => figures)
      .filter(({ endMs }) => endMs <= this.#durationMs);
    return {
      requests: this.#arrivals.length,
      outcomes: Object.fromEntries(
        Object.entries(OUTCOME).map(([name, number]) => [name, counts[number]!]),
      ) as Record<OutcomeName, number>,
      loads: this.loads,
      shed: this.shed,
      expiries,
      loadsPerExpiry:
        expiries.length === 0
          ? null
          : expiries.reduce((sum, { loads }) => sum + loads, 0) / expiries.length,
      responseMs: quantilesOf(this.#responses.values),
      aroundExpiryMs: quantilesOf(around),
      poolWaitMs: quantilesOf(this.poolWaits.values),
      perSecond: this.#seconds,
      peakSelectsPerSecond: peak,
      peakOverMean: all === 0 ? null : (peak * selects.length) / all,
      recoverySeconds: this.#recoverySeconds(),
      events: this.events,
    };
  }

  /** Gives each request to the expiry in whose span it came. @returns Response times of those that had one. */
  #measureExpiries(): Float64Array {
    const { first, order, starts } = byKey(this.#expiries, this.#latest.length);
    const around = new Numbers();
    const arrivals = this.#arrivals.values;
    const responses = this.#responses.values;
    const keys = this.#keys.values;
    const outcomes = this.#outcomes.values;
    for (let at = 0; at < arrivals.length; at += 1) {
      const arrivalMs = arrivals[at]!;
      const from = first[keys[at]!]!;
      const last = lastBefore(starts, from, first[keys[at]! + 1]!, arrivalMs + BEFORE_MS);
      if (last < from) continue;
      const expiry = this.#expiries[order[last]!]!;
      if (arrivalMs >= expiry.figures.endMs + AFTER_MS) continue;
      around.push(responses[at]!);
      expiry.times ??= new Numbers();
      expiry.times.push(responses[at]!);
      if (outcomes[at] === OUTCOME.hit) continue;
      expiry.fromMs = Math.min(expiry.fromMs, arrivalMs);
      expiry.toMs = Math.max(expiry.toMs, arrivalMs + responses[at]!);
    }
    for (const { figures, firstEndMs, times, fromMs, toMs } of this.#expiries) {
      figures.requests = times?.length ?? 0;
      figures.p99Ms = times === null ? null : quantilesOf(times.values)!.p99;
      figures.recoveryMs = fromMs > toMs ? null : toMs - fromMs;
      figures.firstLoadMs = Number.isFinite(firstEndMs) ? firstEndMs - figures.startMs : null;
    }
    return around.values;
  }

  #recoverySeconds(): number {
    const { requests, failed, slow } = this.#seconds;
    const bad: number[] = [];
    for (let second = 0; second < requests.length; second += 1)
      if (failed[second]! + slow[second]! > requests[second]! * 0.01) bad.push(second);
    return bad.length === 0 ? 0 : bad.at(-1)! + 1 - bad[0]!;
  }

  #add(column: Float64Array, ms: number, value: number): void {
    const second = Math.floor(ms / 1000);
    if (second < column.length) column[second]! += value;
  }

  /** SELECTs come evenly over the time that a load has its connection. */
  #spread(fromMs: number, toMs: number, amount: number): void {
    const column = this.#seconds.selects;
    const lengthMs = Math.max(toMs - fromMs, 1e-9);
    for (let at = Math.floor(fromMs / 1000); at * 1000 < toMs && at < column.length; at += 1) {
      const partMs = Math.min(toMs, (at + 1) * 1000) - Math.max(fromMs, at * 1000);
      column[at]! += (amount * Math.min(partMs, lengthMs)) / lengthMs;
    }
    if (toMs === fromMs) this.#add(column, toMs, amount);
  }
}

/** Expiries page by page: those of one lie at `first[key]` to `first[key + 1]` − 1 of the others, by start. */
function byKey(
  expiries: readonly OpenExpiry[],
  keys: number,
): { first: Int32Array; order: Int32Array; starts: Float64Array } {
  const first = new Int32Array(keys + 1);
  for (const { figures } of expiries) first[figures.key + 1]! += 1;
  for (let key = 0; key < keys; key += 1) first[key + 1]! += first[key]!;
  const next = first.slice();
  const order = new Int32Array(expiries.length);
  const starts = new Float64Array(expiries.length);
  for (const [index, { figures }] of expiries.entries()) {
    const at = next[figures.key]!;
    next[figures.key] = at + 1;
    order[at] = index;
    starts[at] = figures.startMs;
  }
  return { first, order, starts };
}

/** @returns The last position from `from` to `to` − 1 whose start is not after `ms`; `from` − 1: none. */
function lastBefore(starts: Float64Array, from: number, to: number, ms: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function openExpiry(key: number, nowMs: number): OpenExpiry {
  return {
    figures: {
      ...{ key, startMs: nowMs, endMs: nowMs, loads: 0, selects: 0 },
      ...{ firstLoadMs: null, recoveryMs: null, requests: 0, p99Ms: null },
    },
    firstEndMs: Number.POSITIVE_INFINITY,
    times: null,
    fromMs: Number.POSITIVE_INFINITY,
    toMs: 0,
  };
}
