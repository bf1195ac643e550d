import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { syncedPrefix, type TraceEvent } from '../../lab/oracle/durability-trace.ts';
import type { Hands } from '../../lab/protocol.ts';
import { command } from './resp.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 1;
const START_TRIES = 3;
/** A traced server ends when its last delayed sync has. */
const TRACER_GRACE_MS = 8_000;
const KEYS_PER_CALL = 1000;

/** A redis-server with a data folder that outlives it. */
export interface Node {
  port: number;
  pid: number;
  /** For commands of the lab itself, not for what is measured. */
  client: Redis;
  /** From the start of the process to the first PONG: a server that loads its data answers LOADING. */
  readyAfterMs: number;
  /** SIGKILL to the server and its children. @returns When, on the clock of `performance.now`. */
  kill(): Promise<number>;
}

/** Settings of `strace` around a server. */
export interface Tracing {
  file: string;
  /** E.g. `fdatasync:delay_enter=3000000`. */
  inject?: string;
}

/** Starts a server of the trial's own on its data. @throws Error when it does not answer. */
export async function startNode(
  hands: Hands,
  options: { folder: string; args: readonly string[]; tracing?: Tracing },
): Promise<Node> {
  for (let tries = 1; ; tries += 1) {
    const node = await tryStart(hands, options);
    if (node !== null) return node;
    // Somebody may have taken the port between our look and its start.
    if (tries === START_TRIES)
      throw new Error(
        `redis-server did not start${options.tracing === undefined ? '' : ' under strace'}`,
      );
  }
}

async function tryStart(
  hands: Hands,
  { folder, args, tracing }: { folder: string; args: readonly string[]; tracing?: Tracing },
): Promise<Node | null> {
  const program = await hands.redisProgram();
  const port = await freePort();
  const server = [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--daemonize', 'no'],
    ...args,
  ];
  const startedMs = performance.now();
  const process_ = tracing
    ? hands.spawn(
        'redis under strace',
        'strace',
        [...straceArguments(tracing), program.bin, ...server],
        {
          env: program.env,
          cwd: folder,
          // Asked to end, the tracer would let the server go: it ends by itself with the server.
          stopSignal: 'SIGCONT',
        },
      )
    : hands.spawn('durable redis', program.bin, server, {
        env: program.env,
        cwd: folder,
        stopSignal: 'SIGKILL',
      });
  if (!(await untilPong(hands, port, process_.exited))) {
    await process_.stop(0);
    return null;
  }
  const readyAfterMs = performance.now() - startedMs;
  const client = new Redis({
    port,
    host: '127.0.0.1',
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {}); // it is going to be killed
  const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
  return {
    ...{ port, pid, client, readyAfterMs },
    async kill() {
      client.disconnect();
      const killedMs = performance.now();
      process.kill(pid, 'SIGKILL');
      await process_.stop(TRACER_GRACE_MS);
      return killedMs;
    },
  };
}

function straceArguments({ file, inject }: Tracing): string[] {
  // A question mark: calls that not every architecture has.
  const calls = 'write,writev,fsync,fdatasync,?rename,renameat,renameat2,?unlink,unlinkat';
  return [
    ...['-f', '-ttt', '-y', '-s', '0', '-o', file, '-e', `trace=${calls}`],
    ...(inject === undefined ? [] : ['-e', `inject=${inject}`]),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilPong(hands: Hands, port: number, exited: Promise<unknown>): Promise<boolean> {
  const ended = exited.then(() => 'ended' as const);
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineMs) {
    const answer = await Promise.race([ended, answersPing(port)]);
    if (answer === 'ended') return false;
    if (answer) return true;
    await hands.sleep(POLL_MS);
  }
  return false;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(command('PING')));
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (bytes) => end(bytes.toString().startsWith('+PONG')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/** Every key with its value, as the server gives them out now. */
export async function readAll(client: Redis): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const batch of client.scanStream({ count: KEYS_PER_CALL })) {
    const keys = batch as string[];
    if (keys.length === 0) continue;
    const values = await client.mget(keys);
    for (const [index, value] of values.entries()) {
      if (value !== null) found.set(keys[index]!, value);
    }
  }
  return found;
}

/** Bytes of all files below a folder. */
export function bytesOf(folder: string): number {
  return filesOf(folder).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
}

/** What a power cut after these events would leave of a data folder, by the model, in a new folder. */
export function copySyncedPrefix(from: string, to: string, events: readonly TraceEvent[]): void {
  cpSync(from, to, { recursive: true });
  const synced = syncedPrefix(events);
  for (const path of filesOf(to)) {
    const size = statSync(join(to, path)).size;
    truncateSync(join(to, path), Math.min(size, synced.get(path) ?? 0));
  }
}

/** The trace of a server that has ended. */
export function readTrace(file: string): string {
  return readFileSync(file, 'latin1');
}
