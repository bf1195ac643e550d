import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Miss, Slots } from './cache-aside.ts';
import type { Part } from './part.ts';
import type { Read } from './strategy.ts';

export const coalesce: Part<'none' | 'process'> = {
  about: 'whether the readers of one process who miss the same page share one load',
  schema: z.enum(['none', 'process']),
  fallback: 'none',
  conflicts: ({ coalesce: value, store }) =>
    value === 'process' && store !== 'redis'
      ? [`coalesce "process" needs store "redis", not "${store}"`]
      : [],
  tune(slots, settings) {
    if (settings.coalesce === 'process') singleFlight(slots);
  },
};

interface Flight {
  /** The miss of the reader who leads. */
  miss: Miss;
  landing: Promise<Read | null>;
}

/** Pages in a row that a follower may see refused before he stops waiting for others. */
const MAX_REFUSALS = 2;

/**
 * At most one load per key at a time in this process; who misses meanwhile shares its promise, and its error. P
 * processes make P loads. Source: duplicate suppression in Go's groupcache (`singleflight`).
 *
 * Without a fence a follower may get a page that is older than he: a change is acknowledged, he arrives, and joins a
 * load that began before the change. Under a fence he must not:
 * - A write by this process detaches the flight: who comes later opens a new one.
 * - A write by others kills the token (or raises the floor), so the fill of the flight is refused; its followers then
 *   read again. Only those who joined before the load began may keep the page, for the same reason as its leader.
 * - A fill that was accepted proves that no invalidation came between token and fill. But was the fill before the
 *   change, the follower after it, and only the promise late? Both ask Redis on one connection, whose answers come in
 *   order: by the next turn of the event loop all that was answered before his own GET is settled, and its flight gone.
 * While Redis is away nothing is fenced, and loads are shared all the same: the database needs it then most. A follower's
 * page may then lack what was changed since its load began.
 */
function singleFlight(slots: Slots): void {
  slots.names.push('single-flight');
  const flights = new Map<string, Flight>(); // as large as the loads under way

  slots.detach = (key) => {
    flights.delete(key);
  };

  slots.coalesce = async (miss, lead, work) => {
    const { key } = miss;
    for (let refusals = 0; ; ) {
      if (slots.fenced && miss.waits) await setImmediate();
      const flight = flights.get(key);
      if (flight === undefined) return open(miss, lead);
      if (!miss.waits) return null;
      const joinedWhileLoading = flight.miss.loading;
      const read = await within(flight.landing, slots.followMs);
      if (read === 'overdue') return slots.overdue(miss, work);
      if (read !== null) {
        if (!slots.fenced || !joinedWhileLoading || !flight.miss.unfenced) return shared(read);
        refusals += 1;
        if (refusals === MAX_REFUSALS) return slots.overdue(miss, work);
        const again = await work.look(miss);
        if (again !== null) return shared(again);
      }
    }
  };

  async function open(miss: Miss, lead: () => Promise<Read | null>): Promise<Read | null> {
    const flight: Flight = { miss, landing: lead() };
    flights.set(miss.key, flight);
    try {
      return await flight.landing;
    } finally {
      // After a detachment another may be under way.
      if (flights.get(miss.key) === flight) flights.delete(miss.key);
    }
  }
}

/** Followers did not load; that what they got is old, or that nothing exists, stays said. */
function shared(read: Read): Read {
  const { entry } = read;
  if (read.outcome === 'stale' || read.outcome === 'negative') return read;
  return { outcome: 'coalesced', entry, loaded: null, stored: false };
}

async function within<T>(promise: Promise<T>, ms: number | null): Promise<T | 'overdue'> {
  if (ms === null) return promise;
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<'overdue'>((resolve) => {
    timer = setTimeout(resolve, ms, 'overdue');
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}
