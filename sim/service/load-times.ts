import { sampler } from './distribution.ts';
import type { LoadTime } from './setting.ts';

/** What a load of each page takes, drawn. */
export interface LoadTimes {
  selects(key: number): number;
  /** Round trips, with BEGIN and COMMIT. */
  trips(key: number): number;
  /** One load without waiting, in ms. */
  whole(key: number): number;
  /** One round trip of a load that takes `wholeMs`. */
  trip(key: number, wholeMs: number): number;
}

const BEGIN_AND_COMMIT = 2;

/** @throws RangeError for pages without a count of statements. */
export function loadTimes(load: LoadTime, keys: number, random: () => number): LoadTimes {
  if (load.kind === 'whole') {
    const draw = sampler(load.ms, random, 'load.ms');
    const trips = load.selects + BEGIN_AND_COMMIT;
    return {
      selects: () => load.selects,
      trips: () => trips,
      whole: () => draw(),
      trip: (_key, wholeMs) => wholeMs / trips,
    };
  }
  const { statements } = load;
  const draw = sampler(load.roundTripMs, random, 'load.roundTripMs');
  if (typeof statements !== 'number' && statements.length !== keys)
    throw new RangeError(`statements: ${statements.length} pages; needed: ${keys}`);
  const selects = (key: number): number =>
    typeof statements === 'number' ? statements : statements[key]!;
  return {
    selects,
    trips: (key) => selects(key) + BEGIN_AND_COMMIT,
    whole(key) {
      let sumMs = 0;
      for (let trip = selects(key) + BEGIN_AND_COMMIT; trip > 0; trip -= 1) sumMs += draw();
      return sumMs;
    },
    trip: () => draw(),
  };
}
