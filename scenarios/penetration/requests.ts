import { OUTCOMES } from '../../lab/result.ts';
import type { Journal } from '../../lab/server-protocol.ts';

/** What became of the requests for stores that do not exist, and of the good ones, in the measured phase. */
export interface Requests {
  /** Requests for absent stores that were answered: 404. */
  absentAnswered: number;
  /** Those that were not: 503. */
  absentShed: number;
  /** SELECTs that looked for absent stores. */
  absentSelects: number;
  /** Time of one of those loads, the wait for a connection included; null without one. */
  absentLoadSeconds: number | null;
  goodReads: number;
  goodFailed: number;
  /** Answered from a copy. */
  goodHits: number;
  /** By second of the measured phase. */
  absentSelectsBySecond: number[];
  goodReadsBySecond: number[];
  goodHitsBySecond: number[];
}

const HIT = OUTCOMES.indexOf('hit');

/** Slugs of `pickAbsent` in `scenarios/lib/stores.ts`. */
const ABSENT = /^absent-/;

export function countRequests(
  journals: readonly Journal[],
  clock: { startUs: number; seconds: number },
): Requests {
  const bySecond = (): number[] => Array.from({ length: clock.seconds }, () => 0);
  const counted: Requests = {
    ...{ absentAnswered: 0, absentShed: 0, absentSelects: 0, absentLoadSeconds: null },
    ...{ goodReads: 0, goodFailed: 0, goodHits: 0 },
    absentSelectsBySecond: bySecond(),
    goodReadsBySecond: bySecond(),
    goodHitsBySecond: bySecond(),
  };
  const add = (column: number[], us: number, value: number): void => {
    const second = Math.floor((us - clock.startUs) / 1e6);
    const known = column[second];
    if (known !== undefined) column[second] = known + value;
  };
  let loads = 0;
  let loadSeconds = 0;
  for (const journal of journals) {
    const absent = journal.slugs.map((slug) => ABSENT.test(slug));
    const { reads } = journal;
    for (const [row, slug] of reads.slug.entries()) {
      if (absent[slug] === true) {
        if (reads.status[row] === 404) counted.absentAnswered += 1;
        else counted.absentShed += 1;
      } else if (reads.measured[row] === 1) {
        counted.goodReads += 1;
        add(counted.goodReadsBySecond, reads.startUs[row]!, 1);
        if (reads.status[row]! >= 500) counted.goodFailed += 1;
        if (reads.outcome[row] === HIT) {
          counted.goodHits += 1;
          add(counted.goodHitsBySecond, reads.startUs[row]!, 1);
        }
      }
    }
    for (const [row, slug] of journal.loads.slug.entries()) {
      const selects = journal.loads.selects[row]!;
      if (absent[slug] !== true || selects === 0) continue; // 0: shed
      counted.absentSelects += selects;
      add(counted.absentSelectsBySecond, journal.loads.endUs[row]!, selects);
      loads += 1;
      loadSeconds += (journal.loads.endUs[row]! - journal.loads.startUs[row]!) / 1e6;
    }
  }
  return { ...counted, absentLoadSeconds: loads === 0 ? null : loadSeconds / loads };
}
