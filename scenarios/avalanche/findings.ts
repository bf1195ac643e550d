import type { LoadResult, ProtocolResult } from '../../lab/protocol.ts';
import type { Journal } from '../../lab/server-protocol.ts';
import { loadedShare, loadsPerExpiry } from '../../lab/theory/avalanche.ts';
import type { Copy, Ending } from './copies.ts';
import { type ArmDesign, REQUESTS_PER_SECOND, SLOW_MS, spreadOf, TRIP_MS } from './plan.ts';
import {
  badSeconds,
  countSeconds,
  recoverySeconds,
  type Seconds,
  sumBetween,
  workSeconds,
} from './seconds.ts';

/** Everything that one trial saw. */
export interface Watched {
  measureSeconds: number;
  design: ArmDesign;
  capacity: { pages: number; selects: number };
  load: LoadResult;
  journals: Journal[];
  copies: readonly Copy[];
  endings: readonly Ending[];
  clock: { startUs: number; startMs: number };
}

const total = (column: readonly number[]): number => column.reduce((sum, value) => sum + value, 0);

const points = (column: readonly number[]): [number, number][] =>
  column.map((value, second) => [second, value]);

/** What the trial found: pure. */
export function result(watched: Watched): ProtocolResult {
  const { design, capacity, load, journals, clock, endings } = watched;
  const seconds = Math.floor(watched.measureSeconds);
  const counted = countSeconds(
    journals,
    { startUs: clock.startUs, seconds },
    { slowMs: SLOW_MS, tripMs: TRIP_MS },
  );
  const expiries = Array.from({ length: seconds }, () => 0);
  for (const { endsAtMs } of endings) {
    const second = Math.floor((endsAtMs - clock.startMs) / 1000);
    if (expiries[second] !== undefined) expiries[second] += 1;
  }
  const bad = badSeconds(counted);
  const shares = journals.length === 0 ? null : selectsPerPage(journals);
  /** What the database would do if the ends were spread over the whole TTL. */
  const evenSelects = (design.stores * (shares ?? 0)) / (design.ttlMs / 1000);
  const peakSelects = Math.max(...counted.selects);
  return {
    load,
    problems: problemsOf(design, capacity, rateOf(load)),
    findings: {
      totals: {
        reads: total(counted.reads),
        failed: total(counted.failed),
        slow: total(counted.slow),
        loads: total(counted.loads),
        selects: total(counted.selects),
        ...plateau(watched, counted, seconds),
        ...outage(design, counted),
      },
      samples: {
        capacityPagesPerSecond: [capacity.pages],
        capacitySelectsPerSecond: [capacity.selects],
        peakSelectsPerSecond: [peakSelects],
        badSeconds: [bad.length],
        recoverySeconds: [recoverySeconds(bad)],
        failedShare: [total(counted.failed) / Math.max(1, total(counted.reads))],
        ...(design.killed === null
          ? {
              peakExpiriesPerSecond: [Math.max(...expiries)],
              peakOverMean: [peakSelects / evenSelects],
            }
          : {}),
      },
      series: [
        ...(design.killed === null ? [{ name: 'expiries', points: points(expiries) }] : []),
        { name: 'selects', points: points(counted.selects) },
        { name: 'failed', points: points(counted.failed) },
      ],
      notes: [],
    },
  };
}

const rateOf = ({ measurement }: LoadResult): number =>
  measurement.offeredRatePerSecond ?? REQUESTS_PER_SECOND;

/** Mean over all builds of the trial. */
function selectsPerPage(journals: readonly Journal[]): number {
  const selects = journals.flatMap(({ loads }) => loads.selects.filter((one) => one > 0));
  return selects.reduce((sum, one) => sum + one, 0) / Math.max(1, selects.length);
}

/** The plan's own conditions: outside of them the figures would answer another question. */
function problemsOf(
  design: ArmDesign,
  capacity: { pages: number },
  requestsPerSecond: number,
): string[] {
  const problems: string[] = [];
  const tenth = design.stores / (0.2 * (design.ttlMs / 1000));
  const pages = capacity.pages.toFixed(0);
  if (design.killed === null && tenth > capacity.pages / 2) {
    problems.push(
      `with ± 10 % ${tenth.toFixed(0)} copies end per second, more than half of the ${pages} pages that the database loads`,
    );
  }
  const together = design.killed === null && spreadOf(design, Number.POSITIVE_INFINITY) === null;
  if (together && capacity.pages >= requestsPerSecond) {
    problems.push(
      `the database loads ${pages} pages per second, and only ${requestsPerSecond} are asked for: no overload is possible`,
    );
  }
  return problems;
}

/**
 * Ends and SELECTs while the copies end one by one, with what theory expects of the same time. The ends are counted in
 * the middle half, which a uniform spread fills with half of the copies; the SELECTs in the later half, when the loads
 * have caught up with the ends.
 */
function plateau(
  { design, endings, clock, copies, journals, load }: Watched,
  counted: Seconds,
  seconds: number,
): Record<string, number> {
  const spread = spreadOf(design, seconds);
  if (spread === null) return {};
  const { from, to, perSecond } = spread;
  const length = to - from;
  const [middleFrom, middleTo] = [from + length / 4, to - length / 4];
  const ended = endings.filter(({ endsAtMs, first }) => {
    const second = (endsAtMs - clock.startMs) / 1000;
    return first && second >= middleFrom && second < middleTo;
  }).length;
  // Whole seconds: a build is counted in one of them.
  const [loadFrom, loadTo] = [Math.ceil(from + length / 2), Math.floor(to)];
  const readsPerStore = rateOf(load) / copies.length;
  const share = loadedShare(readsPerStore, loadFrom - from, loadTo - from);
  return {
    plateauExpiries: ended,
    plateauExpirySeconds: middleTo - middleFrom,
    plateauExpiriesExpected: perSecond * (middleTo - middleFrom),
    plateauSelects: sumBetween(counted.selects, loadFrom, loadTo),
    plateauSelectSquares: sumBetween(counted.selectSquares, loadFrom, loadTo),
    plateauSelectSeconds: loadTo - loadFrom,
    plateauSelectsExpected:
      perSecond * share * (loadTo - loadFrom) * selectsPerEnd(journals, readsPerStore),
  };
}

/** SELECTs that the end of one copy costs on average: those of its page, times its loads; larger pages are loaded longer. */
function selectsPerEnd(journals: readonly Journal[], readsPerStore: number): number {
  const bySlug = new Map<string, number>();
  for (const { slugs, loads } of journals) {
    for (const [row, slug] of loads.slug.entries()) {
      if (loads.selects[row]! > 0) bySlug.set(slugs[slug]!, loads.selects[row]!);
    }
  }
  bySlug.delete('lao-zhang');
  const costs = [...bySlug.values()].map(
    (selects) => selects * loadsPerExpiry(readsPerStore, workSeconds(selects, TRIP_MS)),
  );
  return costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length);
}

/** Reads while Redis is away, and how many of them were answered. */
function outage({ killed }: ArmDesign, counted: Seconds): Record<string, number> {
  if (killed === null) return {};
  const { atSecond, backAtSecond } = killed;
  const reads = sumBetween(counted.reads, atSecond, backAtSecond);
  return {
    outageSeconds: backAtSecond - atSecond,
    outageReads: reads,
    outageAnswered: reads - sumBetween(counted.failed, atSecond, backAtSecond),
  };
}
