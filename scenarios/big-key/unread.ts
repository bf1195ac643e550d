import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const MARK = 'the-reply-is-over';
const MARK_REPLY = Buffer.from(`$${MARK.length}\r\n${MARK}\r\n`);
const MOST_HEAD_BYTES = 200;

type Command = readonly (string | Buffer)[];

export interface Reply {
  bytes: number;
  /** Its first bytes, as they came. */
  head: string;
}

/**
 * A connection that lets replies pass unread: decoding a million fields would take the CPU that the small reads need, and the
 * time until Redis is done would be that of the decoder. An ECHO behind each command tells where its reply ends. One at a time.
 */
export interface Unread {
  /** @throws Error with Redis's words if it answered with an error. */
  command(...words: Command): Promise<Reply>;
  /** Commands sent at once, as a client's pipeline does. @returns All replies as one. */
  pipeline(commands: readonly Command[]): Promise<Reply>;
  close(): void;
}

export async function openUnread(url: string): Promise<Unread> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const pipeline: Unread['pipeline'] = (commands) => {
    const reply = replyOf(socket);
    socket.cork();
    for (const words of commands) write(socket, words);
    write(socket, ['ECHO', MARK]);
    socket.uncork();
    return reply;
  };
  return {
    pipeline,
    command: (...words) => pipeline([words]),
    close: () => socket.destroy(),
  };
}

/** Texts together, a large value as it is. */
function write(socket: Socket, words: Command): void {
  let text = `*${words.length}\r\n`;
  for (const word of words) {
    if (typeof word === 'string') {
      text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
    } else {
      socket.write(`${text}$${word.length}\r\n`);
      socket.write(word);
      text = '\r\n';
    }
  }
  socket.write(text);
}

/** Until the mark has arrived. */
function replyOf(socket: Socket): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let head = '';
    let tail = Buffer.alloc(0);
    const done = (settle: () => void): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      settle();
    };
    const onError = (error: Error): void => done(() => reject(error));
    const onClose = (): void => done(() => reject(new Error('Redis closed the connection')));
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (head.length < MOST_HEAD_BYTES)
        head += chunk.toString('latin1', 0, MOST_HEAD_BYTES - head.length);
      tail = Buffer.concat([tail, chunk.subarray(-MARK_REPLY.length)]).subarray(-MARK_REPLY.length);
      if (!tail.equals(MARK_REPLY)) return;
      done(() => {
        if (head.startsWith('-')) reject(new Error(head.slice(1).split('\r\n')[0]));
        else resolve({ bytes: bytes - MARK_REPLY.length, head });
      });
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
  });
}
