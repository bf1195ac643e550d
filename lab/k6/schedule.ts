/**
 * Finds the schedule behind arrivals that were asked for at a constant rate, and how late each one was.
 *
 * k6 tells when a request ended, not when it was due, and its script clock has steps of 1 ms. But its executor
 * never starts an iteration early, so the k-th arrival gives an upper bound of the schedule's origin,
 * `start - k * period`, and the least of them is the best one: it errs by the lag of the promptest arrival.
 * @param startsMs - When k6 began each arrival, epoch milliseconds, in any order. Arrivals dropped for want of a
 * virtual user belong in it: k6 notes them at the moment they were due, and they take up a place in the schedule.
 * @param periodMs - Milliseconds between two arrivals.
 * @returns Origin of the schedule, and the lag of `startsMs[i]` at `lagMs[i]`.
 */
export function alignToSchedule(
  startsMs: readonly number[],
  periodMs: number,
): { originMs: number; lagMs: number[] } {
  const order = startsMs.map((_, index) => index);
  order.sort((a, b) => startsMs[a]! - startsMs[b]!);
  let originMs = Number.POSITIVE_INFINITY;
  const lagMs = startsMs.slice();
  order.forEach((index, slot) => {
    lagMs[index] = startsMs[index]! - slot * periodMs;
    originMs = Math.min(originMs, lagMs[index]);
  });
  return { originMs, lagMs: lagMs.map((dueMs) => dueMs - originMs) };
}
