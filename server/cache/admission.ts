import { z } from 'zod';
import type { Part } from './part.ts';
import type { Existence, Load, Read, Services, Strategy } from './strategy.ts';

interface Admission {
  filter: 'bloom';
  /** Entries up to which the rate holds. */
  capacity: number;
  falsePositiveRate: number;
}

export const admission: Part<Admission | null> = {
  about:
    'a filter of all stores in front: who asks for no store of ours gets a 404 from it; null: none',
  schema: z
    .strictObject({
      filter: z.literal('bloom'),
      capacity: z.number().int().min(1).max(10_000_000),
      falsePositiveRate: z.number().min(0.000_001).max(0.5),
    })
    .nullable(),
  fallback: null,
  wrap: (inner, settings, services) =>
    settings.admission === null || !services.existence
      ? inner
      : admit(inner, services.existence, services),
};

const REJECTED: Read = { outcome: 'rejected', entry: null, loaded: null, stored: false };

/**
 * Turns away who asks for what does not exist, before Redis is asked or a connection of the pool is taken. That the
 * filter does not know a key is checked by a round trip that all who are turned away at the moment share.
 */
function admit(inner: Strategy, existence: Existence, services: Pick<Services, 'count'>): Strategy {
  const counted = async (key: string, load: Load): ReturnType<Load> => {
    const loaded = await load();
    if (loaded === null && existence.isReady() && existence.mayExist(key))
      services.count('filter-false-positive');
    return loaded;
  };
  const isRejected = async (key: string): Promise<boolean> =>
    !existence.mayExist(key) && (await existence.isAbsent(key));
  return {
    ...inner,
    name: `admission(${inner.name})`,
    async get(key, load) {
      // In two steps: who is admitted at once does not wait for a turn of the event loop.
      if (!existence.mayExist(key) && (await existence.isAbsent(key))) return REJECTED;
      return inner.get(key, () => counted(key, load));
    },
    async getMany(keys, load) {
      const rejected = await Promise.all(keys.map(isRejected));
      const admitted = keys.filter((_key, index) => rejected[index] !== true);
      if (admitted.length === 0) return keys.map(() => REJECTED);
      const reads = await inner.getMany(admitted, (key) => counted(key, () => load(key)));
      const readOf = new Map(admitted.map((key, index) => [key, reads[index]]));
      return keys.map((key) => readOf.get(key) ?? REJECTED);
    },
  };
}
