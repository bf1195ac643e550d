/** Moments of one trial, ms since the beginning of the measured phase. */
export interface Moments {
  faultMs: number;
  healMs: number;
  endMs: number;
}

/** A page that was asked for; `atMs` is when, on the clock of the moments. */
export interface AskedPage {
  atMs: number;
  responseMs: number;
  failed: boolean;
}

/** A look at the server's counters. */
export interface Look {
  atMs: number;
  /** Callers waiting for a database connection. */
  waiting: number;
  /** Loads that were turned away for want of a connection, so far. */
  shed: number;
  isRedisUp: boolean;
  circuit: 'closed' | 'open' | 'half-open' | 'off';
}

/** A reader waits for so long; a later page counts as none. */
const PATIENCE_MS = 2000;
/** No undisturbed page takes so long here. */
const SLOW_MS = 250;
const BIN_MS = 250;
/** Of the pages of a bin: more, and it is not well again. One late page in 25 may be the machine's. */
const FEW = 0.05;

/** Pages of one window, by whether they came in time. */
export interface Window {
  pages: number;
  answered: number;
  /** Response times of those that were answered at all, ascending, tenths of ms. */
  times: number[];
}

/** The measured phase in its three parts: undisturbed, fault, after it. */
export function phasesOf(measureSeconds: number): { quietSeconds: number; afterSeconds: number } {
  return {
    quietSeconds: Math.max(1, measureSeconds * 0.2),
    afterSeconds: Math.min(5.5, measureSeconds * 0.5),
  };
}

export function windowOf(pages: readonly AskedPage[], fromMs: number, toMs: number): Window {
  const own = pages.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return {
    pages: own.length,
    answered: own.filter(inTime).length,
    times: own
      .filter(({ failed }) => !failed)
      .map(({ responseMs }) => Math.round(responseMs * 10) / 10)
      .sort((a, b) => a - b),
  };
}

function inTime({ failed, responseMs }: AskedPage): boolean {
  return !failed && responseMs <= PATIENCE_MS;
}

/**
 * Seconds from the heal until all was as before: until the end of the last quarter of a second in which more than 5 % of the pages
 * failed or took longer than 250 ms, the last page that was sent stale, and the first look that found Redis in use again.
 * @param staleAtMs - When pages were asked for that were sent stale.
 */
export function recoverySeconds(
  { healMs, endMs }: Moments,
  pages: readonly AskedPage[],
  looks: readonly Look[],
  staleAtMs: readonly number[],
): number {
  const bins = new Map<number, { pages: number; bad: number }>();
  for (const page of pages) {
    if (page.atMs < healMs || page.atMs >= endMs) continue;
    const index = Math.floor((page.atMs - healMs) / BIN_MS);
    const bin = bins.get(index) ?? { pages: 0, bad: 0 };
    bins.set(index, bin);
    bin.pages += 1;
    if (page.failed || page.responseMs > SLOW_MS) bin.bad += 1;
  }
  const badUntilMs = [...bins].map(([index, { pages: all, bad }]) =>
    bad > all * FEW ? (index + 1) * BIN_MS : 0,
  );
  const staleUntilMs = staleAtMs.map((atMs) => atMs - healMs);
  const after = looks.filter(({ atMs }) => atMs >= healMs);
  const lastDown = after.findLastIndex(({ isRedisUp }) => !isRedisUp);
  const upMs = lastDown < 0 ? 0 : (after[lastDown + 1]?.atMs ?? endMs) - healMs;
  return Math.max(0, upMs, ...badUntilMs, ...staleUntilMs) / 1000;
}

/** Per cent of the pages of each half second that came in time. */
export function answeredSeries(pages: readonly AskedPage[], endMs: number): [number, number][] {
  return halfSeconds(endMs).flatMap((from): [number, number][] => {
    const { pages: all, answered } = windowOf(pages, from, from + 500);
    return all === 0 ? [] : [[from / 1000, (100 * answered) / all]];
  });
}

/** The longest response time among the pages that were asked for in each half second; failed ones left out. */
export function slowestSeries(pages: readonly AskedPage[], endMs: number): [number, number][] {
  return halfSeconds(endMs).flatMap((from): [number, number][] => {
    const slowest = windowOf(pages, from, from + 500).times.at(-1);
    return slowest === undefined ? [] : [[from / 1000, Math.max(0.1, slowest)]];
  });
}

function halfSeconds(endMs: number): number[] {
  return Array.from({ length: Math.floor(endMs / 500) }, (_, index) => index * 500);
}

/** One figure of each look, on a grid of quarters of a second. */
export function lookSeries(
  looks: readonly Look[],
  value: (look: Look) => number,
): [number, number][] {
  const points = new Map<number, number>();
  for (const look of looks) points.set(Math.round(look.atMs / 250) / 4, value(look));
  return [...points].filter(([second]) => second >= 0);
}

/** 0: closed; 1: open, commands are rejected at once; 0.5: a ping is trying. */
export function circuitLevel({ circuit }: Look): number {
  return circuit === 'open' ? 1 : circuit === 'half-open' ? 0.5 : 0;
}
