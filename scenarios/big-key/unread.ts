import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

const MARK = 'the-reply-is-over';
const MARK_REPLY = Buffer.from(`$${MARK.length}\r\n${MARK}\r\n`);

/**
 * A connection that lets replies pass unread: decoding a million fields would take the CPU that the small reads need, and the
 * time until Redis is done would be that of the decoder. An ECHO behind each command tells where its reply ends.
 */
export interface Unread {
  /** @returns Bytes of the reply. @throws Error with Redis's words if it answered with an error. */
  command(...words: readonly (string | number | Buffer)[]): Promise<number>;
  /** Commands sent at once: as a client's pipeline does. */
  pipeline(commands: readonly (readonly (string | number | Buffer)[])[]): Promise<number>;
  close(): void;
}

export async function openUnread(url: string): Promise<Unread> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const pipeline: Unread['pipeline'] = (commands) => {
    const reply = replyOf(socket);
    socket.cork();
    for (const words of commands) for (const part of encoded(words)) socket.write(part);
    for (const part of encoded(['ECHO', MARK])) socket.write(part);
    socket.uncork();
    return reply;
  };
  return {
    pipeline,
    command: (...words) => pipeline([words]),
    close: () => socket.destroy(),
  };
}

function encoded(words: readonly (string | number | Buffer)[]): (string | Buffer)[] {
  return [
    `*${words.length}\r\n`,
    ...words.flatMap((word) => {
      const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word));
      return [`$${bytes.length}\r\n`, bytes, '\r\n'];
    }),
  ];
}

/** Until the mark has arrived. One at a time. */
function replyOf(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let head = Buffer.alloc(0);
    let tail = Buffer.alloc(0);
    const done = (settle: () => void): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      settle();
    };
    const onError = (error: Error): void => done(() => reject(error));
    const onClose = (): void => done(() => reject(new Error('Redis closed the connection')));
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (head.length < 200) head = Buffer.concat([head, chunk.subarray(0, 200)]);
      tail = Buffer.concat([tail, chunk.subarray(-MARK_REPLY.length)]).subarray(-MARK_REPLY.length);
      if (!tail.equals(MARK_REPLY)) return;
      const [line = ''] = head.toString().split('\r\n');
      done(() => {
        if (line.startsWith('-')) reject(new Error(line.slice(1)));
        else resolve(bytes - MARK_REPLY.length);
      });
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
  });
}
