import type { Client } from 'pg';
import { Bell } from './bell.ts';
import type { Copies } from './copies.ts';
import type { Figures } from './figures.ts';

/**
 * The story's invalidator: LISTEN product_changes, and DEL what each notification names. What is sent while it does not listen
 * is lost, and so is a DEL that Redis does not take; those copies stay until they expire. That is its design, and what the
 * experiments show: `outbox.ts` is the repair.
 *
 * @returns What to do with one connection. Its lags count from the arrival of the notification, which carries no time.
 */
export function eventDriven(options: {
  copies: Copies;
  figures: Figures;
  now: () => number;
  onError: (message: string) => void;
}): (client: Client, signal: AbortSignal) => Promise<void> {
  const { copies, figures, now } = options;
  return async (client, signal) => {
    const bell = new Bell();
    /** Store id → when it was first heard of. */
    let heard = new Map<number, number>();
    client.on('notification', ({ payload }) => {
      figures.counters.notifications += 1;
      const id = Number(payload);
      if (!Number.isInteger(id)) return;
      if (!heard.has(id)) heard.set(id, now());
      figures.gauges.outstanding = heard.size;
      bell.ring();
    });
    await client.query('LISTEN product_changes');
    const slugs = await allSlugs(client);
    figures.gauges.caughtUp = 1;

    while (!signal.aborted) {
      await bell.wait(signal);
      const batch = heard;
      heard = new Map();
      if (batch.size > 0) await forget(client, slugs, batch);
    }
  };

  async function forget(
    client: Client,
    slugs: Map<number, string>,
    batch: ReadonlyMap<number, number>,
  ): Promise<void> {
    const unknown = [...batch.keys()].filter((id) => !slugs.has(id));
    if (unknown.length > 0) {
      const { rows } = await client.query<Store>(STORES_BY_ID, [unknown]);
      for (const { id, slug } of rows) slugs.set(id, slug);
    }
    const changed = [...batch.keys()].flatMap((id) => slugs.get(id) ?? []);
    figures.counters.changes += batch.size;
    try {
      await copies.invalidate(changed);
      figures.counters.deletes += changed.length;
      for (const heardAtMs of batch.values()) figures.gone(now() - heardAtMs);
    } catch (error) {
      figures.counters.failedDeletes += 1;
      figures.counters.lostDeletes += changed.length;
      options.onError(`redis: ${error instanceof Error ? error.message : String(error)}`);
    }
    figures.gauges.outstanding = 0;
  }
}

interface Store {
  id: number;
  slug: string;
}

const STORES_BY_ID = 'SELECT id, slug FROM cachelab.stores WHERE id = ANY ($1)';

/** A deleted store is announced by its id, when its slug cannot be asked for any more: so they are all kept. */
async function allSlugs(client: Client): Promise<Map<number, string>> {
  const { rows } = await client.query<Store>('SELECT id, slug FROM cachelab.stores');
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}
