import { OP } from '../trace.ts';

const READS = ['get', 'gets', 'read', 'r', 'head', 'lookup', 'get_lease'];
const WRITES =
  'set add replace cas append prepend incr decr delete del put post patch update write w set_lease'.split(
    ' ',
  );

/** What the words of logs and traces mean. */
const OPERATIONS: ReadonlyMap<string, number> = new Map([
  ...READS.map((name) => [name, OP.read] as const),
  ...WRITES.map((name) => [name, OP.write] as const),
]);

/** @returns `OP.read`, `OP.write`, or `undefined` for a word of no known meaning; upper or lower case. */
export function operationNamed(word: string): number | undefined {
  return OPERATIONS.get(word) ?? OPERATIONS.get(word.toLowerCase());
}

/** A field as text, one character a byte. Short fields only. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at += 1) text += String.fromCharCode(bytes[at]!);
  return text;
}
