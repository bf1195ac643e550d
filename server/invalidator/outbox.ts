import type { Client } from 'pg';
import type { Bell } from './bell.ts';
import type { Copies } from './copies.ts';
import type { Figures } from './figures.ts';
import {
  type Batch,
  type Progress,
  readFresh,
  readKept,
  readProgress,
  saveProgress,
  trim,
} from './outbox-table.ts';

/** Woken by whoever changed a menu, in a transaction of its own after the COMMIT; the poll finds what nobody announces. */
const WAKE_CHANNEL = 'outbox_wakeup';
const SAVE_EVERY_MS = 1000;
const TRIM_EVERY_MS = 10_000;
const RETRY_MS = 100;

/**
 * Applies the outbox: every change that was committed is invalidated, at least once, whatever breaks in between.
 * - The table keeps changes while this process or its connections are down; how far it came is kept in Postgres as well.
 * - A batch that Redis did not take is tried again until it did.
 * - When Redis turns out to be another data set than before (restarted, failed over), deletions that it acknowledged may be
 *   undone: all copies go, and changes that are still in the table are applied again.
 *
 * @returns What to do with one connection. Lags count from the change's own time, by the clock of Postgres.
 */
export function outbox(options: {
  copies: Copies;
  figures: Figures;
  /** Rung when Redis is back, too. */
  bell: Bell;
  keyPrefix: string;
  pollMs: number;
  /** Longest time between two questions whether Redis is still the same. */
  heartbeatMs: number;
  keepSeconds: number;
  now: () => number;
  onError: (message: string) => void;
}): (client: Client, signal: AbortSignal) => Promise<void> {
  const { copies, figures, bell, keyPrefix, keepSeconds, now } = options;

  let known: Progress | null = null; // what was done on the connection before

  return async (client, signal) => {
    // Progress that a crash of Postgres loses is made again.
    await client.query('SET synchronous_commit = off');
    client.on('notification', () => {
      figures.counters.notifications += 1;
      bell.ring();
    });
    await client.query(`LISTEN ${WAKE_CHANNEL}`);
    const progress = await readProgress(client, keyPrefix, keepSeconds, known);
    known = progress;
    let batch: Batch | null = null;
    let asked = { atMs: 0, connection: 0 };
    let savedAtMs = 0;
    let trimmedAtMs = now();

    while (!signal.aborted) {
      batch ??= await readFresh(client, progress.snapshot);
      figures.counters.polls += 1;
      figures.gauges.outstanding = batch.rows;
      const { connections } = copies;
      const ask = connections !== asked.connection || now() - asked.atMs > options.heartbeatMs;
      const applied = await apply(client, batch, progress, ask);
      figures.gauges.caughtUp = applied ? 1 : 0;
      if (applied) {
        if (ask) asked = { atMs: now(), connection: connections };
        progress.snapshot = batch.snapshot;
        figures.gauges.outstanding = 0;
        batch = null;
        if (now() - savedAtMs > SAVE_EVERY_MS) {
          await saveProgress(client, keyPrefix, progress);
          savedAtMs = now();
        }
        if (now() - trimmedAtMs > TRIM_EVERY_MS) {
          figures.counters.trimmedRows += await trim(client, keepSeconds);
          trimmedAtMs = now();
        }
      }
      await bell.wait(signal, batch === null ? options.pollMs : RETRY_MS);
    }
    await saveProgress(client, keyPrefix, progress);
  };

  async function apply(
    client: Client,
    batch: Batch,
    progress: Progress,
    ask: boolean,
  ): Promise<boolean> {
    try {
      if (ask) await reconcile(client, progress);
      if (batch.all) await clear();
      if (batch.changes.length > 0)
        await copies.invalidate(batch.changes.map((change) => change.slug));
    } catch (error) {
      figures.counters.failedDeletes += 1;
      options.onError(error instanceof Error ? error.message : String(error));
      return false;
    }
    figures.counters.changes += batch.rows;
    figures.counters.deletes += batch.changes.length;
    for (const { changedAtMs } of batch.changes) figures.gone(now() - changedAtMs);
    return true;
  }

  async function reconcile(client: Client, progress: Progress): Promise<void> {
    const identity = await copies.identity();
    if (identity === progress.redisIdentity) return;
    await clear();
    // A load that is under way may still fill what it read before: as long as changes are kept, it is told once more.
    const kept = await readKept(client);
    if (kept.length > 0) await copies.invalidate(kept);
    progress.redisIdentity = identity;
    await saveProgress(client, keyPrefix, progress);
  }

  async function clear(): Promise<void> {
    await copies.clear();
    figures.counters.clears += 1;
  }
}
