import type { Hands, LoadResult, Protocol } from '../../lab/protocol.ts';
import { OUTCOMES } from '../../lab/result.ts';
import { storeSlug } from '../lib/stores.ts';
import { type Fault, FAULTS, PAGES_PER_SECOND, POOL_SIZE, STORES } from './arms.ts';
import { FAULT_SCRIPTS } from './faults.ts';
import {
  answeredSeries,
  type AskedPage,
  circuitLevel,
  type Look,
  lookSeries,
  type Moments,
  phasesOf,
  recoverySeconds,
  slowestSeries,
  windowOf,
} from './windows.ts';

const STALE = OUTCOMES.indexOf('stale');
const WARM_TRIES = 20;
const LOOK_EVERY_MS = 250;
/** Undisturbed pages that must have come in time, for the fault to be what is seen. */
const WELL = 0.995;

/** Steady readers; a service goes wrong; it is well again; the readers go on for some seconds. */
export const protocol: Protocol = {
  async run(hands) {
    const fault = faultOf(hands);
    const phases = phasesOf(hands.design.measureSeconds);
    const endMs = hands.design.measureSeconds * 1000;
    const slugs = Array.from({ length: STORES }, (_, index) => storeSlug(index + 1));
    const prepared = await FAULT_SCRIPTS[fault](hands);
    let isOver = false;
    const heal = async (): Promise<void> => {
      if (isOver) return;
      isOver = true;
      await prepared.end();
    };
    try {
      await Promise.all(slugs.map((slug) => warm(hands, slug)));
      const running = hands.load({ extra: { stores: STORES } });
      await running.measureBegins;
      const clock = { startMs: Date.now(), startUs: hands.nowUs() };
      const watching = watch(hands, clock.startMs, endMs);
      watching.catch(() => {}); // awaited below, unless something else fails before
      const at = (): number => Date.now() - clock.startMs;
      await hands.sleep(phases.quietSeconds * 1000);
      hands.event('fault', FAULTS[fault]);
      const faultMs = at();
      await prepared.begin();
      await hands.sleep(Math.max(0, endMs - phases.afterSeconds * 1000 - at()));
      await heal();
      hands.event('heal', 'over');
      const healMs = at();
      const load = await running.done;
      const looks = await watching;
      return await found(hands, { clock, load, looks, moments: { faultMs, healMs, endMs } });
    } finally {
      await heal();
    }
  },
};

function faultOf({ arm }: Hands): Fault {
  const fault = arm.parameters?.['fault'];
  if (typeof fault === 'string' && Object.hasOwn(FAULTS, fault)) return fault as Fault;
  throw new Error(`unknown fault: ${String(fault)}`);
}

/** All stores at once, so that the pool opens its connections before they are needed: some may take longer than they are allowed. */
async function warm({ servers }: Hands, slug: string): Promise<void> {
  let status = 0;
  for (let tries = 0; tries < WARM_TRIES && status !== 200; tries += 1)
    ({ status } = await servers[0]!.page(`/stores/${slug}/catalog`));
  if (status !== 200) throw new Error(`${slug} answered ${status} before any fault`);
}

/** Looks at the server's counters until the measured phase is over. */
async function watch(hands: Hands, startMs: number, endMs: number): Promise<Look[]> {
  const looks: Look[] = [];
  for (let dueMs = 0; dueMs < endMs; dueMs += LOOK_EVERY_MS) {
    const waitMs = dueMs - (Date.now() - startMs);
    if (waitMs < -LOOK_EVERY_MS) continue; // the last answer took long
    await hands.sleep(Math.max(0, waitMs));
    const { pool, redis } = await hands.stats();
    looks.push({
      atMs: Date.now() - startMs,
      waiting: pool.waiting,
      shed: pool.shed,
      isRedisUp: redis.state === 'up',
      circuit: redis.circuit,
    });
  }
  return looks;
}

async function found(
  hands: Hands,
  seen: {
    clock: { startMs: number; startUs: number };
    load: LoadResult;
    looks: Look[];
    moments: Moments;
  },
): Promise<Awaited<ReturnType<Protocol['run']>>> {
  const { clock, load, looks, moments } = seen;
  const { faultMs, healMs, endMs } = moments;
  const journals = await hands.journals();
  const atMs = (us: number): number => (us - clock.startUs) / 1000;
  const pages: AskedPage[] = load.pages.map(({ startMs, responseMs, failed }) => ({
    ...{ atMs: startMs - clock.startMs, responseMs, failed },
  }));
  const staleAtMs = journals.flatMap(({ reads }) =>
    reads.outcome.flatMap((outcome, row) => (outcome === STALE ? [atMs(reads.startUs[row]!)] : [])),
  );
  const loadsMs = journals.flatMap(({ loads }) =>
    loads.endUs.flatMap((endUs, row) => {
      const isQuiet = atMs(loads.startUs[row]!) >= 0 && atMs(endUs) < faultMs;
      return isQuiet ? [(endUs - loads.startUs[row]!) / 1000] : [];
    }),
  );
  const loadMs = loadsMs.reduce((sum, one) => sum + one, 0) / Math.max(1, loadsMs.length);
  const capacity = loadMs === 0 ? 0 : (POOL_SIZE * 1000) / loadMs;
  const quiet = windowOf(pages, 0, faultMs);
  const during = windowOf(pages, faultMs, healMs);
  const after = windowOf(pages, healMs, endMs);
  // Arrivals that found no user are pages that nobody got; they came while others hung.
  const { dropped } = load.measurement.counts;
  const problems: string[] = [];
  if (quiet.answered < quiet.pages * WELL)
    problems.push(
      `${quiet.pages - quiet.answered} of ${quiet.pages} pages failed before the fault`,
    );
  const rate = load.measurement.offeredRatePerSecond ?? PAGES_PER_SECOND;
  if (capacity < 2 * rate)
    problems.push(
      `the database loads ${capacity.toFixed(0)} pages/s: ${rate}/s are not well below that`,
    );
  return {
    load,
    problems,
    findings: {
      totals: {
        ...{ quietPages: quiet.pages, quietAnswered: quiet.answered },
        ...{ faultPages: during.pages + dropped, faultAnswered: during.answered },
        ...{ afterPages: after.pages, afterAnswered: after.answered },
        ...{ faultFailed: during.pages - during.times.length + dropped },
        ...{ quietFailed: quiet.pages - quiet.times.length },
        ...{ shed: looks.at(-1)?.shed ?? 0, stale: staleAtMs.filter((ms) => ms >= faultMs).length },
      },
      samples: {
        ...{ quietMs: quiet.times, faultMs: during.times },
        recoverySeconds: [recoverySeconds(moments, pages, looks, staleAtMs)],
        mostWaiting: [Math.max(0, ...looks.map(({ waiting }) => waiting))],
        loadMs: [loadMs],
        capacityPagesPerSecond: [capacity],
        faultSeconds: [(healMs - faultMs) / 1000],
      },
      series: [
        { name: 'answered', points: answeredSeries(pages, endMs) },
        { name: 'slowest', points: slowestSeries(pages, endMs) },
        { name: 'waiting', points: lookSeries(looks, ({ waiting }) => waiting) },
        { name: 'circuit', points: lookSeries(looks, circuitLevel) },
      ],
      notes: [],
    },
  };
}
