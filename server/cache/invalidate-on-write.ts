import { z } from 'zod';
import type { Part } from './part.ts';
import { leaseKey, SOFT_PURGE } from './scripts.ts';

/**
 * What the server does once a change is committed. Not before: a reader between DEL and COMMIT would load the old rows
 * and keep them for a whole TTL. When Redis gives no answer the old copy stays until it expires, and the writer is
 * told so. With `event-driven` and `outbox` the server does nothing: a separate process follows the database's changes.
 */
export const invalidate: Part<
  'none' | 'delete' | 'double-delete' | 'soft-purge' | 'event-driven' | 'outbox'
> = {
  about:
    'what a change does to the copy: nothing, DEL after COMMIT, DEL twice, an early end of its life, or DEL by the invalidator process (told by NOTIFY, or reading the outbox)',
  schema: z.enum(['none', 'delete', 'double-delete', 'soft-purge', 'event-driven', 'outbox']),
  fallback: 'none',
  conflicts(settings) {
    const { invalidate: value, store, staleWhileRevalidateMs, doubleDeleteMs, fence } = settings;
    const problems: string[] = [];
    if (value !== 'none' && store !== 'redis')
      problems.push(
        `invalidate "${value}" needs store "redis", not "${store}": there is no copy to delete`,
      );
    if (value === 'soft-purge' && staleWhileRevalidateMs === null)
      problems.push('invalidate "soft-purge" needs staleWhileRevalidateMs: else it is a delete');
    if (value === 'soft-purge' && fence === 'floor')
      problems.push('invalidate "soft-purge" leaves the copy, fence "floor" takes it away');
    if (value === 'double-delete' && doubleDeleteMs === null)
      problems.push('invalidate "double-delete" needs doubleDeleteMs, e.g. 500');
    if (value !== 'double-delete' && doubleDeleteMs !== null)
      problems.push(`doubleDeleteMs ${doubleDeleteMs} has no effect with invalidate "${value}"`);
    return problems;
  },
  tune(slots, settings, { store, now }) {
    const { invalidate: value, gate, doubleDeleteMs } = settings;
    if (value === 'none' || value === 'event-driven' || value === 'outbox') return;
    slots.names.push(`${value}-on-write`);

    if (value === 'soft-purge') {
      const killsToken = gate === 'lease' ? 1 : 0;
      slots.afterWrite = async (key) => {
        if (slots.fenced) slots.detach(key);
        await store.run(SOFT_PURGE, [key, leaseKey(key)], [now(), killsToken]).catch(() => null);
        return false; // the old copy is sent once more
      };
      return;
    }

    slots.afterWrite = (key, version) => {
      // Without a fence the load under way would land all the same: its readers may as well wait for it.
      if (slots.fenced) slots.detach(key);
      if (doubleDeleteMs !== null)
        setTimeout(() => void slots.remove(key, version).catch(() => {}), doubleDeleteMs).unref();
      return slots.remove(key, version).then(
        () => true,
        () => false,
      );
    };
  },
};

/**
 * Second DEL: takes away what a load that was overtaken by the change has filled meanwhile. It helps if the delay is
 * longer than that load, and until then the old page is sent.
 */
export const doubleDeleteMs: Part<number | null> = {
  about: 'after how many ms invalidate "double-delete" deletes again',
  schema: z.number().int().min(1).max(600_000).nullable(),
  fallback: null,
};
