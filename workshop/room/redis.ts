import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { BenchContext } from '../../lab/bench-context.ts';
import { LabError } from '../../lab/errors.ts';
import { startOwnRedis } from '../../lab/own-redis.ts';
import type { Redis as RedisDescription } from '../../lab/provision/redis.ts';
import type { Knobs } from '../contract.ts';
import type { SentLog } from './sent.ts';

/** Nothing that the room asks of Redis takes longer, on a busy laptop too: it may be frozen. */
const ANSWER_MS = 1000;
/** So long a look at its figures waits, that comes four times a second, and a freeze for its first sign. */
const LOOK_MS = 300;
const READY_MS = 5000;
const MONITOR_MS = 500;
const MAX_MONITOR_LINES = 40;
const MAX_LINE = 160;
const RECONNECT_MS = 50;

/** The Redis of a room, which may be killed, frozen and started again on the same port. */
export interface RoomRedis {
  url: string;
  port: number;
  /** As the lab describes services. */
  description: RedisDescription;
  state(): 'up' | 'down' | 'frozen';
  /** SIGKILL. @returns Once its port refuses connections. */
  kill(): Promise<void>;
  /** SIGSTOP. @returns Once it has left a question without an answer. */
  freeze(): Promise<void>;
  /** Thaws it, or starts it empty, with the memory settings of the knobs. @returns Once it answers. */
  restore(): Promise<void>;
  /** Memory limit and what goes when it is reached; while Redis is away they are kept for its return. */
  configure(knobs: Pick<Knobs, 'maxmemoryMb' | 'maxmemoryPolicy'>): Promise<void>;
  /** @returns null when Redis gives no answer within a second. */
  ask<T>(question: (client: Redis) => Promise<T>): Promise<T | null>;
  /** @returns null when they are not there within 300 ms. */
  figures(): Promise<RedisReading | null>;
  /** Half a second of MONITOR. */
  monitor(): Promise<string[]>;
  close(): Promise<void>;
}

/** Commands that one reading of the figures takes: the room's own are not among those that it shows. */
export const READING_COMMANDS = 3;

/** Redis's own counters at one moment. */
export interface RedisReading {
  usedMb: number;
  keys: number;
  evicted: number;
  commands: number;
}

/** Starts it on a free port. @param onChange - Called when it comes or goes. @throws LabError `E_OWN_REDIS` */
export async function openRedis(
  context: Pick<BenchContext, 'supervisor' | 'root'>,
  log: SentLog,
  onChange: () => void,
): Promise<RoomRedis> {
  const server = await startOwnRedis(context, []);
  const port = Number(new URL(server.url).port);
  let isFrozen = false;
  let settings: Pick<Knobs, 'maxmemoryMb' | 'maxmemoryPolicy'> = {
    maxmemoryMb: null,
    maxmemoryPolicy: 'noeviction',
  };
  const client = connected();
  const isReady = (): boolean => client.status === 'ready';
  await until('ready', isReady);
  const info = await client.info('server');

  function connected(): Redis {
    const opened = new Redis(server.url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: ANSWER_MS,
      connectTimeout: ANSWER_MS,
      retryStrategy: () => RECONNECT_MS,
    });
    opened.on('error', () => {}); // its state says it
    opened.on('ready', onChange);
    opened.on('close', onChange);
    return opened;
  }

  /** Errors on the way are no end: it tries again. */
  async function until(event: 'ready' | 'close', isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    await Promise.race([
      new Promise<void>((resolve) => client.once(event, () => resolve())),
      sleep(READY_MS, undefined, { ref: false }),
    ]);
    if (isThere()) return;
    throw new LabError('E_ROOM_REDIS', `Redis on port ${port} was not ${event} in ${READY_MS} ms`, {
      hint: 'press 3 to kill it and 4 to start it again',
    });
  }

  const state = (): 'up' | 'down' | 'frozen' => (isFrozen ? 'frozen' : isReady() ? 'up' : 'down');

  async function ask<T>(question: (asked: Redis) => Promise<T>): Promise<T | null> {
    if (state() !== 'up') return null;
    return question(client).catch(() => null);
  }

  function atOnce<T>(question: (asked: Redis) => Promise<T>): Promise<T | null> {
    return Promise.race([ask(question), sleep(LOOK_MS, null, { ref: false })]);
  }

  async function apply(): Promise<void> {
    const { maxmemoryMb, maxmemoryPolicy } = settings;
    const bytes = maxmemoryMb === null ? 0 : Math.round(maxmemoryMb * 2 ** 20);
    // Policy first: a limit without it would refuse writes for a moment.
    await set('maxmemory-policy', maxmemoryPolicy);
    await set('maxmemory', String(bytes));
  }

  async function set(name: string, value: string): Promise<void> {
    const answer = await ask((asked) => asked.config('SET', name, value));
    note(`CONFIG SET ${name} ${value}`, typeof answer === 'string' ? answer : 'no answer');
    if (answer === null && state() === 'up') {
      throw new LabError('E_ROOM_REDIS', `Redis gave no answer to CONFIG SET ${name} ${value}`, {
        hint: 'turn the knob again',
      });
    }
  }

  function note(line: string, answer: string): void {
    log.add(line, answer, `redis-cli -p ${port} ${line}`);
  }

  return {
    url: server.url,
    port,
    description: {
      ...{ url: server.url, origin: 'started for the room', owned: true },
      version: /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? 'unknown',
      ...{ pid: null, keyPrefix: '', process: null },
    },
    state,
    ask,
    async kill() {
      const { pid } = server;
      isFrozen = false;
      await server.kill();
      // A connection of the time before may still look whole here; a new one tells the truth.
      while (await accepts(port)) await sleep(10);
      await until('close', () => !isReady());
      log.add(`SIGKILL to redis-server (pid ${pid})`, 'connections are refused', `kill -9 ${pid}`);
    },
    async freeze() {
      const { pid } = server;
      server.freeze();
      // A question that was on its way may still be answered.
      while ((await atOnce((asked) => asked.ping())) !== null);
      isFrozen = true;
      onChange();
      log.add(`SIGSTOP to redis-server (pid ${pid})`, 'no answer', `kill -STOP ${pid}`);
    },
    async restore() {
      if (isFrozen) {
        server.thaw();
        isFrozen = false;
        log.add('SIGCONT to redis-server', 'it goes on', `kill -CONT ${server.pid}`);
        // What it was asked while frozen comes first; a new connection is not behind that.
        client.disconnect(true);
        await until('close', () => !isReady());
      } else {
        await server.restart();
        log.add('redis-server started, empty', 'it answers', `redis-server --port ${port}`);
      }
      await until('ready', isReady);
      await apply();
      onChange();
    },
    async configure(knobs) {
      settings = knobs;
      if (state() === 'up') await apply();
    },
    async figures() {
      const answers = await atOnce((asked) =>
        asked.pipeline().info('memory').info('stats').dbsize().exec(),
      );
      if (answers === null || answers.some(([error]) => error !== null)) return null;
      const [memory, stats, size] = answers.map(([, answer]) => String(answer));
      return {
        usedMb: figure(memory, 'used_memory') / 2 ** 20,
        keys: Number(size),
        evicted: figure(stats, 'evicted_keys'),
        commands: figure(stats, 'total_commands_processed'),
      };
    },
    async monitor() {
      if (state() !== 'up') return [];
      const lines: string[] = [];
      const listener = new Redis(server.url, {
        connectTimeout: ANSWER_MS,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
        monitor: true,
      });
      listener.on('error', () => {}); // no lines then
      listener.on('monitor', (time: string, words: string[]) => {
        if (lines.length < MAX_MONITOR_LINES)
          lines.push(`${time} ${words.map(printable).join(' ')}`);
      });
      await sleep(MONITOR_MS);
      listener.disconnect();
      return lines;
    },
    async close() {
      client.disconnect();
      server.thaw();
      await server.stop();
    },
  };
}

function figure(info: string | undefined, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info ?? '')?.[1] ?? 0);
}

/** An argument as redis-cli shows it, and no longer than a line: pages are binary. */
function printable(word: string): string {
  const plain = word.replaceAll(/[^\x20-\x7e]/g, '·');
  const short = plain.length <= MAX_LINE ? plain : `${plain.slice(0, MAX_LINE)}…`;
  return `"${short}"`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
