import type { Arm } from '../../lab/experiment.ts';
import type { Hands } from '../../lab/protocol.ts';

/** The page that everybody wants. */
export const SLUG = 'lao-zhang';
export const PATH: string = `/stores/${SLUG}/catalog`;

/** A number of the arm's parameters. */
export function parameter({ parameters }: Arm, name: string, fallback: number): number {
  const value = parameters?.[name];
  return typeof value === 'number' ? value : fallback;
}

/**
 * Time of one load of the page when nothing else goes on, in ms. Leaves a fresh copy behind.
 */
export async function timedLoadMs(hands: Hands): Promise<number> {
  const [server] = hands.servers;
  if (server === undefined) throw new Error('no server runs');
  await server.post('/lab/cache/clear');
  const startUs = hands.nowUs();
  const page = await server.page(PATH);
  if (page.selects === null || page.selects === 0) throw new Error('the timed page did not load');
  return (hands.nowUs() - startUs) / 1000;
}

/** Deletes the page and all that policies keep beside it (lock, lease, stale copy): names that begin with its key. */
export async function deleteCopy(hands: Hands): Promise<void> {
  const { redis } = hands;
  const keys = await redis.keys(`${hands.catalogKey(SLUG)}*`);
  if (keys.length > 0) await redis.del(...keys);
}

/** Microseconds of the journals' clock for an epoch moment in ms. */
export function clockOf(hands: Hands): (epochMs: number) => number {
  const offsetUs = hands.nowUs() - Date.now() * 1000;
  return (epochMs) => epochMs * 1000 + offsetUs;
}

/** Bytes of the header that hold the start of the copy's load, and its life: the table in `server/cache/entry.ts`. */
const LOAD_STARTED = { at: 10, bytes: 6 };
const LIFE = { at: 20, bytes: 4 };

/**
 * Moves the moment at which the copy's life ends, by the start of its load in its header.
 * @param endsInMs - From now; negative: it is over already, and the copy lies there as time would have left it.
 * @throws Error when there is no copy.
 */
export async function endCopyIn(hands: Hands, endsInMs: number): Promise<void> {
  const { redis } = hands;
  const key = hands.catalogKey(SLUG);
  const head = await redis.getrangeBuffer(key, 0, LIFE.at + LIFE.bytes - 1);
  if (head.length < LIFE.at + LIFE.bytes) throw new Error('there is no copy whose life could end');
  const began = Buffer.alloc(LOAD_STARTED.bytes);
  began.writeUIntBE(Date.now() + endsInMs - head.readUInt32BE(LIFE.at), 0, LOAD_STARTED.bytes);
  await redis.setrange(key, LOAD_STARTED.at, began);
  const leftMs = await redis.pttl(key);
  if (leftMs < endsInMs) await redis.pexpire(key, endsInMs);
}

const QUIET_POLL_MS = 20;
const LONGEST_START_MS = 2000;

/** What policies have done about loads so far, in all processes. */
interface LoadEvents {
  /** Loads behind the readers' backs that began. */
  refreshes: number;
  /** Loads that ended, in a copy or in nothing. */
  ended: number;
}

export async function loadEvents(hands: Hands): Promise<LoadEvents> {
  const { cacheEvents } = await hands.stats();
  const ends = ['filled', 'fill-refused', 'fill-failed', 'load-failed'];
  return {
    refreshes: cacheEvents['refresh'] ?? 0,
    ended: ends.reduce((sum, name) => sum + (cacheEvents[name] ?? 0), 0),
  };
}

/**
 * Waits until the refreshes of a burst have begun and ended. The connections alone do not tell: a refresh may not have
 * asked for one yet, or has given it back and not written its copy.
 */
export async function refreshesDone(hands: Hands, before: LoadEvents): Promise<void> {
  const begunUntilMs = Date.now() + LONGEST_START_MS;
  for (;;) {
    const now = await loadEvents(hands);
    const begun = now.refreshes - before.refreshes;
    if (begun > 0 && now.ended - before.ended >= begun) return;
    if (begun === 0 && Date.now() > begunUntilMs) return; // the burst will be found to be none
    await hands.sleep(QUIET_POLL_MS);
  }
}
const LONGEST_LOADS_MS = 30_000;

/** Waits until no connection to the database is in use: all loads are over, those behind the readers' backs too. */
export async function loadsDone(hands: Hands): Promise<void> {
  const deadlineMs = Date.now() + LONGEST_LOADS_MS;
  for (;;) {
    const { pool } = await hands.stats();
    if (pool.waiting === 0 && pool.idle === pool.total) return;
    if (Date.now() > deadlineMs) throw new Error(`loads go on for ${LONGEST_LOADS_MS} ms`);
    await hands.sleep(QUIET_POLL_MS);
  }
}
