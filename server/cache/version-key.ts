import type { Load, Read, Services, Strategy } from './strategy.ts';

/**
 * The version is part of the key: each read asks the database for it, one SELECT by the slug's unique index in place of
 * 114. No message can get lost and no fill be late: an old page has another key, and stays there unread until its TTL
 * is over. A page may be newer than its key says, never older. Without the database there are no pages.
 */
export function versionInKey(inner: Strategy, services: Services): Strategy {
  const { currentVersion } = services;
  if (currentVersion === undefined)
    throw new Error('fence "version-key" needs a service that knows the current version');

  async function under(key: string, read: (versioned: string) => Promise<Read>): Promise<Read> {
    const version = await currentVersion!(key);
    if (version === null)
      return { outcome: 'miss', entry: null, loaded: null, stored: false, versionSelects: 1 };
    return { ...(await read(`${key}:v${version}`)), versionSelects: 1 };
  }

  const get = (key: string, load: Load): Promise<Read> =>
    under(key, (versioned) => inner.get(versioned, load));
  return {
    ...inner,
    name: `version-in-key(${inner.name})`,
    get,
    getMany: (keys, load) => Promise.all(keys.map((key) => get(key, () => load(key)))),
    fill: (key, load) => under(key, (versioned) => inner.fill(versioned, load)),
    afterWrite: () => Promise.resolve(false), // nothing is taken away; no reader asks for it again
  };
}
