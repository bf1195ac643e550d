import { RESTAURANT } from '../../lab/bench-context.ts';
import type { QuestionId } from '../contract.ts';
import { bringRedisBack, deleteCopy, editPrice, hasCopy, killRedis } from './actions.ts';
import { type Core, nowUs } from './core.ts';
import { FLOOD_SECONDS } from './load.ts';
import { ascending, type PageLoad, type PageRead, quantile } from './meter.ts';
import { RefusalError } from './refusal.ts';

const HIT_RATIO_MS = 10_000;
const EDIT_BOUND_MS = 30_000;
/** An old price is held to be gone when for so long no answer has shown it. */
const QUIET_MS = 3000;
const QUIET_ANSWERS = 5;
const EXPIRIES = 3;
const EXPIRY_MS = 20_000;
/** Loads of one expiry that end after the first: those that began before it was there. */
const LAGGARDS_MS = 2000;
const AFTER_KILL_MS = 5000;
const COPY_WAIT_MS = 10_000;

/** What was found, and how. */
interface Answer {
  answer: number;
  how: string;
}

/** How a question is answered by what really happens. */
export interface Reveal {
  /** About, for who has to wait. */
  lastsMs: number;
  /** @throws RefusalError where the room as it is turned gives no answer. */
  check: (core: Core) => void;
  run: (core: Core) => Promise<Answer>;
}

export const REVEALS: Record<QuestionId, Reveal> = {
  'hit-ratio': { lastsMs: HIT_RATIO_MS, check: needsReads(0.1), run: hitRatio },
  'stale-after-edit': { lastsMs: EDIT_BOUND_MS, check: needsReads(1), run: staleAfterEdit },
  'loads-per-expiry': {
    lastsMs: EXPIRIES * 5000,
    check(core) {
      needsReads(0.5)(core);
      needsCopies(core);
      needsRedis(core);
    },
    run: async (core) => {
      const counts: number[] = [];
      for (let round = 0; round < EXPIRIES; round += 1)
        counts.push((await loadsOfOneExpiry(core)).length);
      const answer = quantile(counts.toSorted(ascending), 0.5)!;
      return {
        answer,
        how: `median of ${EXPIRIES} expiries under ${core.knobs.readsPerSecond} reads/s: ${counts.join(', ')} loads`,
      };
    },
  },
  'p99-redis-dies': {
    lastsMs: AFTER_KILL_MS + 2000,
    check(core) {
      needsReads(1)(core);
      needsRedis(core);
    },
    run: p99RedisDies,
  },
  'selects-flood': {
    lastsMs: FLOOD_SECONDS * 1000 + 2000,
    check({ services: { load } }) {
      if (load.flooding())
        throw new RefusalError('A flood is under way: reveal this after its end.', null, 409);
    },
    run: selectsFlood,
  },
};

function needsReads(least: number): (core: Core) => void {
  return ({ knobs: { readsPerSecond } }) => {
    if (readsPerSecond >= least) return;
    throw new RefusalError(
      `readsPerSecond is ${readsPerSecond}; at least ${least} is needed to see anything: turn it up, then reveal.`,
      'readsPerSecond',
      409,
    );
  };
}

function needsCopies({ policy }: Core): void {
  if (policy.settings['store'] === 'redis') return;
  throw new RefusalError(
    `Preset ${policy.preset} keeps no copy in Redis that could expire: choose one that does, e.g. cached.`,
    'preset',
    409,
  );
}

function needsRedis({ services: { redis } }: Core): void {
  if (redis.state() === 'up') return;
  throw new RefusalError(`Redis is ${redis.state()}: bring it back first (key 4).`, null, 409);
}

async function hitRatio(core: Core): Promise<Answer> {
  let [hits, asked] = [0, 0];
  await core.watch(({ reads }) => {
    for (const { hit } of reads) {
      if (hit !== null) asked += 1;
      if (hit === true) hits += 1;
    }
    return false;
  }, HIT_RATIO_MS);
  if (asked === 0) throw new Error('no page was asked for in 10 s: is k6 running?');
  return { answer: (100 * hits) / asked, how: `${hits} hits of ${asked} page requests in 10 s` };
}

async function staleAfterEdit(core: Core): Promise<Answer> {
  const { readsPerSecond } = core.knobs;
  const quietMs = Math.max(QUIET_MS, (QUIET_ANSWERS / readsPerSecond) * 1000);
  const edit = await editPrice(core);
  core.mark({ kind: 'action', what: 'edit-price', detail: edit.detail });
  let [lastOldUs, old, all] = [0, 0, 0];
  const gone = await core.watch(({ reads, nowUs: lookUs }) => {
    for (const { slug, version, startUs, endUs } of reads) {
      if (slug !== RESTAURANT || version === 0 || startUs < edit.ackUs) continue;
      all += 1;
      if (version >= edit.version) continue;
      old += 1;
      lastOldUs = Math.max(lastOldUs, endUs);
    }
    return lookUs - Math.max(lastOldUs, edit.ackUs) > quietMs * 1000 && all >= QUIET_ANSWERS;
  }, EDIT_BOUND_MS);
  const seconds = old === 0 ? 0 : (lastOldUs - edit.ackUs) / 1e6;
  const shown = `${old} of ${all} answers showed the old price`;
  if (gone)
    return {
      answer: seconds,
      how: `${shown}; the last one ${seconds.toFixed(2)} s after the edit`,
    };
  if (old === 0) throw new Error('too few answers in 30 s to say: turn readsPerSecond up');
  return {
    answer: EDIT_BOUND_MS / 1000,
    how: `at least: ${shown} in the ${EDIT_BOUND_MS / 1000} s that were watched, the last one after ${seconds.toFixed(1)} s`,
  };
}

/**
 * The copy ends now: every load that begins before the first of them has brought a new copy belongs to this expiry.
 * @param calmMs - How long after that end loads are still waited for.
 * @throws Error without a copy, or when nobody loads.
 */
export async function loadsOfOneExpiry(
  core: Core,
  calmMs: number = LAGGARDS_MS,
): Promise<PageLoad[]> {
  await copyThere(core);
  const loads: PageLoad[] = [];
  const sinceUs = nowUs();
  await deleteCopy(core);
  let firstEndUs = Number.POSITIVE_INFINITY;
  const seen = await core.watch((look) => {
    for (const load of look.loads) {
      if (load.slug !== RESTAURANT || load.startUs < sinceUs) continue;
      loads.push(load);
      firstEndUs = Math.min(firstEndUs, load.endUs);
    }
    return look.nowUs > firstEndUs + calmMs * 1000 && look.inUse === 0;
  }, EXPIRY_MS);
  if (!seen && loads.length === 0) throw new Error('nobody loaded the page: is k6 running?');
  return loads.filter(({ startUs }) => startUs <= firstEndUs);
}

/** The page has a copy, and no load is under way that would put back one that is deleted now. */
async function copyThere(core: Core): Promise<void> {
  const sinceMs = Date.now();
  await core.watch(({ inUse }) => inUse === 0, COPY_WAIT_MS);
  while (!(await hasCopy(core))) {
    needsRedis(core);
    if (Date.now() - sinceMs > COPY_WAIT_MS)
      throw new Error(
        'the restaurant has no copy: does the policy keep one, and does Redis take it?',
      );
    await core.watch(() => true, 1000);
  }
}

async function p99RedisDies(core: Core): Promise<Answer> {
  const killed = await killRedis(core);
  const sinceUs = nowUs();
  core.mark({ kind: 'action', what: 'kill-redis', detail: killed });
  const reads: PageRead[] = [];
  try {
    await core.watch((look) => {
      reads.push(...look.reads.filter(({ endUs }) => endUs > sinceUs));
      return false;
    }, AFTER_KILL_MS);
  } finally {
    const back = await bringRedisBack(core);
    core.mark({ kind: 'action', what: 'bring-redis-back', detail: back });
  }
  const micros = reads.map(({ startUs, endUs }) => endUs - startUs).sort(ascending);
  const p99 = quantile(micros, 0.99);
  if (p99 === null) throw new Error('no answer in the 5 s after the kill');
  const failed = reads.filter(({ status }) => status >= 500).length;
  return {
    answer: p99 / 1000,
    how: `of ${reads.length} answers (${failed} failed) in the 5 s after the kill, handling time at the server; requests still waiting then do not count`,
  };
}

async function selectsFlood(core: Core): Promise<Answer> {
  let before = 0;
  let beforeSeconds = 0;
  const count = async (ms: number): Promise<{ selects: number; seconds: number }> => {
    let selects = 0;
    const sinceUs = nowUs();
    let untilUs = sinceUs;
    await core.watch((look) => {
      selects += look.selects;
      untilUs = look.nowUs;
      return false;
    }, ms);
    return { selects, seconds: Math.max(0.1, (untilUs - sinceUs) / 1e6) };
  };
  ({ selects: before, seconds: beforeSeconds } = await count(2000));
  const { done } = await core.services.load.flood();
  core.mark({ kind: 'action', what: 'flood', detail: `100/s for ${FLOOD_SECONDS} s` });
  const { selects, seconds } = await count(FLOOD_SECONDS * 1000);
  await done;
  return {
    answer: selects / seconds,
    how: `${selects} SELECTs in ${seconds.toFixed(1)} s of flood (100 requests/s for stores that do not exist) beside the load as turned, which made ${(before / beforeSeconds).toFixed(0)}/s in the 2 s before`,
  };
}
