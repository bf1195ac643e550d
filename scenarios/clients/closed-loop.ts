/** What callers met who ask again as soon as they are answered: a closed model. */
export interface Loop {
  /** Values received, of the measured phase. */
  values: number;
  seconds: number;
  /** From the call to its answer, of the measured phase. */
  latenciesMs: number[];
}

/**
 * Keeps so many callers busy. Nothing waits between an answer and the next call, so callers set the pace themselves: the rate is
 * what the way of asking allows, and the latency that of this many callers.
 * @param call - Asks once. @returns How many values came back.
 */
export async function runLoop(
  { callers, warmSeconds, seconds }: { callers: number; warmSeconds: number; seconds: number },
  call: (caller: number) => Promise<number>,
): Promise<Loop> {
  const startMs = performance.now();
  const fromMs = startMs + warmSeconds * 1000;
  const untilMs = fromMs + seconds * 1000;
  const latenciesMs: number[] = [];
  let values = 0;
  const caller = async (index: number): Promise<void> => {
    for (;;) {
      const askedMs = performance.now();
      if (askedMs >= untilMs) return;
      const got = await call(index);
      const answeredMs = performance.now();
      if (answeredMs < fromMs || answeredMs > untilMs) continue;
      values += got;
      latenciesMs.push(answeredMs - askedMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  return { values, seconds, latenciesMs };
}

/** Loops that ran at the same time. */
export function together(loops: readonly Loop[]): Loop {
  return {
    values: loops.reduce((sum, { values }) => sum + values, 0),
    seconds: Math.max(...loops.map(({ seconds }) => seconds)),
    latenciesMs: loops.flatMap(({ latenciesMs }) => latenciesMs),
  };
}

/** A quantile by rank. @param q - 0 to 1. @returns Null for an empty list. */
export function rankOf(values: readonly number[], q: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
}
