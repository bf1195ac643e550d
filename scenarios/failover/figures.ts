import { BUCKET_US, perSecond } from './pages.ts';
import type { Write } from './writers.ts';

/**
 * The longest time without an acknowledgement that began before `toUs` and ended after `fromUs`.
 * @returns ms; the whole span when there was none.
 */
export function longestGapMs(writes: readonly Write[], fromUs: number, toUs: number): number {
  const acks = writes.flatMap(({ ackUs }) => ackUs ?? []).sort((a, b) => a - b);
  const before = acks.findLast((us) => us <= fromUs) ?? fromUs;
  const inside = acks.filter((us) => us > fromUs && us < toUs);
  let last = before;
  let longestUs = 0;
  for (const us of [...inside, toUs]) {
    longestUs = Math.max(longestUs, us - last);
    last = us;
  }
  return longestUs / 1000;
}

/** Acknowledged writes that are not among the keys that are there, and those of them that were acknowledged from a moment on. */
export function lostWrites(
  writes: readonly Write[],
  present: ReadonlySet<string>,
  backUs: number | null,
): { acked: number; lost: number; lostAfterReturn: number } {
  const acked = writes.filter(({ ackUs }) => ackUs !== null);
  const lost = acked.filter(({ key }) => !present.has(key));
  const later = backUs === null ? [] : lost.filter(({ ackUs }) => ackUs! >= backUs);
  return { acked: acked.length, lost: lost.length, lostAfterReturn: later.length };
}

/** Acknowledgements per second in buckets of half a second from the start of the measured phase: `[second, rate]`. */
export function ackedPerSecond(
  writes: readonly Write[],
  startUs: number,
  seconds: number,
): [number, number][] {
  const counts = Array.from({ length: (seconds * 1e6) / BUCKET_US }, () => 0);
  for (const { ackUs } of writes) {
    const at = ackUs === null ? -1 : Math.floor((ackUs - startUs) / BUCKET_US);
    if (counts[at] !== undefined) counts[at] += 1;
  }
  return perSecond(counts);
}
