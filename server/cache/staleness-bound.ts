import type { PolicySettings } from './registry.ts';
import { STALE_COPY_MS } from './scripts.ts';

type BoundSettings = Omit<PolicySettings, 'l1TtlMs' | 'l1StaleIfErrorMs'> &
  Partial<Pick<PolicySettings, 'l1TtlMs' | 'l1StaleIfErrorMs'>>;

/** Longest time between two looks of the invalidator at the outbox, in ms, unless it is set otherwise. */
const OUTBOX_POLL_MS = 200;
/** From a change found in the outbox to its DEL, generously. */
const DELIVERY_MS = 300;

/**
 * The longest time for which a policy may go on sending a page that lacks an acknowledged change, while all services
 * work. For `delete` and `double-delete` the change is acknowledged when the server has answered the writer, and one
 * made past the server counts as none.
 * @param loadMs - Longest time that a page takes to load.
 * @returns Milliseconds; null where an overtaken load may leave the old page until its TTL is over (`ttlBoundMs`), and
 *   for store `memory`, where it stays for ever.
 */
export function stalenessBoundMs(settings: BoundSettings, loadMs: number): number | null {
  const { store, fence, invalidate, gate, doubleDeleteMs } = settings;
  if (store === 'none') return 0;
  if (store === 'memory') return null;
  if (fence === 'version-key') return 0;
  const l1Ms = settings.l1TtlMs ?? 0;
  const fenced = fence === 'floor' || gate === 'lease';
  const staleGetMs = gate === 'lease' && settings.onLockTimeout === 'stale' ? STALE_COPY_MS : 0;
  switch (invalidate) {
    case 'none':
      return ttlBoundMs(settings, loadMs);
    case 'delete':
      return fenced ? staleGetMs + l1Ms : null;
    case 'double-delete':
      if (fenced) return staleGetMs + l1Ms;
      return doubleDeleteMs !== null && loadMs < doubleDeleteMs ? doubleDeleteMs + l1Ms : null;
    case 'soft-purge':
      // The first reader after a silence still gets the old page.
      return fenced ? (settings.staleWhileRevalidateMs ?? 0) + loadMs + staleGetMs + l1Ms : null;
    case 'event-driven':
      return null; // a notification that nobody heard is lost
    case 'outbox':
      return fenced ? OUTBOX_POLL_MS + DELIVERY_MS + staleGetMs + l1Ms : null;
    default:
      return invalidate satisfies never;
  }
}

/** The same where no invalidation arrives: ttl (1 + jitter) + the longer window + load time + L1 and its window. */
export function ttlBoundMs(settings: BoundSettings, loadMs: number): number {
  const windowMs = Math.max(settings.staleWhileRevalidateMs ?? 0, settings.staleIfErrorMs ?? 0);
  const lifeMs = Math.round((settings.ttlMs ?? 0) * (1 + settings.jitter));
  return lifeMs + windowMs + loadMs + (settings.l1TtlMs ?? 0) + (settings.l1StaleIfErrorMs ?? 0);
}
