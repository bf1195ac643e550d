import { createHash } from 'node:crypto';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { Redis } from 'ioredis';
import { RELEASE } from './cache/scripts.ts';
import type { Script } from './cache/scripts.ts';
import type { Store } from './cache/strategy.ts';

/** Redis behind a guard: a command is answered, or rejected within the timeout, or rejected at once while Redis is known to be away. */
export interface GuardedRedis extends Store {
  /** @returns Milliseconds that a PING took. */
  ping(): Promise<number>;
  /** The `stats`, `memory` and `keyspace` sections of INFO as one flat record. */
  info(): Promise<Record<string, string>>;
  /** Slow commands that Redis still lists, and all that it has logged since it started; null where its list is empty. */
  slowlog(): Promise<{ length: number; logged: number | null }>;
  /** Tells the subscribers of a channel; who is not connected never hears it. */
  publish(channel: string, message: string): Promise<void>;
  /** Deletes all keys that begin with one of `families`. Walks with SCAN, frees with UNLINK. @returns How many were deleted. */
  clear(families: readonly string[]): Promise<number>;
  /** How many keys begin with one of `families`; walks the whole keyspace. */
  count(families: readonly string[]): Promise<number>;
  /** `up`: commands are sent; `down`: the circuit is open, commands are rejected at once. */
  state(): 'up' | 'down';
  circuit(): Circuit;
  close(): void;
}

/** The breaker in front of Redis. */
export interface Circuit {
  /** `off`: there is none, and every command is sent. `half-open`: a ping is trying whether Redis is back. */
  state: 'closed' | 'open' | 'half-open' | 'off';
  /** How often it has opened since the start. */
  opened: number;
}

export interface RedisOptions {
  url: string;
  /** Longest wait for one command. */
  timeoutMs: number;
  /** False: no circuit breaker, each command waits by itself; to be compared with. Default: true. */
  breaker?: boolean;
  /** Told when the circuit opens and closes, and of connection errors (the same one only once). */
  onChange(message: string): void;
}

/** Redis gave no answer to the last commands; this one was not sent. */
class RedisAway extends Error {
  constructor() {
    super('redis is away');
    this.name = 'RedisAway';
  }
}

const CIRCUIT_STATES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  // Held open by hand, which nobody does here.
  [CircuitState.Isolated]: 'open',
} as const;

const RETRY_MAX_MS = 250;
const HALF_OPEN_AFTER_MS = 200;
const FAILURES_TO_OPEN = 5;
const SOCKET_TIMEOUT_MS = 1000;
const PING_EVERY_MS = 250;
const SCAN_COUNT = 500;

/**
 * Connects in the background and keeps trying: the server starts without Redis and takes it up when it comes.
 *
 * Why these settings (measured with ioredis 6): with its defaults a command hangs 73 s when Redis dies and for ever
 * when it is frozen. `commandTimeout` rejects the command but keeps the dead socket, so `socketTimeout` replaces it;
 * that clock runs only while a command waits, hence the pings. The circuit breaker spares later readers the wait.
 */
export function createRedis(options: RedisOptions): GuardedRedis {
  const redis = new Redis(options.url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: options.timeoutMs,
    socketTimeout: Math.max(SOCKET_TIMEOUT_MS, options.timeoutMs),
    connectTimeout: 1000,
    disableClientInfo: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, RETRY_MAX_MS),
  });

  let lastError = '';
  redis.on('error', (error) => {
    if (error.message === lastError) return;
    lastError = error.message;
    options.onChange(`redis: ${error.message}`);
  });
  redis.on('ready', () => {
    lastError = '';
  });

  // An error reply (OOM, WRONGTYPE) is an answer: it must not cut off reads that work.
  const breaker = circuitBreaker(
    handleWhen((error) => error.name !== 'ReplyError'),
    { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  );
  let opened = 0;
  breaker.onBreak(() => {
    opened += 1;
    options.onChange('redis gives no answer: pages come from the database');
  });
  breaker.onReset(() => options.onChange('redis answers again'));
  const guarded = options.breaker !== false;

  const ping = async (): Promise<number> => {
    const started = performance.now();
    await (guarded ? breaker.execute(() => redis.ping()) : redis.ping());
    return performance.now() - started;
  };
  // Only pings try whether Redis is back: no reader waits for an answer that will probably not come.
  const send = <T>(command: () => Promise<T>): Promise<T> => {
    if (!guarded) return command();
    return breaker.state === CircuitState.Closed
      ? breaker.execute(command)
      : Promise.reject(new RedisAway());
  };
  const pings = guarded
    ? setInterval(() => {
        ping().catch(() => {}); // the breaker and the `error` event have told already
      }, PING_EVERY_MS).unref()
    : undefined;

  async function* keys(families: readonly string[]): AsyncGenerator<string[]> {
    for (const family of families) {
      let cursor = '0';
      do {
        const at = cursor;
        const [next, found] = await send(() =>
          redis.scan(at, 'MATCH', `${escapeGlob(family)}*`, 'COUNT', SCAN_COUNT),
        );
        cursor = next;
        if (found.length > 0) yield found;
      } while (cursor !== '0');
    }
  }

  const digests = new Map<Script, string>(); // as large as the number of scripts
  const run: Store['run'] = async (script, keyNames, values) => {
    let digest = digests.get(script);
    if (digest === undefined) {
      digest = createHash('sha1').update(script.lua).digest('hex');
      digests.set(script, digest);
    }
    const rest = [keyNames.length, ...keyNames, ...values];
    const call = (command: string, first: string): Promise<unknown> =>
      send(() => redis.callBuffer(command, [first, ...rest]));
    // Redis forgets its scripts when it starts anew.
    const reply = await call('EVALSHA', digest).catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return call('EVAL', script.lua);
    });
    if (typeof reply === 'number' || reply === null || Buffer.isBuffer(reply)) return reply;
    throw new TypeError(`script ${script.name} answered with ${typeof reply}`);
  };

  return {
    get: (key) => send(() => redis.getBuffer(key)),
    getMany: (wanted) => send(() => redis.mgetBuffer(...wanted)),
    async set(key, value, ttlMs) {
      await send(() => redis.set(key, value, 'PX', ttlMs));
    },
    async delete(key) {
      await send(() => redis.del(key));
    },
    setIfAbsent: async (key, value, ttlMs) =>
      (await send(() => redis.set(key, value, 'PX', ttlMs, 'NX'))) === 'OK',
    deleteIfEquals: async (key, value) => (await run(RELEASE, [key], [value])) === 1,
    run,
    ping,
    async publish(channel, message) {
      await send(() => redis.publish(channel, message));
    },
    async info() {
      const lines = (await send(() => redis.info())).split('\r\n');
      const pairs = lines.filter((line) => line.includes(':')).map((line) => line.split(':', 2));
      return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
    },
    async slowlog() {
      const [length, newest] = await Promise.all([
        send(() => redis.slowlog('LEN')),
        send(() => redis.slowlog('GET', 1)),
      ]);
      // Entries are numbered from 0 for as long as the process lives, also when older ones are dropped.
      const id: unknown = Array.isArray(newest) && Array.isArray(newest[0]) ? newest[0][0] : null;
      return { length: Number(length), logged: id === null ? null : Number(id) + 1 };
    },
    async clear(families) {
      let deleted = 0;
      for await (const found of keys(families)) deleted += await send(() => redis.unlink(...found));
      return deleted;
    },
    async count(families) {
      let total = 0;
      for await (const found of keys(families)) total += found.length;
      return total;
    },
    state: () =>
      breaker.state === CircuitState.Closed && redis.status === 'ready' ? 'up' : 'down',
    circuit: () => ({ state: guarded ? CIRCUIT_STATES[breaker.state] : 'off', opened }),
    close() {
      clearInterval(pings);
      redis.disconnect();
    },
  };
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}
