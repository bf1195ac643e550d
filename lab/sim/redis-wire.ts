import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { LabError } from '../errors.ts';

/** What a reply says, as one number. */
export const REPLY = { none: -1, outOfMemory: -2 } as const;

const LINE_END = 10;

/**
 * A connection that sends many commands at once and keeps one number of each reply: a replay asks only whether a value came.
 * It serves a million commands in the time in which a client library builds a million strings.
 */
export class RedisWire {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #replies: number[] = [];
  #wanted = 0;
  #done: (() => void) | null = null;
  #failed: ((error: Error) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    const end = (cause?: unknown): void =>
      this.#fail(new LabError('E_REPLAY', 'Redis closed the connection of a replay', { cause }));
    socket.on('error', end);
    socket.on('close', () => end());
  }

  static async open(url: string): Promise<RedisWire> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new RedisWire(socket);
  }

  /**
   * Sends commands and waits for all their replies. One exchange at a time.
   * @param commands - As `command` writes them.
   * @returns One number a reply: the length of a value, a whole number itself, 0 for OK, `REPLY.none` for no value, `REPLY.outOfMemory`.
   * @throws LabError `E_REPLAY` for any other error of the server, or when the connection ends.
   */
  exchange(commands: string, replies: number): Promise<number[]> {
    if (replies === 0) return Promise.resolve([]);
    this.#replies = [];
    this.#wanted = replies;
    return new Promise((done, failed) => {
      this.#done = () => done(this.#replies);
      this.#failed = failed;
      this.#socket.write(commands, 'latin1');
    });
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (this.#replies.length < this.#wanted) {
      const lineEnd = unread.indexOf(LINE_END, at);
      if (lineEnd === -1) break;
      const kind = unread[at]!;
      const text = unread.toString('latin1', at + 1, lineEnd - 1);
      let next = lineEnd + 1;
      let reply = 0;
      if (kind === 36) {
        reply = Number(text); // $: a value of this many bytes, -1 for none
        if (reply >= 0) next += reply + 2;
        if (next > unread.length) break;
      } else if (kind === 58)
        reply = Number(text); // :
      else if (kind === 45 && text.startsWith('OOM')) reply = REPLY.outOfMemory;
      else if (kind !== 43) {
        const shown = unread.toString('latin1', at, lineEnd - 1);
        return this.#fail(new LabError('E_REPLAY', `Redis answered a replay with ${shown}`));
      }
      this.#replies.push(reply);
      at = next;
    }
    this.#unread = unread.subarray(at);
    if (this.#replies.length === this.#wanted) this.#done?.();
  }

  #fail(error: Error): void {
    this.#failed?.(error);
  }
}

/** One command as Redis reads it. Arguments are ASCII. */
export function command(...args: readonly string[]): string {
  const parts = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}
