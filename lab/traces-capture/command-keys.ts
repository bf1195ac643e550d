/** Where the keys of a command stand among its words, as Redis' own COMMAND says; a negative `last` counts from the end. */
export interface KeyPlaces {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/**
 * Reads the reply of COMMAND. Commands without keys in fixed places are left out: AUTH, CONFIG and their like, and scripts, whose
 * inner commands MONITOR shows by themselves.
 * @see https://redis.io/docs/latest/commands/command/
 */
export function keyPlaces(reply: unknown): Map<string, KeyPlaces> {
  const places = new Map<string, KeyPlaces>();
  if (!Array.isArray(reply)) return places;
  for (const entry of reply as unknown[]) {
    if (!Array.isArray(entry)) continue;
    const [name, , , first, last, step] = entry as unknown[];
    if (typeof name !== 'string' || typeof first !== 'number' || first < 1) continue;
    places.set(name.toLowerCase(), { first, last: Number(last), step: Math.max(1, Number(step)) });
  }
  return places;
}

/**
 * The keys of one command, in order.
 * @param words - The command's name and what follows it.
 */
export function keysOf(words: readonly string[], { first, last, step }: KeyPlaces): string[] {
  const end = last < 0 ? words.length + last : Math.min(last, words.length - 1);
  const keys: string[] = [];
  for (let at = first; at <= end; at += step) keys.push(words[at]!);
  return keys;
}
