import type { ReadRow, StoreRows } from './rows.ts';
import type { View } from './views.ts';

/** Sessions by their number; 0 is none. */
function bySession(reads: readonly ReadRow[]): Map<number, ReadRow[]> {
  const sessions = new Map<number, ReadRow[]>();
  for (const read of reads) {
    if (read.session === 0) continue;
    const own = sessions.get(read.session);
    if (own === undefined) sessions.set(read.session, [read]);
    else own.push(read);
  }
  return sessions;
}

/**
 * Monotonic reads: those that show less than a read of the same session which was completed before they began.
 * @param reads - Of one store, by start.
 */
export function backwardsReads(reads: readonly ReadRow[], views: readonly View[]): number {
  let backwards = 0;
  for (const own of bySession(reads).values()) {
    const byEnd = own.toSorted((a, b) => a.endUs - b.endUs);
    const highest = views.map(() => 0);
    let completed = 0;
    for (const read of own) {
      for (; completed < byEnd.length && byEnd[completed]!.endUs < read.startUs; completed += 1) {
        for (const [at, view] of views.entries()) {
          highest[at] = Math.max(highest[at]!, view.shownByRead(byEnd[completed]!));
        }
      }
      if (views.some((view, at) => view.shownByRead(read) < highest[at]!)) backwards += 1;
    }
  }
  return backwards;
}

/** Read-your-writes: reads that miss a write of the same session, begun after its answer. */
export function ownWritesMissed({ reads, writes }: StoreRows, views: readonly View[]): number {
  const writers = new Set(writes.map((write) => write.session));
  let missed = 0;
  for (const [session, own] of bySession(reads)) {
    if (!writers.has(session)) continue;
    missed += own.filter((read) =>
      views.some((view) => {
        const shown = view.shownByRead(read);
        return view.answered.writes.some(
          (write) =>
            write.session === session && write.doneUs < read.startUs && write.version > shown,
        );
      }),
    ).length;
  }
  return missed;
}
