import type { Client } from 'pg';
import type { Hands } from '../../lab/protocol.ts';
import { CREATED } from './plan.ts';

/** What visitors of new stores met, whose absence had been asked for before. */
export interface NewStores {
  /** From the answer of COMMIT to the first page, by store. */
  visibleAfterMs: number[];
  /** 404s that were asked for after the COMMIT. */
  falseNotFound: number;
  /**
   * A store that nobody announced, e.g. from a restored backup: for how long its absence is still kept, in ms. Null where
   * nothing is kept and the page was there at once, or where the filter hides it until it is built again.
   */
  unannouncedHiddenMs: number | null;
  /** 404s of that store after its COMMIT; at most one is asked for. */
  unannouncedNotFound: number;
}

const PREFIX = 'late-';
const LONGEST_WAIT_MS = 5000;

/** Creates stores of which visitors had just heard that they do not exist, and looks when they come to be seen. */
export async function createStores(hands: Hands): Promise<NewStores> {
  const client = await hands.connect();
  const found: NewStores = {
    ...{ visibleAfterMs: [], falseNotFound: 0, unannouncedHiddenMs: null, unannouncedNotFound: 0 },
  };
  await removeStores(client);
  try {
    for (let number = 1; number <= CREATED; number += 1) {
      const slug = `${PREFIX}${number}`;
      await askFor(hands, slug);
      await insert(client, slug);
      const committedUs = hands.nowUs();
      for (;;) {
        const status = await askFor(hands, slug);
        const waitedMs = (hands.nowUs() - committedUs) / 1000;
        if (status === 200) {
          found.visibleAfterMs.push(waitedMs);
          break;
        }
        found.falseNotFound += 1;
        if (waitedMs > LONGEST_WAIT_MS) break;
      }
    }
    const slug = `${PREFIX}unannounced`;
    await askFor(hands, slug);
    await insertUnannounced(client, slug);
    if ((await askFor(hands, slug)) === 404) {
      found.unannouncedNotFound = 1;
      const leftMs = await hands.redis.pttl(hands.catalogKey(slug));
      if (leftMs > 0) found.unannouncedHiddenMs = leftMs;
    }
    return found;
  } finally {
    await removeStores(client);
  }
}

async function askFor(hands: Hands, slug: string): Promise<number> {
  const answer = await hands.servers[0]!.page(`/stores/${slug}/catalog`);
  return answer.status;
}

async function insert(client: Client, slug: string): Promise<void> {
  await client.query("INSERT INTO cachelab.stores (slug, name, city) VALUES ($1, 'Late', 'Here')", [
    slug,
  ]);
}

/** In one transaction, so that no other session ever sees the table without its trigger. */
async function insertUnannounced(client: Client, slug: string): Promise<void> {
  const trigger = 'TRIGGER notify_store_change';
  await client.query('BEGIN');
  await client.query(`ALTER TABLE cachelab.stores DISABLE ${trigger}`);
  await insert(client, slug);
  await client.query(`ALTER TABLE cachelab.stores ENABLE ${trigger}`);
  await client.query('COMMIT');
}

async function removeStores(client: Client): Promise<void> {
  await client.query('DELETE FROM cachelab.stores WHERE slug LIKE $1', [`${PREFIX}%`]);
}
