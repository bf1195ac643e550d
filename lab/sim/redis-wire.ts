import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { LabError } from '../errors.ts';

/** The reply to a write that the policy does not let in. */
export const OUT_OF_MEMORY = -2;
const LINE_END = 10;
/** A batch takes milliseconds. Longer than this and it will never end. */
const NO_REPLY_MS = 30_000;
/** First bytes of replies: `$`, `:`, `+`, `-`. */
const KIND = { value: 36, number: 58, status: 43, error: 45 };

/**
 * A connection that sends many commands at once and keeps one number of each reply: a replay asks only whether a key was there.
 * It serves a million commands in the time in which a client library builds a million strings.
 */
export class RedisWire {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #replies: number[] = [];
  #wanted = 0;
  #done: (() => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #error: Error | null = null;

  private constructor(socket: Socket, noReplyMs: number) {
    this.#socket = socket;
    socket.setTimeout(noReplyMs);
    socket.on('timeout', () => {
      // Between two exchanges nothing is to come.
      if (this.#replies.length === this.#wanted) return;
      this.#fail(
        new LabError('E_REPLAY', `Redis gave no reply to a replay for ${noReplyMs / 1000} s`, {
          hint: 'is it frozen, or the machine overloaded? Run the command again',
        }),
      );
      socket.destroy();
    });
    socket.on('data', (chunk) => this.#read(chunk));
    const end = (cause?: unknown): void =>
      this.#fail(new LabError('E_REPLAY', 'Redis closed the connection of a replay', { cause }));
    socket.on('error', end);
    socket.on('close', () => end());
  }

  /** @param options.noReplyMs - Silence after which an exchange fails. Default 30 s. */
  static async open(url: string, options: { noReplyMs?: number } = {}): Promise<RedisWire> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new RedisWire(socket, options.noReplyMs ?? NO_REPLY_MS);
  }

  /**
   * Sends commands and waits for all their replies. One exchange at a time.
   * @param commands - As `command` writes them.
   * @returns One number a reply: the length of a value, a whole number itself, 0 for OK, −1 for no
   * value, −2 for a write refused because the server is full.
   * @throws LabError `E_REPLAY` for any other error of the server, and when the connection ends or falls silent.
   */
  exchange(commands: string, replies: number): Promise<number[]> {
    if (this.#error !== null) return Promise.reject(this.#error);
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
      if (kind === KIND.value) {
        reply = Number(text); // bytes that follow, −1 for no value
        if (reply >= 0) next += reply + 2;
        if (next > unread.length) break;
      } else if (kind === KIND.number) reply = Number(text);
      else if (kind === KIND.error && text.startsWith('OOM')) reply = OUT_OF_MEMORY;
      else if (kind !== KIND.status) {
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
    this.#error ??= error;
    this.#failed?.(error);
  }
}

/** One command as Redis reads it. Arguments are ASCII. */
export function command(...args: readonly string[]): string {
  const parts = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}
