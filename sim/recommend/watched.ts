import type { Cache, Policy } from '../policies/policy.ts';

/**
 * A policy whose cache tells how much it held at most: as long as that is below a capacity, nothing is ever evicted there, and
 * policies cannot differ.
 */
export function watched(policy: Policy): { policy: Policy; mostUsed: () => number } {
  let most = 0;
  const create: Policy['create'] = (setting) => {
    const cache = policy.create(setting);
    const watching: Cache = {
      run(ids, from, to, ticks) {
        const hits = cache.run(ids, from, to, ticks);
        // Between two requests of one block it may have held more; simulated time asks for one at a time.
        if (cache.used > most) most = cache.used;
        return hits;
      },
      has: (id) => cache.has(id),
      remove: (id) => cache.remove(id),
      get used() {
        return cache.used;
      },
    };
    return watching;
  };
  return { policy: { ...policy, create }, mostUsed: () => most };
}
