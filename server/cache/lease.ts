import { randomUUID } from 'node:crypto';
import { keptMs } from './cache-aside.ts';
import type { Slots, Write } from './cache-aside.ts';
import { claimGate } from './lock.ts';
import type { PolicySettings } from './registry.ts';
import {
  FILL_LEASED,
  INVALIDATE,
  leaseKey,
  RELEASE,
  STALE_COPY_MS,
  staleCopyKey,
} from './scripts.ts';
import type { Services } from './strategy.ts';

/**
 * Lease (Nishtala et al., Scaling Memcache at Facebook, NSDI 2013): the miss hands out a token, an invalidation kills
 * it, and only a fill whose token still stands is accepted. So no page older than an invalidation ever lands:
 *
 * 1. A misses, takes the token and reads version 1.
 * 2. The change to version 2 commits; its invalidation deletes copy and token.
 * 3. A's fill is refused. A himself gets the page that he loaded: his load began after he arrived, so nothing that was
 *    acknowledged before he came is missing in it.
 * 4. B, who comes after 2, finds neither copy nor token: he takes a new one and loads version 2 at once, beside A.
 *
 * A missing token refuses, so a Redis that lost all keys is safe. Where pages are edited faster than they load every
 * fill is refused; who has waited for `lockWaitMs` gets the stale copy (`onLockTimeout` "stale"), labelled with its age,
 * or loads for himself. The stale copy is what an invalidation took away, or a later page that was refused; it ends
 * `STALE_COPY_MS` after that invalidation or the start of that load, so a reader misses no change that is older.
 */
export function leaseGate(slots: Slots, settings: PolicySettings, services: Services): void {
  const { store, now } = services;
  const lockTtlMs = settings.lockTtlMs ?? 0;

  const fillWith =
    (token: string): Write =>
    async (key, entry) => {
      const staleMs =
        entry.encoding === 'absent' ? 0 : entry.loadStartedAtMs + STALE_COPY_MS - now();
      const landed = await store.run(
        FILL_LEASED,
        [key, leaseKey(key), staleCopyKey(key)],
        [token, entry.bytes, keptMs(entry, slots), Math.max(0, Math.round(staleMs))],
      );
      return landed === 1;
    };

  slots.fenced = true;
  slots.gate = claimGate(slots, settings, services, {
    async hold(miss, work, token) {
      const read = await work.fill(miss, fillWith(token));
      // What does not exist leaves no copy, and so its token behind.
      if (read.entry === null && !read.stored)
        await store.run(RELEASE, [leaseKey(miss.key)], [token]).catch(() => null);
      return read;
    },
    tokenKey: leaseKey,
    writeWithoutToken: null,
  });
  // The token goes to this fill whoever has it: he will load again.
  slots.overwrite = async (miss, work) => {
    const token = randomUUID();
    const taken = await store.set(leaseKey(miss.key), Buffer.from(token), lockTtlMs).then(
      () => true,
      () => false,
    );
    return work.fill(miss, taken ? fillWith(token) : null);
  };
  slots.remove = async (key) => {
    await store.run(INVALIDATE, [key, leaseKey(key), staleCopyKey(key)], []);
  };
}
