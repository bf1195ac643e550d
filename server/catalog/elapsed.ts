/** Whole microseconds since a reading of `performance.now()`. */
export function microsSince(startedMs: number): number {
  return Math.round((performance.now() - startedMs) * 1000);
}
