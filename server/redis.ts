import { createHash } from 'node:crypto';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import { RELEASE } from './cache/scripts.ts';
import type { Script } from './cache/scripts.ts';
import type { Store } from './cache/strategy.ts';
import { connectRedis } from './redis-connect.ts';

/** Redis behind a guard: a command is answered, or rejected within the timeout, or rejected at once while Redis is known to be away. */
export interface GuardedRedis extends Store {
  /** @returns Milliseconds that a PING took. */
  ping(): Promise<number>;
  /** What each primary says of itself: one, or the several of a cluster. */
  reports(): Promise<NodeReport[]>;
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

/** What one Redis process says of itself. */
export interface NodeReport {
  /** All sections of INFO as one flat record. */
  info: Record<string, string>;
  /** Slow commands that it still lists, and all that it has logged since it started; null where its list is empty. Null: it refuses SLOWLOG. */
  slowlog: { length: number; logged: number | null } | null;
}

/** The breaker in front of Redis. */
export interface Circuit {
  /** `off`: there is none, and every command is sent. `half-open`: a ping is trying whether Redis is back. */
  state: 'closed' | 'open' | 'half-open' | 'off';
  /** How often it has opened since the start; an outage is one time, however long. */
  opened: number;
}

export interface RedisOptions {
  url: string;
  /** Longest wait for one command. */
  timeoutMs: number;
  /** The client library's own settings in place of ours. */
  clientDefaults?: boolean;
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

const HALF_OPEN_AFTER_MS = 200;
const FAILURES_TO_OPEN = 5;
const PING_EVERY_MS = 250;
const SCAN_COUNT = 500;

/**
 * Connects in the background and keeps trying: the server starts without Redis and takes it up when it comes.
 * The settings of the client, and why: `redis-connect.ts`. Its `socketTimeout` runs only while a command waits, hence the
 * pings. The circuit breaker spares later readers the wait.
 */
export function createRedis(options: RedisOptions): GuardedRedis {
  const redis = connectRedis(options.url, {
    timeoutMs: options.timeoutMs,
    defaults: options.clientDefaults ?? false,
  });
  const isCluster = redis instanceof Cluster;
  const primaries = (): Redis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis]);

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
  let isOpen = false;
  breaker.onBreak(() => {
    // Told again after each PING that finds Redis still away: the same outage.
    if (isOpen) return;
    isOpen = true;
    opened += 1;
    options.onChange('redis gives no answer: pages come from the database');
  });
  breaker.onReset(() => {
    isOpen = false;
    options.onChange('redis answers again');
  });
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
  // For monitors: the breaker judges by what pages need, not by whether those who watch get an answer.
  const look = <T>(command: () => Promise<T>): Promise<T> =>
    guarded && breaker.state !== CircuitState.Closed ? Promise.reject(new RedisAway()) : command();
  const pings = guarded
    ? setInterval(() => {
        ping().catch(() => {}); // the breaker and the `error` event have told already
      }, PING_EVERY_MS).unref()
    : undefined;

  /** Keys, with the node that has them. */
  async function* keys(families: readonly string[]): AsyncGenerator<[found: string[], Redis]> {
    for (const node of primaries()) {
      for (const family of families) {
        let cursor = '0';
        do {
          const at = cursor;
          const [next, found] = await send(() =>
            node.scan(at, 'MATCH', `${escapeGlob(family)}*`, 'COUNT', SCAN_COUNT),
          );
          cursor = next;
          if (found.length > 0) yield [found, node];
        } while (cursor !== '0');
      }
    }
  }

  /** A node of a cluster refuses keys of several slots in one command. */
  const unlink = async (node: Redis, found: readonly string[]): Promise<number> => {
    if (!isCluster) return send(() => node.unlink(...found));
    const each = await Promise.all(found.map((key) => send(() => node.unlink(key))));
    return each.reduce((sum, count) => sum + count, 0);
  };

  const reportOf = async (node: Redis): Promise<NodeReport> => {
    // Some hosted servers refuse SLOWLOG: the rest is there all the same.
    const [info, slowlog] = await Promise.all([
      look(() => node.info()),
      slowlogOf(node).catch(() => null),
    ]);
    const pairs = info.split('\r\n').map((line) => line.split(':', 2));
    return {
      info: Object.fromEntries(
        pairs.flatMap(([name = '', value]) => (value === undefined ? [] : [[name, value]])),
      ),
      slowlog,
    };
  };

  const slowlogOf = async (node: Redis): Promise<NodeReport['slowlog']> => {
    const [length, newest] = await Promise.all([
      look(() => node.slowlog('LEN')),
      look(() => node.slowlog('GET', 1)),
    ]);
    // Entries are numbered from 0 for as long as the process lives, also when older ones are dropped.
    const id: unknown = Array.isArray(newest) && Array.isArray(newest[0]) ? newest[0][0] : null;
    return { length: Number(length), logged: id === null ? null : Number(id) + 1 };
  };

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
    getMany: (wanted) =>
      isCluster
        ? Promise.all(wanted.map((key) => send(() => redis.getBuffer(key))))
        : send(() => redis.mgetBuffer(...wanted)),
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
    reports: () => Promise.all(primaries().map(reportOf)),
    async clear(families) {
      let deleted = 0;
      for await (const [found, node] of keys(families)) deleted += await unlink(node, found);
      return deleted;
    },
    async count(families) {
      let total = 0;
      for await (const [found] of keys(families)) total += found.length;
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
