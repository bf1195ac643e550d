import { loadEntry } from './entry.ts';
import type { Entry } from './entry.ts';
import type { Services, Strategy } from './strategy.ts';

/**
 * The bytes from this process's memory, for ever, without Redis: the bound above every other strategy. Not a policy
 * for use: nothing expires and no write is ever seen. As large as the number of existing keys that were read.
 */
export function staticBytes(services: Pick<Services, 'now'>): Strategy {
  const entries = new Map<string, Entry>();
  const fill: Strategy['fill'] = async (key, load) => {
    const { entry, loaded } = await loadEntry(load, 0, services.now);
    if (entry !== null) entries.set(key, entry);
    return { outcome: 'miss', entry, loaded, stored: entry !== null };
  };
  const get: Strategy['get'] = async (key, load) => {
    const entry = entries.get(key);
    return entry === undefined
      ? fill(key, load)
      : { outcome: 'hit', entry, loaded: null, stored: false };
  };
  return {
    name: 'static',
    get,
    getMany: async (keys, load) => Promise.all(keys.map((key) => get(key, () => load(key)))),
    fill,
    afterWrite: () => Promise.resolve(false),
  };
}
