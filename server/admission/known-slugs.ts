import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { PolicySettings } from '../cache/registry.ts';
import type { Existence } from '../cache/strategy.ts';
import { createBarrier } from './barrier.ts';
import { createBloomFilter } from './bloom.ts';
import type { BloomFilter } from './bloom.ts';

export interface KnownSlugsOptions {
  /** Where `LISTEN` is possible: not behind a pooler that shares connections between transactions. */
  postgresUrl: string;
  /** Name under which a slug's page is cached, and asked for here. */
  key(slug: string): string;
  /** Deletes the copy under a key that is heard to be new: it may say that there is no such store. */
  forget(key: string): Promise<unknown>;
  /** Told when the link to Postgres is lost and found. */
  onChange(message: string): void;
}

/** What this process knows of the stores that exist. Without a policy that asks for it, there is no connection. */
export interface KnownSlugs extends Existence {
  /** Starts, changes or stops with the policy in force. @returns When all slugs are known, or after 5 s. */
  follow(settings: PolicySettings): Promise<void>;
  /** `off`: no policy asks; `loading`: everything may exist. */
  state(): 'off' | 'loading' | 'ready';
  /** The filter that a policy asked for, as it is filled now; null without one. */
  filter(): { bits: number; hashes: number; setShare: number } | null;
  close(): void;
}

const CHANNEL = 'store_changes';
/** Room for the stores when a policy needs the announcements alone: 120 KB. */
const DEFAULT_FILTER = { capacity: 100_000, falsePositiveRate: 0.01 };
const PAGE_ROWS = 10_000;
const CONNECT_TIMEOUT_MS = 5000;
/** The link counts as lost when one query takes longer. */
const QUERY_TIMEOUT_MS = 2000;
const HEARTBEAT_MS = 1000;
const RETRY_MS = 250;
const READY_WITHIN_MS = 5000;

/**
 * A Bloom filter of all stores, fed by Postgres. Order of events: LISTEN first, then all slugs are read, so that a store
 * which is committed in between is in one or the other; then each announcement adds its slug. After the link was lost
 * all of it begins again, and until it is done everything may exist.
 *
 * No store is ever hidden from a client that knows of it. Between a store's COMMIT and the arrival of its announcement
 * the filter does not know it; therefore a no is final only after a round trip on the listening connection that began
 * after the question did. Postgres signals its listeners before it answers the COMMIT, and a session sends what it has
 * been signalled before it says that it is ready for the next query: what anybody knew to be committed when the round
 * trip began has been heard when it ends. All noes of a moment share one round trip, at most 100 a second.
 * Without it 8 of 300 stores that were asked for right after their COMMIT got a 404.
 */
export function createKnownSlugs(options: KnownSlugsOptions): KnownSlugs {
  let filter: BloomFilter | null = null;
  let filterSettings: string | null = null;
  let forgetting = false;
  let announced = 0;
  /** The link that has heard everything since the filter was complete; null: nothing is known for sure. */
  let link: Client | null = null;
  let running: AbortController | null = null;
  /** The filter has been complete before: what is new to it now was announced while nobody listened. */
  let wasComplete = false;
  const changes = new EventEmitter<{ ready: [] }>();

  const barrier = createBarrier(async () => {
    if (link === null) return false;
    await link.query('SELECT 1');
    return true;
  });

  function hear(slug: string): void {
    const key = options.key(slug);
    announced += 1;
    filter?.add(key);
    if (forgetting) options.forget(key).catch(() => {}); // then it lives until its own end
  }

  async function loadAll(client: Client): Promise<void> {
    let after = 0;
    for (;;) {
      const { rows } = await client.query<{ id: number; slug: string }>(
        'SELECT id, slug FROM cachelab.stores WHERE id > $1 ORDER BY id LIMIT $2',
        [after, PAGE_ROWS],
      );
      for (const { id, slug } of rows) {
        after = id;
        if (filter?.mayHave(options.key(slug)) === true) continue;
        if (wasComplete) hear(slug);
        else filter?.add(options.key(slug));
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }

  /** One connection from its beginning to its end. */
  async function session(signal: AbortSignal): Promise<void> {
    const client = new Client({
      connectionString: options.postgresUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      application_name: 'cachelab-known-slugs',
      keepAlive: true,
    });
    const ended = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    client.on('notification', ({ channel, payload }) => {
      if (channel === CHANNEL && payload !== undefined) hear(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      await loadAll(client);
      if (signal.aborted) return;
      link = client;
      wasComplete = true;
      changes.emit('ready');
      await Promise.race([ended, heartbeats(client, signal)]);
    } finally {
      if (link === client) link = null;
      void client.end().catch(() => {}); // a link that is cut never answers
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let reason = 'closed';
      try {
        await session(signal);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      if (signal.aborted) return;
      options.onChange(`known slugs: link lost (${reason}); every slug may exist`);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  function stop(): void {
    running?.abort();
    running = null;
    link = null;
    filter = null;
    filterSettings = null;
    wasComplete = false;
  }

  return {
    mayExist: (key) => link === null || filter === null || filter.mayHave(key),
    isAbsent: async (key) =>
      (await barrier()) && link !== null && filter !== null && !filter.mayHave(key),
    isReady: () => link !== null,
    announcements: () => announced,
    filter: () => filter && { bits: filter.m, hashes: filter.k, setShare: filter.setShare() },
    state: () => (running === null ? 'off' : link === null ? 'loading' : 'ready'),
    async follow({ admission, negativeTtlMs }) {
      forgetting = negativeTtlMs !== null;
      if (admission === null && !forgetting) return stop();
      const wanted = admission ?? DEFAULT_FILTER;
      if (JSON.stringify(wanted) !== filterSettings) {
        stop();
        filterSettings = JSON.stringify(wanted);
        filter = createBloomFilter(wanted.capacity, wanted.falsePositiveRate);
        running = new AbortController();
        void run(running.signal);
      }
      if (link === null)
        await once(changes, 'ready', { signal: AbortSignal.timeout(READY_WITHIN_MS) }).catch(
          () => {}, // everything may exist until then
        );
    },
    close: stop,
  };
}

async function heartbeats(client: Client, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(HEARTBEAT_MS, undefined, { signal, ref: false });
    await client.query('SELECT 1');
  }
}
