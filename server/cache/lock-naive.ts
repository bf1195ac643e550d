import { setTimeout as sleep } from 'node:timers/promises';
import type { Slots } from './cache-aside.ts';
import type { PolicySettings } from './registry.ts';
import { lockKey } from './scripts.ts';
import type { Services } from './strategy.ts';

/**
 * The mutex as tutorials print it: SET NX with an expiry, the others sleep and begin again, a plain DEL at the end. Kept
 * with its defects, because they are to be measured:
 * - Who wins does not look again. A misses; B fills and releases; A wins the lock and loads a second time.
 * - The DEL asks for no token. A's lock expires while A loads, B takes it, A deletes B's lock and lets C in.
 * - After a load that failed the next in line loads, one after the other.
 */
export function naiveLockGate(
  slots: Slots,
  { lockTtlMs, lockPollMs, lockWaitMs }: PolicySettings,
  { store, now, count }: Services,
): void {
  slots.gate = async (miss, work) => {
    const { key } = miss;
    const deadlineMs = lockWaitMs === null ? Infinity : now() + lockWaitMs;
    let waited = false;
    for (;;) {
      let won: boolean;
      try {
        won = await store.setIfAbsent(lockKey(key), '1', lockTtlMs ?? 0);
      } catch {
        return work.bypass(miss);
      }
      if (won) {
        try {
          return await work.fill(miss);
        } finally {
          await store.delete(lockKey(key)).catch(() => {}); // it ends by itself
        }
      }
      if (!miss.waits) return null;
      if (!waited) count('lock-waited');
      waited = true;
      if (now() >= deadlineMs) {
        count('lock-timeout');
        return slots.overdue(miss, work);
      }
      await sleep(lockPollMs);
      const read = work.usable(await store.get(key).catch(() => null));
      if (read !== null) return read.outcome === 'hit' ? { ...read, outcome: 'coalesced' } : read;
    }
  };
}
