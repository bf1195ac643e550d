/** Keys for which nothing is to be tried for a while. */
export interface Rests {
  has(key: string): boolean;
  rest(key: string, ms: number): void;
}

/** As large as the keys that failed lately: those that nobody asks for again go when there are many. */
const MANY = 1000;

export function createRests(now: () => number): Rests {
  const ends = new Map<string, number>();
  return {
    has(key) {
      const end = ends.get(key);
      if (end === undefined) return false;
      if (now() < end) return true;
      ends.delete(key);
      return false;
    },
    rest(key, ms) {
      if (ends.size >= MANY) for (const [old, end] of ends) if (end <= now()) ends.delete(old);
      ends.set(key, now() + ms);
    },
  };
}
