import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { command, RedisWire } from './redis-wire.ts';

let server: Server | null = null;
afterEach(() => server?.close());

/** A connection to a server that answers each batch with the next of these texts, in pieces of three bytes. */
async function wireTo(
  answers: string[],
  options: { noReplyMs?: number } = {},
): Promise<{ wire: RedisWire; peer: Socket }> {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const wire = await RedisWire.open(`redis://127.0.0.1:${port}`, options);
  const [peer] = await connected;
  peer.setNoDelay(true);
  peer.on('data', () => void answer(peer, answers.shift() ?? ''));
  return { wire, peer };
}

async function answer(peer: Socket, text: string): Promise<void> {
  for (let at = 0; at < text.length; at += 3) {
    peer.write(text.slice(at, at + 3));
    await turn();
  }
}

test('a command is written as the protocol counts its bytes', () => {
  expect(command('SET', 'key', 'value')).toBe('*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n');
});

test('each reply gives one number, also when it comes in pieces and a value contains line ends', async () => {
  const replies =
    '+OK\r\n$-1\r\n$7\r\na\r\n$3\r\n\r\n:42\r\n-OOM command not allowed\r\n$0\r\n\r\n';
  const { wire } = await wireTo([replies, '+OK\r\n']);
  expect(await wire.exchange('six', 6)).toEqual([0, -1, 7, 42, -2, 0]);
  expect(await wire.exchange('one more', 1)).toEqual([0]);
  wire.close();
});

test('an error of the server ends the exchange with its words', async () => {
  const { wire } = await wireTo(['$2\r\nok\r\n-WRONGTYPE not a string\r\n']);
  await expect(wire.exchange('two', 2)).rejects.toThrow('-WRONGTYPE not a string');
  wire.close();
});

test('a connection that ends in the middle of a reply is an error and no endless wait', async () => {
  const { wire, peer } = await wireTo(['$5\r\nab']);
  const exchange = wire.exchange('one', 1);
  setTimeout(() => peer.destroy(), 20);
  await expect(exchange).rejects.toMatchObject({ code: 'E_REPLAY' });
  await expect(wire.exchange('after its end', 1)).rejects.toMatchObject({ code: 'E_REPLAY' });
  wire.close();
});

test('a server that falls silent in the middle of a reply is an error; silence between two exchanges is none', async () => {
  const { wire } = await wireTo(['+OK\r\n', '+OK\r\n', '$5\r\nab'], { noReplyMs: 500 });
  expect(await wire.exchange('one', 1)).toEqual([0]);
  await sleep(800);
  expect(await wire.exchange('another', 1)).toEqual([0]);
  await expect(wire.exchange('no end', 1)).rejects.toThrow('no reply to a replay for 0.5 s');
  wire.close();
});
