import { setTimeout as sleep } from 'node:timers/promises';

/** Shortest time from the end of one round trip to the beginning of the next. */
const PAUSE_MS = 10;
/** Longest that callers wait for one round trip. */
const ANSWER_WITHIN_MS = 250;

/**
 * Shares round trips: each caller is answered by one that **begins** after its call, so that what it brings is not
 * older than the question. However many callers, there is one at a time, and a pause between two.
 * @param roundTrip - Rejects or says false when it brought nothing.
 * @returns A function whose promise never rejects; false: no answer in time, which is at most 510 ms.
 */
export function createBarrier(roundTrip: () => Promise<boolean>): () => Promise<boolean> {
  /** Begins later: whoever calls now may join. */
  let next: Promise<boolean> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  async function begin(): Promise<boolean> {
    await last;
    next = null;
    const answer = within(ANSWER_WITHIN_MS, roundTrip());
    last = answer.then(() => sleep(PAUSE_MS));
    return answer;
  }

  return () => (next ??= begin());
}

async function within(limitMs: number, answer: Promise<boolean>): Promise<boolean> {
  const limit = new AbortController();
  const late = sleep(limitMs, false, { signal: limit.signal }).catch(() => false);
  try {
    return await Promise.race([answer, late]);
  } catch {
    return false;
  } finally {
    limit.abort();
  }
}
