import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Write } from '../../lab/oracle/durability.ts';
import { CALLERS, DELETE_SHARE, DISHES, VALUE_BYTES, WRITES_PER_SECOND } from './plan.ts';
import { ANSWER_BYTES, command } from './resp.ts';

const TICK_MS = 1;
/** Commands that are on their way at once while keys are filled in. */
const PIPELINE = 500;

/** What the open load did, in the order of sending. `ackMs` on the clock of `performance.now`. */
export interface Written {
  writes: Write[];
  /** Bytes of each write's answer. */
  answerBytes: number[];
  /** From the scheduled moment to the answer, in ms, of acknowledged writes. */
  responsesMs: number[];
  /** From the scheduled moment to the sending: the generator's own lateness. */
  lagsMs: number[];
}

/** A load that goes on until it is stopped, so that a server can be killed in the middle of it. */
export interface OpenLoad {
  /** Resolves after `seconds` of writes: the load goes on. */
  reached: Promise<unknown>;
  /** Writes no more. What has no answer yet will have none. */
  stop(): Written;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  socket.on('error', () => {}); // the server is killed under it
  return socket;
}

/** One client that writes on a schedule, whatever the server does: SETs and some DELs of dishes, each value unique. */
export async function startOpenLoad(
  port: number,
  seconds: number,
  random: () => number,
): Promise<OpenLoad> {
  const socket = await dial(port);
  const writes: Write[] = [];
  const answerBytes: number[] = [];
  const responsesMs: number[] = [];
  const lagsMs: number[] = [];
  const startMs = performance.now();
  const scheduledMs = (at: number): number => startMs + (at * 1000) / WRITES_PER_SECOND;
  let acknowledged = 0;
  let received = 0;
  let owed = 0;
  socket.on('data', (bytes) => {
    const nowMs = performance.now();
    received += bytes.length;
    while (acknowledged < writes.length && received >= owed + answerBytes[acknowledged]!) {
      owed += answerBytes[acknowledged]!;
      writes[acknowledged]!.ackMs = nowMs;
      responsesMs.push(nowMs - scheduledMs(acknowledged));
      acknowledged += 1;
    }
  });
  const reached = new EventEmitter();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const due = Math.floor(((nowMs - startMs) * WRITES_PER_SECOND) / 1000) + 1;
    let batch = '';
    while (writes.length < due) {
      const at = writes.length;
      const key = `dish:${Math.floor(random() * DISHES)}`;
      const value = random() < DELETE_SHARE ? null : valueOf(at);
      batch += value === null ? command('DEL', key) : command('SET', key, value);
      writes.push({ key, value, ackMs: null });
      answerBytes.push(value === null ? ANSWER_BYTES.del : ANSWER_BYTES.set);
      lagsMs.push(nowMs - scheduledMs(at));
    }
    if (batch !== '' && !socket.destroyed) socket.write(batch);
    if (nowMs - startMs >= seconds * 1000) reached.emit('reached');
  }, TICK_MS);
  return {
    reached: once(reached, 'reached'),
    stop() {
      clearInterval(timer);
      socket.destroy();
      return { writes, answerBytes, responsesMs, lagsMs };
    },
  };
}

/** Callers that write again as soon as they have their answer. @returns Acknowledged writes per second. */
export async function saturate(
  port: number,
  seconds: number,
  random: () => number,
): Promise<number> {
  const value = valueOf(0);
  const sockets = await Promise.all(Array.from({ length: CALLERS }, () => dial(port)));
  let acknowledged = 0;
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  for (const socket of sockets) {
    const write = (): boolean =>
      socket.write(command('SET', `dish:${Math.floor(random() * DISHES)}`, value));
    socket.on('data', () => {
      if (performance.now() < endMs) {
        acknowledged += 1;
        write();
      } else socket.destroy();
    });
    write();
  }
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  return acknowledged / seconds;
}

/** Writes each of the keys so many times. @returns When all is acknowledged. */
export async function fill(port: number, keys: number, writesPerKey: number): Promise<void> {
  const socket = await dial(port);
  const total = keys * writesPerKey;
  let received = 0;
  let sent = 0;
  const send = (count: number): void => {
    let batch = '';
    for (const end = Math.min(total, sent + count); sent < end; sent += 1) {
      batch += command('SET', keyOf(sent % keys), valueOf(sent));
    }
    if (batch !== '') socket.write(batch);
  };
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error('Redis went away while it was filled')));
    socket.on('data', (bytes) => {
      const before = Math.floor(received / ANSWER_BYTES.set);
      received += bytes.length;
      const now = Math.floor(received / ANSWER_BYTES.set);
      if (now >= total) resolve();
      else send(now - before);
    });
    send(PIPELINE);
  });
  socket.destroy();
}

/** A key of `fill`. */
export const keyOf = (index: number): string => `page:${index}`;

/** Text that a snapshot's compression gains little from, as a compressed page is. */
const TEXT = Array.from({ length: 100 }, (_, index) =>
  createHash('sha256').update(String(index)).digest('base64'),
).join('');

/** The value of a write, by its place in the order of all: no two are alike. */
export function valueOf(at: number): string {
  const head = `${at}:`;
  const from = (at * 61) % (TEXT.length - VALUE_BYTES);
  return head + TEXT.slice(from, from + VALUE_BYTES - head.length);
}
