import { loadEntry } from './entry.ts';
import type { Services, Strategy } from './strategy.ts';

/** No cache: every read loads. The bound below every other strategy. */
export function uncached(services: Pick<Services, 'now'>): Strategy {
  const get: Strategy['get'] = async (_key, load) => ({
    ...(await loadEntry(load, 0, services.now)),
    outcome: 'bypass',
    stored: false,
  });
  return {
    name: 'uncached',
    get,
    getMany: async (keys, load) => Promise.all(keys.map((key) => get(key, () => load(key)))),
    fill: get,
    afterWrite: () => Promise.resolve(true), // there is no copy to be old
  };
}
