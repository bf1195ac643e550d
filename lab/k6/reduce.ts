import { OUTCOMES } from '../result.ts';
import type { Measurement, Outcome, StoredHistogram, TrialEvent } from '../result.ts';
import { encodeHistogram, newHistogram, recordMs } from '../stats/histogram.ts';
import type { Histogram } from '../stats/histogram.ts';
import { readRaw } from './raw.ts';
import type { RawCount, RawRequest } from './raw.ts';
import { alignToSchedule } from './schedule.ts';

/** What the load script was told to do. */
export interface LoadDesign {
  measureSeconds: number;
  /** Page requests per second; null in a closed model. */
  ratePerSecond: number | null;
  arrivals: Measurement['arrivals'];
}

/** The part of a measurement that k6's raw samples give. */
export interface Reduction {
  counts: Measurement['counts'];
  histograms: StoredHistogram[];
  clientOutcomes: Measurement['clientOutcomes'];
  /** Price updates, at the moment of their answer. */
  events: TrialEvent[];
  /**
   * The measured phase on the wall clock, epoch milliseconds: from its first scheduled arrival to the end of its
   * schedule, and to the last answer. Null without a measured request.
   */
  window: { startMs: number; endMs: number; lastAnswerMs: number } | null;
  /** Every measured page, in the order of k6's output. */
  pages: { startMs: number; responseMs: number; failed: boolean }[];
  /** k6 was cut off: its file stops in mid-line. */
  truncated: boolean;
  /** Lines or requests in mid-file that could not be read. */
  unreadable: number;
}

/** k6 scenarios beside the page views; their drops and bytes are none of the pages'. */
const BESIDE: ReadonlySet<string> = new Set(['updates', 'flood']);

/**
 * From the moment that a user wanted the page to its last byte, as far as k6 can see it.
 * `http_req_blocked` contains connecting and TLS: adding those again would count them twice.
 */
export function serviceMs(request: RawRequest): number {
  return request.blockedMs + request.durationMs;
}

function isFailed(request: RawRequest): boolean {
  return request.status === 0 || request.status >= 400;
}

/**
 * Reduces k6's raw samples (`--out json=FILE.json.gz`) to counts and HdrHistograms.
 *
 * Latencies of answered and of failed requests are kept apart: `outcome: 'all'` holds every page with a
 * status below 400, `outcome: 'error'` the failed ones, because a quick refusal would flatter the page's p50.
 * Even arrivals: response = service + start lag, by the schedule found in `alignToSchedule`. Poisson and closed:
 * there is no schedule that k6 could be late for (the script itself draws the moment), so response = service.
 * @param file - k6's output, `.json` or `.json.gz`.
 * @throws LabError `E_K6_OUTPUT_MISSING` when k6 wrote nothing.
 */
export async function reduceK6(file: string, design: LoadDesign): Promise<Reduction> {
  const pages: RawRequest[] = [];
  const updates: RawRequest[] = [];
  const drops: RawCount[] = [];
  const clientOutcomes: Measurement['clientOutcomes'] = {};
  let bytesReceived = 0;
  let scriptErrors = 0;
  const end = await readRaw(file, {
    request(request) {
      if (request.name === 'update') updates.push(request);
      else if (request.name === 'page' && request.phase === 'measure') pages.push(request);
    },
    count(count) {
      const measured = count.phase === 'measure';
      if (count.metric === 'dropped_iterations') {
        if (!BESIDE.has(count.scenario)) drops.push(count);
      } else if (count.metric === 'script_errors') {
        scriptErrors += count.value; // Of every phase: a script that throws while warming up is broken too.
      } else if (count.metric === 'data_received') {
        if (measured && !BESIDE.has(count.scenario)) bytesReceived += count.value;
      } else if (measured) {
        const { outcome } = count;
        if (isOutcome(outcome)) {
          clientOutcomes[outcome] = (clientOutcomes[outcome] ?? 0) + count.value;
        }
      }
    },
  });

  const { originMs, lagMs, dropped } = placeOnSchedule(pages, drops, design);
  const failed = pages.filter(isFailed);
  return {
    counts: {
      offered:
        design.ratePerSecond === null
          ? pages.length
          : // k6 now and then makes one arrival more, at the very end of the schedule.
            Math.max(
              Math.round(design.ratePerSecond * design.measureSeconds),
              pages.length + dropped,
            ),
      started: pages.length,
      completed: pages.filter((page) => page.status !== 0).length,
      failed: failed.length,
      shed: failed.filter((page) => page.status === 503).length,
      dropped,
      scriptErrors,
      newConnections: pages.filter((page) => page.connectingMs > 0).length,
      bytesReceived,
    },
    histograms: histogramsOf(pages, lagMs, originMs, updates, design),
    clientOutcomes,
    events: updates.map((update) => ({
      atSecond: (update.endMs - originMs) / 1000,
      kind: 'price-update',
      label: isFailed(update) ? `price update failed (${update.status})` : 'price update',
    })),
    window:
      pages.length === 0
        ? null
        : {
            startMs: originMs,
            endMs: originMs + design.measureSeconds * 1000,
            lastAnswerMs: pages.reduce((last, page) => Math.max(last, page.endMs), 0),
          },
    pages: pages.map((page, index) => {
      const responseMs = serviceMs(page) + lagMs[index]!;
      return { startMs: page.endMs - responseMs, responseMs, failed: isFailed(page) };
    }),
    truncated: end.truncated,
    unreadable: end.unreadable,
  };
}

function isOutcome(text: string): text is Outcome {
  return (OUTCOMES as readonly string[]).includes(text);
}

/** Gives every measured page its lag behind the schedule, and counts the arrivals dropped in the measured phase. */
function placeOnSchedule(
  pages: readonly RawRequest[],
  drops: readonly RawCount[],
  design: LoadDesign,
): { originMs: number; lagMs: number[]; dropped: number } {
  const starts = pages.map((page) => page.endMs - serviceMs(page));
  const firstMs = starts.reduce((least, start) => Math.min(least, start), Number.POSITIVE_INFINITY);
  if (pages.length === 0) {
    // Nothing was measured; then each drop that is not marked as warm-up counts.
    const dropped = drops.filter((drop) => drop.phase !== 'warm');
    return { originMs: 0, lagMs: [], dropped: sum(dropped) };
  }
  const periodMs = design.ratePerSecond === null ? null : 1000 / design.ratePerSecond;
  // k6 knows the phase of an iteration that ran, not of one that it dropped: those go by their moment.
  const measured = drops.filter((drop) =>
    drop.phase === '' ? drop.timeMs >= firstMs - (periodMs ?? 0) : drop.phase === 'measure',
  );
  if (design.arrivals !== 'even' || periodMs === null) {
    return { originMs: firstMs, lagMs: pages.map(() => 0), dropped: sum(measured) };
  }
  const dropStarts = measured.flatMap((drop) =>
    Array.from({ length: drop.value }, () => drop.timeMs),
  );
  const { originMs, lagMs } = alignToSchedule([...starts, ...dropStarts], periodMs);
  return { originMs, lagMs: lagMs.slice(0, pages.length), dropped: sum(measured) };
}

function sum(counts: readonly RawCount[]): number {
  return counts.reduce((total, count) => total + count.value, 0);
}

/**
 * Response times per second of the scheduled start (so a freeze shows in the seconds that suffered from it) and
 * as a whole; the other histograms as a whole only, to keep a record small.
 */
function histogramsOf(
  pages: readonly RawRequest[],
  lagMs: readonly number[],
  originMs: number,
  updates: readonly RawRequest[],
  design: LoadDesign,
): StoredHistogram[] {
  const even = design.arrivals === 'even';
  const response = newHistogram();
  const service = newHistogram();
  const startLag = newHistogram();
  const errors = newHistogram();
  const perSecond = new Map<number, Histogram>();
  pages.forEach((page, index) => {
    const lag = lagMs[index]!;
    const ms = serviceMs(page);
    if (even) recordMs(startLag, lag);
    if (isFailed(page)) {
      recordMs(errors, ms + lag);
      return;
    }
    recordMs(response, ms + lag);
    recordMs(service, ms);
    const scheduledMs = page.endMs - ms - lag - originMs;
    // A hundredth of a millisecond: dates in doubles are that fine, and slot 0 of a second belongs to it.
    const elapsed = Math.max(0, Math.floor((scheduledMs + 0.01) / 1000));
    // That one arrival more belongs to the last second. Poisson arrivals do spill over: they are up to 1 s late.
    const second = even ? Math.min(elapsed, Math.ceil(design.measureSeconds) - 1) : elapsed;
    const slice = perSecond.get(second) ?? newHistogram();
    recordMs(slice, ms + lag);
    perSecond.set(second, slice);
  });
  const updateResponse = newHistogram();
  for (const update of updates) {
    if (update.phase === 'measure' && !isFailed(update))
      recordMs(updateResponse, serviceMs(update));
  }
  const page = { request: 'page', outcome: 'all' } as const;
  const stored: StoredHistogram[] = [
    store({ metric: 'response', ...page }, response),
    store({ metric: 'service', ...page }, service),
    store({ metric: 'startLag', ...page }, startLag),
    store({ metric: 'response', request: 'page', outcome: 'error' }, errors),
    store({ metric: 'response', request: 'update', outcome: 'all' }, updateResponse),
    ...[...perSecond]
      .sort(([a], [b]) => a - b)
      .map(([second, slice]) => store({ metric: 'response', ...page, second }, slice)),
  ];
  // An empty histogram says nothing; that the page has none is for the validity rules to notice.
  return stored.filter((one) => one.count > 0);
}

function store(
  what: Omit<StoredHistogram, 'count' | 'hdr'>,
  histogram: Histogram,
): StoredHistogram {
  return { ...what, count: histogram.totalCount, hdr: encodeHistogram(histogram) };
}
