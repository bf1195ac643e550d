/**
 * What theory says of a copy with a TTL: hit ratio, loads and stale reads of one key and of many. Requests come as a
 * Poisson stream; each key's life is a renewal process: a miss, a load, hits until the copy ends, a pause until the
 * next request. Rates are per second, times in seconds.
 */

/** One key, its traffic and its cache. */
export interface KeyModel {
  /** Requests per second, λ. */
  ratePerSecond: number;
  /** Life of a copy, T, counted from the start of its load. */
  ttlSeconds: number;
  /** Time until a load's copy can be read, Δ; constant. */
  loadSeconds: number;
  /** Requests that come during a load share it; without, each loads too. */
  coalesced: boolean;
  /** Changes of what the page shows, a Poisson stream, u. */
  updatesPerSecond: number;
  /** A change deletes the copy. */
  invalidated: boolean;
}

/** Requests per second of one key or of many, by what became of them. */
export interface Flows {
  requests: number;
  hits: number;
  /** Requests that load. */
  misses: number;
  /** Requests that wait for the load of another. */
  coalesced: number;
  /** Hits that show an old page. */
  stale: number;
}

/** The renewal form λT / (1 + λT): one miss, then λT hits on average. Holds for loads that take no time (λΔ <= 0.05). */
export function renewalHitRatio(ratePerSecond: number, ttlSeconds: number): number {
  const requests = ratePerSecond * ttlSeconds;
  return requests / (1 + requests);
}

/**
 * Flows of one key in the stationary state, from the means of one cycle.
 *
 * - Coalesced: one miss; λΔ requests share its load; then λE hits, with E the mean time for which the copy can be read:
 *   T - Δ, or (1 - e^(-u(T-Δ))) / u when changes delete it. The cycle takes Δ + E + 1/λ.
 * - Uncoalesced: λΔ more misses load as well, and the last of their copies, from s after the first miss, is the one that
 *   stays: until s + T. With E[s] = Δ - (1 - e^(-λΔ)) / λ the copy can be read for T - (1 - e^(-λΔ)) / λ. Exact for T >= 2Δ,
 *   where no gap opens between the copies, and without DEL; with DEL up to terms of uΔ. `simulateKey` covers the rest.
 * - Stale: a hit at age a of the copy is stale with probability 1 - e^(-ua), so λ∫(1 - e^(-ua))da over the readable ages.
 *   Where changes delete the copy, those that a load overlapped: a share 1 - e^(-uΔ) of the copies (the stale-set race).
 */
export function keyFlows(key: KeyModel): Flows {
  const { ratePerSecond: rate, loadSeconds, coalesced } = key;
  if (rate === 0) return { requests: 0, hits: 0, misses: 0, coalesced: 0, stale: 0 };
  const during = rate * loadSeconds;
  // How far the copies of later misses prolong the time for which there is one.
  const prolonged = coalesced ? 0 : loadSeconds + Math.expm1(-during) / rate;
  const readable = Math.max(0, key.ttlSeconds - loadSeconds) + prolonged;
  const life = key.invalidated ? meanLife(readable, key.updatesPerSecond) : readable;
  const overlapped = -Math.expm1(-key.updatesPerSecond * loadSeconds);
  const staleSeconds = key.invalidated ? life * overlapped : staleTime(key, prolonged);
  const cyclesPerSecond = 1 / (loadSeconds + life + 1 / rate);
  return {
    requests: rate,
    hits: rate * life * cyclesPerSecond,
    misses: (coalesced ? 1 : 1 + during) * cyclesPerSecond,
    coalesced: (coalesced ? during : 0) * cyclesPerSecond,
    stale: rate * staleSeconds * cyclesPerSecond,
  };
}

/** Flows of many keys together. */
export function sumFlows(keys: readonly KeyModel[]): Flows {
  const sum: Flows = { requests: 0, hits: 0, misses: 0, coalesced: 0, stale: 0 };
  for (const key of keys) {
    const flows = keyFlows(key);
    for (const name of Object.keys(sum) as (keyof Flows)[]) sum[name] += flows[name];
  }
  return sum;
}

/**
 * Request rate of one key that gives a wanted hit ratio: from h = λ(T-Δ) / (1+λT), which is the same for shared loads and,
 * but for terms of e^(-λΔ), for loads that are not.
 * @returns Infinity where no rate is high enough: Δ out of each T seconds cannot be hits.
 */
export function rateForHitRatio(
  hitRatio: number,
  cache: { ttlSeconds: number; loadSeconds: number },
): number {
  const slack = cache.ttlSeconds - cache.loadSeconds - hitRatio * cache.ttlSeconds;
  return slack <= 0 ? Number.POSITIVE_INFINITY : hitRatio / slack;
}

/** Mean of min(life, Exp(rate)). */
function meanLife(lifeSeconds: number, endsPerSecond: number): number {
  return endsPerSecond === 0
    ? lifeSeconds
    : -Math.expm1(-endsPerSecond * lifeSeconds) / endsPerSecond;
}

/** Seconds of a cycle in which the copy that is read is older than the last change. */
function staleTime(key: KeyModel, prolonged: number): number {
  const { updatesPerSecond, ttlSeconds, loadSeconds } = key;
  if (updatesPerSecond === 0 || ttlSeconds <= loadSeconds) return 0;
  // While later copies keep coming, each is read at an age of about Δ.
  const young = prolonged * -Math.expm1(-updatesPerSecond * loadSeconds);
  const fresh = (age: number): number => meanLife(age, updatesPerSecond);
  return ttlSeconds - loadSeconds - (fresh(ttlSeconds) - fresh(loadSeconds)) + young;
}

/** One request of a simulated key. */
export interface SimulatedRead {
  startSeconds: number;
  endSeconds: number;
  outcome: 'hit' | 'miss' | 'coalesced';
  /** A hit on a copy from before the last change. */
  stale: boolean;
}

/**
 * One key, request by request: what `keyFlows` says in closed form, for load times that vary and for TTLs near the load
 * time too. Every load's copy is written when the load ends, whatever lies there already, and lives from its load's start.
 * @param key - `loadSeconds` may be drawn anew for each load. `resetSeconds`: the copy is deleted once, at this moment.
 * @returns All reads from 0 to `seconds`, in order of their starts; the cache is empty at 0.
 */
export function simulateKey(
  key: Omit<KeyModel, 'loadSeconds'> & {
    loadSeconds: number | (() => number);
    seconds: number;
    resetSeconds?: number;
  },
  random: () => number,
): SimulatedRead[] {
  const { ttlSeconds, seconds, loadSeconds } = key;
  const loadTime = typeof loadSeconds === 'number' ? () => loadSeconds : loadSeconds;
  const changes = poissonTimes(key.updatesPerSecond, seconds, random);
  const deletions = [...(key.invalidated ? changes : []), key.resetSeconds ?? seconds].sort(
    (a, b) => a - b,
  );
  const reads: SimulatedRead[] = [];
  const landings: { atSeconds: number; startSeconds: number }[] = [];
  let copyStart: number | null = null;
  let deleted = 0;
  let changed = 0;
  for (const now of poissonTimes(key.ratePerSecond, seconds, random)) {
    // What happened since the last request, in its order: copies are written, copies are deleted.
    for (;;) {
      const landing = landings[0]?.atSeconds ?? Number.POSITIVE_INFINITY;
      const deletion = deletions[deleted] ?? Number.POSITIVE_INFINITY;
      if (Math.min(landing, deletion) > now) break;
      if (landing <= deletion) copyStart = landings.shift()!.startSeconds;
      else {
        copyStart = null;
        deleted += 1;
      }
    }
    while ((changes[changed] ?? Number.POSITIVE_INFINITY) <= now) changed += 1;
    if (copyStart !== null && now < copyStart + ttlSeconds) {
      const stale = (changes[changed - 1] ?? Number.NEGATIVE_INFINITY) > copyStart;
      reads.push({ startSeconds: now, endSeconds: now, outcome: 'hit', stale });
    } else if (key.coalesced && landings.length > 0) {
      const endSeconds = landings[0]!.atSeconds;
      reads.push({ startSeconds: now, endSeconds, outcome: 'coalesced', stale: false });
    } else {
      const endSeconds = now + loadTime();
      landings.push({ atSeconds: endSeconds, startSeconds: now });
      landings.sort((a, b) => a.atSeconds - b.atSeconds);
      reads.push({ startSeconds: now, endSeconds, outcome: 'miss', stale: false });
    }
  }
  return reads;
}

/** Moments of a Poisson stream from 0 to `seconds`. */
export function poissonTimes(
  ratePerSecond: number,
  seconds: number,
  random: () => number,
): number[] {
  const times: number[] = [];
  if (ratePerSecond === 0) return times;
  for (let at = 0; ; ) {
    at -= Math.log(1 - random()) / ratePerSecond;
    if (at >= seconds) return times;
    times.push(at);
  }
}
