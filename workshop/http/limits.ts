import { ControlError } from './control-error.ts';

/**
 * Lets `most` through per second, on average and at once.
 * @param now - ms, monotonic.
 * @returns Call it before each; it throws `ControlError` 429 with `sentence` where there are too many.
 */
export function perSecond(most: number, sentence: string, now: () => number): () => void {
  let left = most;
  let atMs = now();
  return () => {
    const nowMs = now();
    left = Math.min(most, left + ((nowMs - atMs) / 1000) * most);
    atMs = nowMs;
    if (left < 1) throw new ControlError(429, sentence, { headers: { 'retry-after': '1' } });
    left -= 1;
  };
}

/**
 * What waits for its turn stays countable: the room does changes one after the other.
 * @throws ControlError 429 with `sentence` where `most` are under way or waiting.
 */
export function atMost(most: number, sentence: string): <T>(work: () => Promise<T>) => Promise<T> {
  let underWay = 0;
  return async (work) => {
    if (underWay >= most) {
      throw new ControlError(429, sentence, { headers: { 'retry-after': '1' } });
    }
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
    }
  };
}

/**
 * All who ask while an answer is made, and for `keepMs` after, get the same one; a failure is not kept.
 * @param now - ms, monotonic.
 */
export function shared<T>(
  make: () => Promise<T>,
  keepMs: number,
  now: () => number,
): () => Promise<T> {
  let current: { answer: Promise<T>; doneAtMs: number | null } | null = null;
  return () => {
    if (current !== null && (current.doneAtMs === null || now() - current.doneAtMs < keepMs)) {
      return current.answer;
    }
    const made = { answer: make(), doneAtMs: null as number | null };
    current = made;
    void made.answer
      .finally(() => {
        made.doneAtMs = now();
      })
      .catch(() => {
        if (current === made) current = null;
      });
    return made.answer;
  };
}
