/** Values in the memory of this process, in front of Redis. */
export interface LocalCache {
  /** What is held, or what `load` gives; readers that come meanwhile share one load. */
  get(key: string, load: () => Promise<Buffer | null>): Promise<Buffer | null>;
  /** Somebody changed it: neither what is held nor what is on its way may be given to readers that come now. */
  forget(key: string): void;
  forgetAll(): void;
}

/**
 * @param options - `ttlMs`: longest life, counted from the beginning of the load; null: until somebody says otherwise.
 *   `entries`: the one that was used least recently goes. `now`: milliseconds of any clock.
 */
export function openLocalCache(options: {
  ttlMs: number | null;
  entries: number;
  now: () => number;
}): LocalCache {
  const { entries, now } = options;
  const ttlMs = options.ttlMs ?? Number.POSITIVE_INFINITY;
  const held = new Map<string, { value: Buffer | null; untilMs: number }>();
  const loading = new Map<string, Promise<Buffer | null>>();

  function hold(key: string, value: Buffer | null, untilMs: number): void {
    held.delete(key);
    held.set(key, { value, untilMs });
    const [oldest] = held.keys();
    if (held.size > entries && oldest !== undefined) held.delete(oldest);
  }

  async function loadOnce(key: string, load: () => Promise<Buffer | null>): Promise<Buffer | null> {
    const untilMs = now() + ttlMs;
    const started = load();
    loading.set(key, started);
    try {
      const value = await started;
      // Forgotten meanwhile: it may be the value from before the change, so it is given to those who asked and not kept.
      if (loading.get(key) === started) hold(key, value, untilMs);
      return value;
    } finally {
      if (loading.get(key) === started) loading.delete(key);
    }
  }

  return {
    async get(key, load) {
      const found = held.get(key);
      if (found !== undefined && found.untilMs > now()) {
        hold(key, found.value, found.untilMs);
        return found.value;
      }
      return loading.get(key) ?? loadOnce(key, load);
    },
    forget(key) {
      held.delete(key);
      loading.delete(key);
    },
    forgetAll() {
      held.clear();
      loading.clear();
    },
  };
}
