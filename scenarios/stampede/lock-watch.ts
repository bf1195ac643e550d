import type { Hands } from '../../lab/protocol.ts';
import type { LoadRow } from './expiries.ts';
import { SLUG } from './hot-page.ts';

/** How often the lock is looked at. */
const STEP_MS = 10;
/** A lock with so much left did not end by itself between two looks. */
const STILL_LONG_MS = 60;
/** A load that ends so soon after is the one whose holder freed the lock. */
const OWN_END_US = 60_000;

/** A moment at which the lock went away although it had time left. */
interface Release {
  atUs: number;
}

/**
 * Looks at the page's lock in Redis while the bursts run.
 * @returns `seen`, at the end: counts, for the loads of one burst, the releases that freed the lock of a load still under
 * way: its holder had lost it to nobody, another's plain DEL took it.
 */
export function watchLock(hands: Hands): {
  seen(): (loads: readonly LoadRow[]) => number;
  stop(): void;
} {
  const key = `${hands.catalogKey(SLUG)}:lock`;
  const releases: Release[] = [];
  let leftMs = -2;
  let isAsking = false;
  const look = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const nowLeftMs = await hands.redis.pttl(key);
    if (leftMs > STILL_LONG_MS && nowLeftMs < 0) releases.push({ atUs: hands.nowUs() });
    leftMs = nowLeftMs;
    isAsking = false;
  };
  // Where Redis is gone it looks no more: the protocol hears of that.
  const timer = setInterval(() => void look().catch(() => {}), STEP_MS);
  return {
    seen: () => (loads) => releases.filter(({ atUs }) => freesAnother(atUs, loads)).length,
    stop: () => clearInterval(timer),
  };
}

/** The load that began last holds the lock. */
function freesAnother(atUs: number, loads: readonly LoadRow[]): boolean {
  const holder = loads.findLast(({ startUs }) => startUs < atUs);
  return holder !== undefined && holder.endUs > atUs + OWN_END_US;
}
