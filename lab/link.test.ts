import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { breakOff, openLink } from './link.ts';

let server: Server;
const served: Socket[] = [];
let link: Awaited<ReturnType<typeof openLink>>;
const clients: Socket[] = [];

beforeEach(async () => {
  // Answers each chunk with itself.
  server = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  link = await openLink(`redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/3`);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await link.close();
  server.close();
});

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(link.url).port), '127.0.0.1');
  socket.on('error', () => {});
  clients.push(socket);
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve).once('close', () => resolve());
  });
  return socket;
}

/** Resolves when it is closed, in order or by an error. */
const end = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.once('close', () => resolve());
  });

async function answer(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

/** The loop has turned a few times, with time for a round trip on loopback. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

describe('a link', () => {
  test('keeps the path of the URL and passes bytes both ways', async () => {
    expect(link.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+\/3$/);
    const socket = await open();
    socket.write('ping');
    expect(await answer(socket)).toBe('ping');
  });

  test('cut: open connections break, a new one breaks at once; healed: a new one passes', async () => {
    const socket = await open();
    const ended = end(socket);
    link.cut();
    await ended;
    await end(await open());
    link.heal();
    const healed = await open();
    healed.write('again');
    expect(await answer(healed)).toBe('again');
  });

  test('black hole: nothing comes and nothing closes; healed: what was held back arrives', async () => {
    const socket = await open();
    socket.write('first');
    await answer(socket);
    link.blackhole();
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    socket.write('second');
    const late = await open(); // the kernel accepts, as with a peer that hangs
    late.write('third');
    await aWhile();
    expect([heard, socket.destroyed, late.destroyed]).toEqual(['', false, false]);
    link.heal();
    expect(await answer(late)).toBe('third');
    if (heard === '') await once(socket, 'data');
    expect(heard).toBe('second');
  });

  test('delayed by 300 ms an answer comes 300 ms later; healed: at once, and nothing overtakes', async () => {
    const socket = await open();
    socket.write('warm');
    await answer(socket);
    link.delay(300);
    const sentMs = performance.now();
    socket.write('slow');
    await vi.waitUntil(() => served.at(-1)!.bytesRead === 8, { timeout: 5000 }); // the service has it
    link.heal();
    socket.write('quick');
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await vi.waitUntil(() => heard.length === 9, { timeout: 5000, interval: 5 });
    expect(heard).toBe('slowquick');
    // Timers may fire up to 1 ms early by this clock.
    expect(performance.now() - sentMs).toBeGreaterThan(298);
    heard = '';
    socket.write('x');
    await vi.waitUntil(() => heard === 'x', { timeout: 5000 });
  });

  test('a service that went away in the black hole is noticed when it heals', async () => {
    const socket = await open();
    socket.write('x');
    await answer(socket);
    link.blackhole();
    for (const one of served) one.destroy();
    await aWhile();
    expect(socket.destroyed).toBe(false);
    const ended = end(socket);
    link.heal();
    await ended;
  });
});

test('a connection that is broken off in the very moment of its own end is closed', async () => {
  const socket = await open();
  const closed = once(socket, 'close');
  socket.end();
  // The end is under way now: a reset would be refused, and the socket would stay.
  await Promise.resolve();
  breakOff(socket);
  await closed;
});
