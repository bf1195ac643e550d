import { OUTCOMES } from '../../lab/result.ts';
import type { Journal } from '../../lab/server-protocol.ts';

/** What became of the requests for stores that do not exist, and of the good ones, in the measured phase. */
export interface Requests {
  /** For absent stores. */
  absent: number;
  /** Those that went on to the database, one SELECT each; a full pool may have turned them away. */
  absentLookUps: number;
  /** SELECTs that looked for absent stores. */
  absentSelects: number;
  /** Answered with 503. */
  absentShed: number;
  /**
   * By slug, from the first look-up to the end of the first one that was answered, in seconds: who comes meanwhile finds no
   * note.
   */
  firstLookUpSeconds: number[];
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

/** Counts what the journals hold. */
export function countRequests(
  journals: readonly Journal[],
  clock: { startUs: number; seconds: number },
): Requests {
  const bySecond = (): number[] => Array.from({ length: clock.seconds }, () => 0);
  const counted: Requests = {
    ...{ absent: 0, absentLookUps: 0, absentSelects: 0, absentShed: 0, firstLookUpSeconds: [] },
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
  const first = new Map<string, { startUs: number; endUs: number }>();
  for (const { slugs, reads, loads } of journals) {
    const absent = slugs.map((slug) => ABSENT.test(slug));
    for (const [row, slug] of reads.slug.entries()) {
      const failed = reads.status[row]! >= 500;
      if (absent[slug] === true) {
        counted.absent += 1;
        if (failed) counted.absentShed += 1;
      } else if (reads.measured[row] === 1) {
        counted.goodReads += 1;
        add(counted.goodReadsBySecond, reads.startUs[row]!, 1);
        if (failed) counted.goodFailed += 1;
        if (reads.outcome[row] === HIT) {
          counted.goodHits += 1;
          add(counted.goodHitsBySecond, reads.startUs[row]!, 1);
        }
      }
    }
    for (const [row, slug] of loads.slug.entries()) {
      if (absent[slug] !== true) continue;
      const selects = loads.selects[row]!;
      const [startUs, endUs] = [loads.startUs[row]!, loads.endUs[row]!];
      counted.absentLookUps += 1;
      counted.absentSelects += selects;
      add(counted.absentSelectsBySecond, endUs, selects);
      const known = first.get(slugs[slug]!) ?? { startUs, endUs: Number.POSITIVE_INFINITY };
      first.set(slugs[slug]!, {
        startUs: Math.min(known.startUs, startUs),
        endUs: selects === 0 ? known.endUs : Math.min(known.endUs, endUs), // 0: turned away
      });
    }
  }
  const firstLookUpSeconds = [...first.values()]
    .map(({ startUs, endUs }) => (endUs - startUs) / 1e6)
    .filter(Number.isFinite);
  return { ...counted, firstLookUpSeconds };
}
