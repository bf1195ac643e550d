import type { Arm, ProfileDesign } from '../../lab/experiment.ts';
import type { Hands, LoadResult, ProtocolResult } from '../../lab/protocol.ts';
import { READERS } from './arms.ts';
import { openBarrier } from './barrier.ts';
import { between, burstProblem, figuresOf, historyOf, p99Ms } from './expiries.ts';
import type { History, PageTime } from './expiries.ts';
import { breakTheQuery } from './fault.ts';
import {
  clockOf,
  deleteCopy,
  endCopyIn,
  loadEvents,
  loadsDone,
  parameter,
  refreshesDone,
  SLUG,
  timedLoadMs,
} from './hot-page.ts';
import { watchLock } from './lock-watch.ts';
import { loadsInFlight, Record } from './record.ts';

/** From the announcement of a burst to the burst: time for all readers to hear of it. */
const NOTICE_MS = 200;
/** Between two bursts, beside the loads: waiting until all is quiet, and the notice. */
const BETWEEN_MS = 500;
/** After a failed load policies send the old page for 1 s without another try. */
const AFTER_FAILURE_MS = 1100;
/** By so much a copy is past its life at a burst. */
const PAST_MS = 500;
/** Share of bursts that must have been bursts. */
const COUNTED_SHARE = 0.9;

function repetitionsOf(arm: Arm, design: ProfileDesign): number {
  const most = parameter(arm, 'mostRepetitions', 20);
  return Math.max(1, Math.min(most, Math.round(design.measureSeconds / 2.5)));
}

/** @param loadMs - Of one load alone; the arm knows how much longer its bursts take. */
function secondsFor(turns: number, arm: Arm, loadMs: number): number {
  return (turns * (loadMs * parameter(arm, 'stretch', 1.2) + BETWEEN_MS)) / 1000;
}

/** Wall seconds, for the plan, which knows no load time yet. */
export function secondsOfBursts(arm: Arm, design: ProfileDesign): number {
  return secondsFor(repetitionsOf(arm, design) + 1, arm, 900) + 2;
}

/** All readers at once, again and again: the copy is gone or past its life at each burst, and fresh between them. */
export async function runBursts(hands: Hands): Promise<ProtocolResult> {
  const { arm, design } = hands;
  const readers = parameter(arm, 'readers', READERS);
  const repetitions = repetitionsOf(arm, design);
  const aloneMs = await timedLoadMs(hands);
  const toUs = clockOf(hands);
  const barrier = await openBarrier();
  const fault = arm.parameters?.['fault'] === true ? await breakTheQuery(hands) : null;
  const lock = arm.parameters?.['watchLock'] === true ? watchLock(hands) : null;
  try {
    const running = hands.load({
      arrivals: 'burst',
      virtualUsers: readers,
      warmSeconds: 0,
      measureSeconds: secondsFor(repetitions, arm, aloneMs),
      // The first burst is a rehearsal: it opens connections, and the server's code becomes warm.
      extra: { barrierUrl: barrier.url, turns: repetitions + 1, rehearsals: 1 },
    });
    const moments: Moment[] = [];
    const isLogical = arm.parameters?.['expiry'] === 'logical';
    const settle = async (): Promise<void> => {
      if (isLogical && moments.length > 0) await refreshesDone(hands, before);
      await loadsDone(hands);
      if (moments.at(-1)?.fails === true) await hands.sleep(AFTER_FAILURE_MS);
    };
    let before = await loadEvents(hands);
    for (let turn = 0; turn <= repetitions; turn += 1) {
      await Promise.race([barrier.filled(turn, readers), running.done]);
      await settle();
      before = await loadEvents(hands);
      await (isLogical ? endCopyIn(hands, -PAST_MS) : deleteCopy(hands));
      // Every other burst meets a query that fails; the healthy ones show that the page still works.
      const fails = fault !== null && turn > 0 && turn % 2 === 0;
      await fault?.set(fails);
      const epochMs = Date.now() + NOTICE_MS;
      moments.push({ fromUs: hands.nowUs(), atUs: toUs(epochMs), fails });
      barrier.announce(turn, epochMs);
    }
    const load = await running.done;
    await settle();
    const history = historyOf(await hands.journals(), SLUG);
    const endUs = hands.nowUs();
    const bursts = moments.map((moment, turn) => ({
      ...moment,
      ...between(history, moment.fromUs, moments[turn + 1]?.fromUs ?? endUs),
    }));
    const pages = pageTimes(load, toUs);
    return await judge(hands, {
      ...{ load, pages, readers, bursts: bursts.slice(1) },
      lock: lock?.seen() ?? null,
    });
  } finally {
    lock?.stop();
    await fault?.set(false);
    barrier.close();
  }
}

export function pageTimes(load: LoadResult, toUs: (epochMs: number) => number): PageTime[] {
  return load.pages
    .filter(({ failed }) => !failed)
    .map(({ startMs, responseMs }) => ({ startUs: toUs(startMs), responseMs }))
    .sort((a, b) => a.startUs - b.startUs);
}

/** When a burst was due, and from when on reads and loads are its own. */
interface Moment {
  fromUs: number;
  atUs: number;
  fails: boolean;
}

interface Burst extends History, Moment {}

/** The figures of all bursts that were one. */
async function judge(
  hands: Hands,
  seen: {
    load: LoadResult;
    bursts: readonly Burst[];
    pages: readonly PageTime[];
    readers: number;
    lock: ReturnType<ReturnType<typeof watchLock>['seen']> | null;
  },
): Promise<ProtocolResult> {
  const { load, bursts, readers } = seen;
  const record = new Record();
  const problems: string[] = [];
  const readersWait = hands.arm.parameters?.['expiry'] !== 'logical';
  const counted: Burst[] = [];
  for (const [index, burst] of bursts.entries()) {
    record.add('bursts', 1);
    if (burst.fails) {
      failedBurst(record, burst);
      continue;
    }
    const problem = burstProblem(burst, readers, readersWait);
    if (problem !== null) {
      record.note(`burst ${index + 1} does not count: ${problem}`);
      continue;
    }
    counted.push(burst);
    record.expiry(figuresOf(burst));
    record.sample('p99Ms', p99Ms(pagesOf(burst, seen.pages)));
    if (seen.lock !== null) record.add('foreignReleases', seen.lock(burst.loads));
  }
  const healthy = bursts.filter(({ fails }) => !fails).length;
  record.add('counted', counted.length);
  if (counted.length < Math.floor(COUNTED_SHARE * healthy) || counted.length === 0) {
    problems.push(
      `only ${counted.length} of ${healthy} bursts were simultaneous, at least ${Math.floor(COUNTED_SHARE * healthy)} must be`,
    );
  }
  const { failed } = load.measurement.counts;
  if (failed > 0 && !bursts.some(({ fails }) => fails)) problems.push(`${failed} pages failed`);
  record.series('loadsInFlight', loadsInFlight(counted));
  if (hands.arm.parameters?.['heat'] === true) record.series('response', heat(counted, seen.pages));
  const { cacheEvents } = await hands.stats();
  for (const [event, count] of Object.entries(cacheEvents)) record.add(`event ${event}`, count);
  return { load, findings: record.findings(), problems };
}

/** A burst whose loads fail: how many tries, and for how long the readers were kept. */
function failedBurst(record: Record, { reads, loads }: Burst): void {
  if (reads.length === 0) return;
  record.add('failingBursts', 1);
  record.sample('failingLoadsPerExpiry', loads.filter(({ failed }) => failed).length);
  const firstUs = Math.min(...reads.map(({ startUs }) => startUs));
  record.sample('failingMs', (Math.max(...reads.map(({ endUs }) => endUs)) - firstUs) / 1000);
  record.add('failedReads', reads.filter(({ status }) => status >= 500).length);
  record.add('readsWhileFailing', reads.length);
}

/** The pages of one burst. */
function pagesOf({ fromUs, reads }: Burst, pages: readonly PageTime[]): PageTime[] {
  const untilUs = Math.max(...reads.map(({ endUs }) => endUs));
  return pages.filter(({ startUs }) => startUs >= fromUs && startUs <= untilUs);
}

/** `[seconds since the burst, response time in ms]` of each page. */
function heat(bursts: readonly Burst[], pages: readonly PageTime[]): [number, number][] {
  return bursts
    .flatMap((burst) =>
      pagesOf(burst, pages).map(({ startUs, responseMs }): [number, number] => [
        (startUs - burst.atUs) / 1e6,
        responseMs,
      ]),
    )
    .sort(([a], [b]) => a - b);
}
