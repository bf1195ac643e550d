import { setTimeout as sleep } from 'node:timers/promises';
import { RESTAURANT } from '../../lab/bench-context.ts';
import { tInterval } from '../../lab/stats/t-interval.ts';
import type { Knobs, Measured, SentenceInput } from '../contract.ts';
import { type Core, nowUs } from './core.ts';
import { type LoadWish, PRICES, UPDATE_PATH } from './load.ts';
import { ascending } from './meter.ts';
import { loadsOfOneExpiry } from './reveals.ts';

/** What a run found. */
export type Found = Pick<Measured, 'measured' | 'interval' | 'unit' | 'n' | 'how'> & {
  /** Numbers of the sentence as they were, where the run did not have those asked for. */
  asRun: Partial<Pick<SentenceInput, 'loadMs' | 'readsPerSecond'>>;
};

/** Makes the room as the run needs it; the knobs are put back afterwards by whoever began it. */
export type Arrange = (knobs: Partial<Knobs>, load?: Partial<LoadWish>) => Promise<void>;

const RATIO_SECONDS = 18;
const BATCH_SECONDS = 2;
const FIRST_LOAD_MS = 15_000;
const EXPIRIES = 6;
const EXPIRY_RUN_MS = 19_000;
const PRIMERS = 8;
const MAX_AVALANCHE_SECONDS = 18;
const CALM_MS = 500;

/** Statements of a page with BEGIN and COMMIT, and what they take without a network, on a laptop, in ms. */
const COST = { naive: { trips: 116, ownMs: 40 }, joined: { trips: 1, ownMs: 30 } };

/** The knob with which a load takes about so long: for most of the time it waits for the network. */
function latencyFor(loadMs: number, core: Core): number {
  const { trips, ownMs } = core.policy.settings['query'] === 'joined' ? COST.joined : COST.naive;
  return Math.min(50, Math.max(0, (loadMs - ownMs) / trips));
}

/**
 * Share of hits, or of answers with an old price, in 15 s.
 * @param run - `speed`: how many times as fast as asked life, edits and load are, which changes no share if the reads are, too.
 */
export async function ratioRun(
  core: Core,
  arrange: Arrange,
  input: SentenceInput,
  { speed, readsPerSecond }: { speed: number; readsPerSecond: number },
): Promise<Found> {
  const { ttlSeconds, editsPerMinute, loadMs, sentence } = input;
  const keepsCopies = core.policy.settings['store'] === 'redis';
  const lifeSeconds = ttlSeconds / speed;
  // Answers within one life of a copy are alike: each life is one observation.
  const batchSeconds = keepsCopies ? Math.max(1, lifeSeconds) : BATCH_SECONDS;
  await arrange({
    ...(keepsCopies ? { ttlSeconds: lifeSeconds } : {}),
    readsPerSecond,
    dbLatencyMs: latencyFor(loadMs / speed, core),
  });
  const editing = new AbortController();
  const edits = editAtRandom(core, (editsPerMinute * speed) / 60, editing.signal);
  const batches = new Map<number, { all: number; counted: number }>();
  const loadsMs: number[] = [];
  try {
    if (!(await core.watch(({ loads }) => loads.length > 0, FIRST_LOAD_MS)))
      throw new Error('nobody loaded the page: is k6 running?');
    const sinceUs = nowUs();
    await core.watch(({ reads, loads }) => {
      for (const { startUs, endUs } of loads) loadsMs.push((endUs - startUs) / 1000);
      for (const read of reads) {
        if (read.slug !== RESTAURANT || read.startUs < sinceUs || read.hit === null) continue;
        const batch = Math.floor((read.startUs - sinceUs) / (batchSeconds * 1e6));
        const known = batches.get(batch) ?? { all: 0, counted: 0 };
        const counts = sentence === 'hit-ratio' ? read.hit : core.meter.wrongMs(read) > 0;
        batches.set(batch, { all: known.all + 1, counted: known.counted + (counts ? 1 : 0) });
      }
      return false;
    }, RATIO_SECONDS * 1000);
  } finally {
    editing.abort();
    await edits;
  }
  const rows = [...batches.values()];
  const all = rows.reduce((sum, batch) => sum + batch.all, 0);
  const counted = rows.reduce((sum, batch) => sum + batch.counted, 0);
  if (all === 0) throw new Error('no page was answered: is k6 running?');
  const percent = rows.map((batch) => (100 * batch.counted) / batch.all);
  const mean = tInterval(percent, 0.95);
  const measured = (100 * counted) / all;
  const loadTookMs = loadsMs.length === 0 ? loadMs / speed : meanOf(loadsMs);
  return {
    measured,
    asRun: { loadMs: loadTookMs * speed, readsPerSecond: readsPerSecond / speed },
    interval:
      mean === null
        ? null
        : [
            Math.max(0, measured - (mean.mean - mean.low)),
            Math.min(100, measured + (mean.high - mean.mean)),
          ],
    unit: '%',
    n: all,
    how: [
      `${counted} of ${all} answers in ${RATIO_SECONDS} s`,
      speed === 1
        ? ''
        : `${round(speed)} times as fast as asked: TTL ${round(lifeSeconds)} s, ${round(readsPerSecond)} reads/s, ${round(editsPerMinute * speed)} edits/min`,
      `a load took ${Math.round(loadTookMs)} ms, for which the closed form is given`,
      `interval from the shares of each ${round(batchSeconds)} s`,
    ]
      .filter((part) => part !== '')
      .join('; '),
  };
}

/** Loads of one page each time its copy is deleted under the reads. */
export async function expiryRun(
  core: Core,
  arrange: Arrange,
  { readsPerSecond, loadMs }: SentenceInput,
): Promise<Found> {
  await arrange({
    // No other expiry comes between.
    ttlSeconds: 3600,
    readsPerSecond,
    dbLatencyMs: latencyFor(loadMs, core),
  });
  const counts: number[] = [];
  const loadsMs: number[] = [];
  const untilMs = Date.now() + EXPIRY_RUN_MS;
  for (let spentMs = 0; counts.length < EXPIRIES && Date.now() + spentMs < untilMs; ) {
    const sinceMs = Date.now();
    const loads = await loadsOfOneExpiry(core, CALM_MS);
    counts.push(loads.length);
    loadsMs.push(...loads.map(({ startUs, endUs }) => (endUs - startUs) / 1000));
    spentMs = Date.now() - sinceMs;
  }
  const mean = tInterval(counts, 0.95);
  return {
    measured: meanOf(counts),
    asRun: { loadMs: meanOf(loadsMs) },
    interval: mean === null ? null : [Math.max(0, mean.low), mean.high],
    unit: 'loads',
    n: counts.length,
    how: `${counts.length} expiries, each by DEL, under ${readsPerSecond} reads/s: ${counts.join(', ')} loads, which took ${Math.round(meanOf(loadsMs))} ms each, for which the closed form is given`,
  };
}

/** Copies of many stores that were made in one moment end; the loads of the fullest second. */
export async function avalancheRun(
  core: Core,
  arrange: Arrange,
  input: SentenceInput & { copies: number; jitter: number },
): Promise<Found> {
  const { copies, jitter, ttlSeconds, readsPerSecond, loadMs } = input;
  await arrange({ ttlSeconds: 3600, readsPerSecond: 0, dbLatencyMs: 0 });
  await prime(core, copies);
  await arrange(
    {
      ttlSeconds: 3600,
      readsPerSecond,
      dbLatencyMs: latencyFor(loadMs, core),
      otherStoresShare: 1,
    },
    { popularity: 'uniform', stores: copies },
  );
  const spreadSeconds = 2 * jitter * ttlSeconds;
  const sinceUs = nowUs();
  await endTogether(core, spreadSeconds);
  const starts: number[] = [];
  const seconds = Math.min(
    MAX_AVALANCHE_SECONDS,
    spreadSeconds + (2 * copies) / readsPerSecond + 3,
  );
  await core.watch(({ loads }) => {
    for (const { startUs } of loads) if (startUs >= sinceUs) starts.push(startUs);
    return false;
  }, seconds * 1000);
  return {
    measured: fullestSecond(starts),
    asRun: {},
    interval: null,
    unit: 'loads/s',
    n: starts.length,
    how: `${starts.length} loads of ${copies} stores’ pages in ${round(seconds)} s; their copies were given ends spread over ${round(spreadSeconds)} s (PEXPIRE) in place of a wait for the TTL; most loads that began within one second`,
  };
}

/** @returns Most events within one second, wherever it begins. */
export function fullestSecond(startsUs: readonly number[]): number {
  const sorted = startsUs.toSorted(ascending);
  let [first, most] = [0, 0];
  for (const [last, startUs] of sorted.entries()) {
    while (startUs - sorted[first]! >= 1e6) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Poisson, as the closed forms have it; k6's come at even distances. */
async function editAtRandom(core: Core, perSecond: number, stop: AbortSignal): Promise<void> {
  if (perSecond === 0) return;
  for (let edits = 0; !stop.aborted; edits += 1) {
    const ms = (-Math.log(1 - Math.random()) / perSecond) * 1000;
    await sleep(ms, undefined, { signal: stop }).catch(() => {}); // the end came first
    if (stop.aborted) return;
    const price = PRICES[edits % 2 === 0 ? 0 : 1];
    await core
      .nextStore()
      .call('POST', UPDATE_PATH, { price })
      .catch(() => null);
  }
}

/** Asks once for each of these stores, a few at a time. */
async function prime(core: Core, copies: number): Promise<void> {
  let next = 0;
  const primer = async (): Promise<void> => {
    while (next < copies) {
      next += 1;
      const slug = `store-${String(next).padStart(5, '0')}`;
      await core.nextStore().call('GET', `/stores/${slug}/catalog`);
    }
  };
  await Promise.all(Array.from({ length: PRIMERS }, primer));
}

async function endTogether(core: Core, spreadSeconds: number): Promise<void> {
  const { redis } = core.services;
  const keys = await redis.ask((client) => client.keys('store_catalog:store-*'));
  const copies = (keys ?? []).filter((key) => /^store_catalog:store-\d+(:v\d+)?$/.test(key));
  if (copies.length === 0) throw new Error('no copies lie in Redis: does the policy keep them?');
  await redis.ask((client) => {
    const pipeline = client.pipeline();
    for (const key of copies)
      pipeline.pexpire(key, CALM_MS + Math.round(Math.random() * spreadSeconds * 1000));
    return pipeline.exec();
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** To two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
