import type { Journal } from '../../lab/server-protocol.ts';

/** What happened in each second of the measured phase, all processes together; arrays of one length. */
export interface Seconds {
  reads: number[];
  /** Pages that were not sent: 5xx. */
  failed: number[];
  /** Pages that took longer than the limit. */
  slow: number[];
  /** Builds of a page, in the second in which they began to ask the database. */
  loads: number[];
  selects: number[];
  /** Sum of the squares of the SELECTs of each build: how lumpy the SELECTs come. */
  selectSquares: number[];
}

export interface Clock {
  /** Start of the measured phase, on the clock of the journals. */
  startUs: number;
  seconds: number;
}

/**
 * Counts what the journals hold. A read belongs to the second of its start. A build's wait for a connection is not its
 * work: its SELECTs are spread evenly over the time that they take, back from its end.
 * @param tripMs - Of one round trip to the database.
 */
export function countSeconds(
  journals: readonly Journal[],
  clock: Clock,
  limits: { slowMs: number; tripMs: number },
): Seconds {
  const empty = (): number[] => Array.from({ length: clock.seconds }, () => 0);
  const counted: Seconds = {
    reads: empty(),
    failed: empty(),
    slow: empty(),
    loads: empty(),
    selects: empty(),
    selectSquares: empty(),
  };
  const secondOf = (us: number): number => (us - clock.startUs) / 1e6;
  for (const { reads, loads } of journals) {
    for (const [row, startUs] of reads.startUs.entries()) {
      const second = secondOf(startUs);
      add(counted.reads, second, 1);
      if (reads.status[row]! >= 500) add(counted.failed, second, 1);
      else if (reads.endUs[row]! - startUs > limits.slowMs * 1000) add(counted.slow, second, 1);
    }
    for (const [row, endUs] of loads.endUs.entries()) {
      const selects = loads.selects[row]!;
      if (selects === 0) continue; // shed, or failed
      const end = secondOf(endUs);
      const begin = Math.max(
        secondOf(loads.startUs[row]!),
        end - workSeconds(selects, limits.tripMs),
      );
      add(counted.loads, begin, 1);
      add(counted.selectSquares, begin, selects ** 2);
      spread(counted.selects, begin, end, selects);
    }
  }
  return counted;
}

function add(column: number[], second: number, value: number): void {
  const index = Math.floor(second);
  const known = column[index];
  if (known !== undefined) column[index] = known + value;
}

/** BEGIN and COMMIT are round trips too. */
export function workSeconds(selects: number, tripMs: number): number {
  return ((selects + 2) * tripMs) / 1000;
}

/** Adds `amount`, evenly over `begin` to `end`. */
function spread(column: number[], begin: number, end: number, amount: number): void {
  const length = Math.max(end - begin, 1e-9);
  for (let second = Math.floor(begin); second < end; second += 1) {
    const share = (Math.min(end, second + 1) - Math.max(begin, second)) / length;
    const known = column[second];
    if (known !== undefined) column[second] = known + amount * share;
  }
}

/** Seconds in which more than 1 % of the readers got an error or waited too long. */
export function badSeconds({ reads, failed, slow }: Seconds): number[] {
  return reads.flatMap((count, second) =>
    failed[second]! + slow[second]! > count * 0.01 ? [second] : [],
  );
}

/** From the first bad second to the end of the last one; 0 without any. */
export function recoverySeconds(bad: readonly number[]): number {
  const [first] = bad;
  return first === undefined ? 0 : bad.at(-1)! + 1 - first;
}

/** Sum of a column over whole seconds `from` to `to`; parts of a second count in proportion. */
export function sumBetween(column: readonly number[], from: number, to: number): number {
  return column.reduce((sum, value, second) => {
    const inside = Math.min(to, second + 1) - Math.max(from, second);
    return sum + value * Math.max(0, inside);
  }, 0);
}
