import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Miss, Slots, Work, Write } from './cache-aside.ts';
import { decodeEntry } from './entry.ts';
import type { PolicySettings } from './registry.ts';
import { CLAIM, FAIL, failuresKey, lockKey, RELEASE, staleCopyKey } from './scripts.ts';
import type { Read, Services } from './strategy.ts';

/** The load that a reader waited for failed in another process; his own would most likely fail too. */
export class LoadFailedElsewhere extends Error {
  constructor() {
    super('the load of another process, which this reader waited for, failed');
    this.name = 'LoadFailedElsewhere';
  }
}

/** `onLockTimeout` "fail". */
export class LockTimeout extends Error {
  constructor(waitedMs: number) {
    super(`another loads this page for longer than the ${waitedMs} ms that a reader waits`);
    this.name = 'LockTimeout';
  }
}

/** What the holder of the token does. Resolves also when the page could not be kept; rejects when the load failed. */
type Hold = (miss: Miss, work: Work, token: string) => Promise<Read>;

interface Claimed {
  hold: Hold;
  tokenKey: (key: string) => string;
  /** How a reader writes who loads without the token, because he has waited long enough. Undefined: as usual; null: not. */
  writeWithoutToken?: Write | null;
}

/**
 * The lock done right: a token, a second look in the same step as the claim, and compare-and-delete.
 * Loads per expiry: 1, or ceil(load time / lock TTL) where the lock is shorter than the load. Crash of the holder: the
 * others wait for what is left of the lock.
 * Known weakness: an invalidation deletes the page and not the lock. A load that began before it fills the old page
 * after it; and since nobody else loads meanwhile, nothing overwrites that page until its TTL is over.
 */
export function lockGate(slots: Slots, settings: PolicySettings, services: Services): void {
  const { store, count } = services;
  const hold: Hold = async (miss, work, token) => {
    const read = await work.fill(miss);
    const released = await store.run(RELEASE, [lockKey(miss.key)], [token]).catch(() => null);
    if (released === 0) count('lock-lost');
    return read;
  };
  slots.gate = claimGate(slots, settings, services, { hold, tokenKey: lockKey });
}

/** What lock and lease have in common: claiming, waiting, and what becomes of those who waited in vain. */
export function claimGate(
  slots: Slots,
  settings: PolicySettings,
  services: Services,
  { hold, tokenKey, writeWithoutToken }: Claimed,
): Slots['gate'] {
  const { store, now, count } = services;
  const { lockPollMs, onLockTimeout } = settings;
  const lockTtlMs = settings.lockTtlMs ?? 0;
  const lockWaitMs = settings.lockWaitMs ?? 0;
  // Who follows a load in this process gains nothing from a second one beside it.
  slots.followMs = onLockTimeout === 'load' ? null : lockWaitMs;

  slots.overdue = async (miss, work) => {
    count('lock-timeout');
    if (onLockTimeout === 'fail') throw new LockTimeout(lockWaitMs);
    if (onLockTimeout === 'stale') {
      const old = await staleCopy(miss);
      if (old !== null) return old;
    }
    return work.fill(miss, writeWithoutToken);
  };

  async function staleCopy({ key, expired }: Miss): Promise<Read | null> {
    const bytes = await store.get(staleCopyKey(key)).catch(() => null);
    const entry = (bytes === null ? null : decodeEntry(bytes)) ?? expired;
    if (entry === null || entry.encoding === 'absent') return null;
    count('stale-get');
    return { outcome: 'stale', entry, loaded: null, stored: false };
  }

  return async (miss, work) => {
    const { key } = miss;
    const keys = [key, tokenKey(key), failuresKey(key)];
    const token = randomUUID(); // unique among processes, which share their seed
    const deadlineMs = now() + lockWaitMs;
    let found = miss.found;
    let failuresBefore = -1;
    for (;;) {
      const head = found === null ? '' : found.subarray(0, 24);
      let claim: Buffer | number | null;
      try {
        claim = await store.run(CLAIM, keys, [token, lockTtlMs, head, failuresBefore]);
      } catch {
        return work.bypass(miss);
      }
      if (claim === -1) {
        try {
          return await hold(miss, work, token);
        } catch (error) {
          await store.run(FAIL, keys.slice(1), [token]).catch(() => {}); // the token ends by itself
          throw error;
        }
      }
      if (claim === -2) throw new LoadFailedElsewhere();
      const waited = failuresBefore >= 0;
      if (typeof claim === 'number') {
        if (!miss.waits) return null;
        if (!waited) {
          count('lock-waited');
          failuresBefore = claim;
        }
        if (now() >= deadlineMs) return slots.overdue(miss, work);
        await sleep(lockPollMs);
      } else {
        const read = work.usable(claim);
        if (read !== null)
          return waited && read.outcome !== 'stale' && read.entry !== null
            ? { ...read, outcome: 'coalesced' }
            : read;
        found = claim; // it is past its life already: claim against this one
      }
    }
  };
}
