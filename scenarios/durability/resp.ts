/** A command as Redis reads it. */
export function command(...parts: readonly string[]): string {
  const words = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${parts.length}\r\n${words.join('')}`;
}

/** Bytes of the answer to a SET (`+OK`) and to a DEL of one key (`:0` or `:1`). */
export const ANSWER_BYTES = { set: 5, del: 4 } as const;
