import type { Evidence } from '../contract.ts';

const MAX_SENT = 40;

/** What the room really sent, newest last: for whoever doubts what a knob does. */
export class SentLog {
  readonly #requests: Evidence['requests'] = [];

  /**
   * @param line - As in HTTP (`PUT /lab/policy {"preset":"cached"}`) or as Redis has it (`CONFIG SET maxmemory 1048576`).
   * @param command - Repeats it in a shell.
   */
  add(line: string, answer: string, command: string): void {
    this.#requests.push({ atMs: Date.now(), line, answer, command });
    if (this.#requests.length > MAX_SENT) this.#requests.shift();
  }

  requests(): Evidence['requests'] {
    return [...this.#requests];
  }
}

/** One word of a shell command. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
