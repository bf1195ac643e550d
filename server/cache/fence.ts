import { z } from 'zod';
import { keptMs } from './cache-aside.ts';
import type { Slots } from './cache-aside.ts';
import type { Part } from './part.ts';
import { FILL_ABOVE_FLOOR, floorKey, RAISE_FLOOR } from './scripts.ts';
import type { Services, Strategy } from './strategy.ts';
import { versionInKey } from './version-key.ts';

/** What keeps an old page from being written after a change. Gate "lease" fences by its tokens and needs none of these. */
export const fence: Part<'none' | 'floor' | 'version-key'> = {
  about:
    'how pages older than a change are kept out: not, by the lowest version allowed, or by the version in the key (1 SELECT per read)',
  schema: z.enum(['none', 'floor', 'version-key']),
  fallback: 'none',
  conflicts(settings) {
    const { fence: value, store, invalidate, gate } = settings;
    if (value === 'none') return [];
    const problems: string[] = [];
    if (store !== 'redis') problems.push(`fence "${value}" needs store "redis", not "${store}"`);
    if (value === 'floor' && invalidate !== 'delete' && invalidate !== 'double-delete')
      problems.push(
        `fence "floor" needs invalidate "delete" or "double-delete", not "${invalidate}": only they raise the floor`,
      );
    if (value === 'floor' && gate === 'lease')
      problems.push('fence "floor" and gate "lease" do the same: choose one');
    if (value === 'version-key' && invalidate !== 'none')
      problems.push(
        `fence "version-key" needs invalidate "none", not "${invalidate}": each version has a key of its own`,
      );
    return problems;
  },
  tune(slots, settings, services) {
    if (settings.fence === 'floor') versionFloor(slots, services);
  },
  wrap(inner: Strategy, settings, services): Strategy {
    return settings.fence === 'version-key' ? versionInKey(inner, services) : inner;
  },
};

/**
 * An invalidation leaves the new version as a floor, and no fill below it is accepted. Nobody is kept from loading.
 * Known weakness: the floor lies in Redis. If it is lost while a load is under way (FLUSHALL, eviction, failover) that
 * load's old page lands: a missing floor accepts, where a missing lease refuses.
 */
function versionFloor(slots: Slots, { store }: Services): void {
  slots.names.push('version-floor');
  slots.fenced = true;
  slots.write = async (key, entry) => {
    const values = [entry.bytes, keptMs(entry, slots), entry.menuVersion];
    return (await store.run(FILL_ABOVE_FLOOR, [key, floorKey(key)], values)) === 1;
  };
  slots.remove = async (key, version) => {
    await store.run(RAISE_FLOOR, [key, floorKey(key)], [version ?? 0]);
  };
}
