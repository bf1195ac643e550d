import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as RedisClient } from 'ioredis';
import { type ExpirySetting, ttlDraw, volatileDraw } from '../../sim/redis/expiry.ts';
import { bytesInRedis } from '../../sim/redis/memory.ts';
import { type MaxmemoryPolicy, redisPolicy } from '../../sim/redis/redis.ts';
import type { Trace } from '../../sim/trace.ts';
import { LabError } from '../errors.ts';
import { type RedisProgram, startRedis } from '../provision/redis.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { clockShim } from './clock-shim.ts';
import { command, OUT_OF_MEMORY, RedisWire } from './redis-wire.ts';

/** Requests that a replay sends at once. */
export const PIPELINE = 100;
const KEY_BYTES = 10;
/**
 * STRLEN finds and touches a key as GET does, and sends no value back. Values wait in the server's memory until a whole pipeline
 * is answered: with GET it would evict some ten keys in the middle of the lookups, as no server with many small clients does.
 */
const LOOKUP = `*2\r\n$6\r\nSTRLEN\r\n$${KEY_BYTES}\r\n`;
const VALUE_BYTES = 500;
/** Longer than any replay, at any clock: nothing expires. */
const TTL_MS = 100_000_000;
/** One TTL for every key: then all of them may be evicted under `volatile-*`. */
export const EVERY_KEY_EXPIRES: ExpirySetting = {
  volatileShare: 1,
  ttlFromMs: TTL_MS,
  ttlToMs: TTL_MS,
  ttlPer: 'fill',
};
/** A wait below this is not worth a timer. */
const LEAST_WAIT_MS = 1;

/** One replay: which Redis, which requests. */
interface ReplaySetting {
  readonly policy: MaxmemoryPolicy;
  readonly samples: number;
  /** How many keys shall be resident, roughly. */
  readonly keys: number;
  /** Of TTLs and of the model's draws. */
  readonly seed: number;
  /** How many times as fast as ours the server's clock runs; 1: the real one. */
  readonly clockFactor: number;
  /** TTLs under `volatile-*`; a fixed one of 28 hours when absent. */
  readonly ttl?: Partial<ExpirySetting>;
}

/** What a real Redis did with a trace. */
export interface Replay {
  /** 1 for each request that hit. */
  hits: Uint8Array;
  /** SETs that the server had no room for. */
  refused: number;
  /** Mean over the replay once the first key was evicted; at its end where none was. */
  residentKeys: number;
  /** The server's clock when the replay began, ms since 1970. */
  startMs: number;
  /** The server's clock at each pipeline, ms since `startMs`. */
  pipelineMs: Float64Array;
  evictedKeys: number;
}

/** Where the replay's servers come from. */
export interface ReplayHost {
  readonly root: string;
  readonly supervisor: Supervisor;
  readonly program: RedisProgram;
}

/**
 * Replays a trace against a Redis of its own. `maxmemory` is what the server used with `keys` keys in it.
 * @throws LabError `E_CLOCK_SHIM` where the clock cannot be accelerated; `E_REDIS_START`; `E_REPLAY`.
 */
async function replayOnRedis(
  host: ReplayHost,
  ids: Int32Array,
  setting: Omit<ReplaySetting, 'ttl'> & { ttl: ExpirySetting | null },
): Promise<Replay & { version: string }> {
  const { root, supervisor, program } = host;
  const { policy, samples, keys, seed, clockFactor, ttl } = setting;
  let env = { ...program.env, ...supervisor.mark };
  if (clockFactor !== 1) {
    const shim = await clockShim(root, env, clockFactor);
    if ('reason' in shim) throw new LabError('E_CLOCK_SHIM', shim.reason, { exitCode: 69 });
    env = { ...env, ...shim.env };
  }
  const args = ['--maxmemory-policy', policy, '--maxmemory-samples', String(samples)];
  const server = await startRedis({ supervisor, ...program, env, name: 'replay', args });
  const client = await ReplayClient.open(server.url);
  try {
    const write = writesOf(ttl, seed);
    await client.prepare({}, write, await client.bytesOf(keys, write));
    const replay = await client.replay(ids, write, { clockFactor });
    return { ...replay, version: server.version };
  } finally {
    client.close();
    await server.process?.stop();
  }
}

/** The SET of an object. */
export type Write = (id: number) => string;

/** Ten digits, whatever the id. */
export function keyOf(id: number): string {
  return String(1_000_000_000 + id);
}

/** SETs with the TTLs that the model draws; `ttl` null: without. */
export function writesOf(ttl: ExpirySetting | null, seed: number): Write {
  const value = 'v'.repeat(VALUE_BYTES);
  const setKey = command('SET', keyOf(0), value);
  // Made once: a replay sends a hundred thousand of them.
  const [before, after] = setKey.split(keyOf(0)) as [string, string];
  if (ttl === null) return (id) => before + keyOf(id) + after;
  const ttlMs = ttlDraw(seed, ttl);
  const isVolatile = volatileDraw(seed, ttl.volatileShare);
  return (id) =>
    isVolatile(id)
      ? command('SET', keyOf(id), value, 'PX', String(ttlMs(id)))
      : before + keyOf(id) + after;
}

/** A Redis that is ours to empty and to configure, as the target of replays one after the other. */
export class ReplayClient {
  readonly #admin: RedisClient;
  readonly #wire: RedisWire;

  private constructor(admin: RedisClient, wire: RedisWire) {
    this.#admin = admin;
    this.#wire = wire;
  }

  /** @throws When the server refuses the connection. */
  static async open(url: string): Promise<ReplayClient> {
    const wire = await RedisWire.open(url);
    const admin = new RedisClient(url, { maxRetriesPerRequest: 0 });
    admin.on('error', () => {}); // the next command tells
    return new ReplayClient(admin, wire);
  }

  /** Memory that so many keys take, with their tables. Leaves the server empty and without a limit. */
  async bytesOf(keys: number, write: Write): Promise<number> {
    const empty = await this.#empty(write);
    await this.fill(0, keys, write);
    // A table that grew gives its old half back within some of the server's timer rounds.
    await sleep(250);
    const full = await this.info('memory', 'used_memory');
    await this.#admin.flushall('SYNC');
    return full - empty;
  }

  /**
   * Empties the server, changes settings, leaves room for so many bytes of keys (null: no limit), and counts evictions from here.
   * The room is added to what the empty server uses at this moment: that grows and shrinks by more than some keys.
   */
  async prepare(
    settings: Readonly<Record<string, string | number>>,
    write: Write,
    roomBytes: number | null,
  ): Promise<void> {
    await this.set(settings);
    const empty = await this.#empty(write);
    if (roomBytes !== null) await this.set({ maxmemory: empty + roomBytes });
  }

  /** Empties the server and lifts its limit. @returns Bytes in use then, buffers of the connections included. */
  async #empty(write: Write): Promise<number> {
    await this.set({ maxmemory: 0 });
    await this.#admin.config('RESETSTAT');
    // Redis keeps a histogram of latencies, 25 KB, for each command from its first call on.
    await this.#admin.time();
    await this.#wire.exchange(command('STRLEN', keyOf(0)) + command('DBSIZE') + write(0), 3);
    await this.#admin.flushall('SYNC');
    await this.info('stats', 'evicted_keys');
    return this.info('memory', 'used_memory');
  }

  /** Changes settings of the running server. */
  async set(settings: Readonly<Record<string, string | number>>): Promise<void> {
    for (const [name, value] of Object.entries(settings))
      await this.#admin.config('SET', name, String(value));
  }

  /** Writes the objects `from` to `to − 1`. @returns How many the server had no room for. */
  async fill(from: number, to: number, write: Write): Promise<number> {
    let refused = 0;
    for (let first = from; first < to; first += PIPELINE) {
      let commands = '';
      const end = Math.min(to, first + PIPELINE);
      for (let id = first; id < end; id += 1) commands += write(id);
      const replies = await this.#wire.exchange(commands, end - first);
      refused += replies.filter((reply) => reply === OUT_OF_MEMORY).length;
    }
    return refused;
  }

  /** A number of INFO. */
  async info(section: string, name: string): Promise<number> {
    const found = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(await this.#admin.info(section));
    return Number(found?.[1]);
  }

  /**
   * Replays requests cache-aside: pipelines of 100 lookups, then the SETs of what missed, values of 500 bytes.
   * @param options - `clockFactor`: how many times as fast as ours the server's clock runs. `requestsPerSecond`: of our clock,
   * at most; as fast as it goes when absent.
   */
  async replay(
    ids: Int32Array,
    write: Write,
    options: { clockFactor: number; requestsPerSecond?: number },
  ): Promise<Replay> {
    const { clockFactor, requestsPerSecond = Number.POSITIVE_INFINITY } = options;
    const pipelineMs = new Float64Array(Math.ceil(ids.length / PIPELINE));
    const hits = new Uint8Array(ids.length);
    const count = command('DBSIZE');
    const residents = new Residents();
    const [seconds, microseconds] = await this.#admin.time();
    const startMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
    const begunMs = performance.now();
    let refused = 0;
    for (let pipeline = 0; pipeline < pipelineMs.length; pipeline += 1) {
      const dueMs = (pipeline * PIPELINE * 1000) / requestsPerSecond;
      const waitMs = dueMs - (performance.now() - begunMs);
      if (waitMs >= LEAST_WAIT_MS) await sleep(waitMs);
      pipelineMs[pipeline] = (performance.now() - begunMs) * clockFactor;
      const from = pipeline * PIPELINE;
      const block = ids.subarray(from, from + PIPELINE);
      let lookups = '';
      for (const id of block) lookups += `${LOOKUP}${keyOf(id)}\r\n`;
      const found = await this.#wire.exchange(lookups + count, block.length + 1);
      residents.see(found.pop()!);

      const missed = new Set<number>();
      block.forEach((id, at) => {
        if (found[at]! <= 0) missed.add(id);
        else hits[from + at] = 1;
      });
      let sets = '';
      for (const id of missed) sets += write(id);
      const stored = await this.#wire.exchange(sets + count, missed.size + 1);
      residents.see(stored.pop()!);
      refused += stored.filter((reply) => reply === OUT_OF_MEMORY).length;
    }
    const evictedKeys = await this.info('stats', 'evicted_keys');
    const residentKeys = residents.mean();
    return { hits, refused, residentKeys, startMs, pipelineMs, evictedKeys };
  }

  close(): void {
    this.#wire.close();
    this.#admin.disconnect();
  }
}

/** Keys in the server after each exchange: how many there is room for changes with the connections' buffers. */
class Residents {
  #sum = 0;
  #seen = 0;
  #last = 0;

  see(keys: number): void {
    // Growing is over when a count falls for the first time.
    if (this.#seen > 0 || keys < this.#last) {
      this.#sum += keys;
      this.#seen += 1;
    }
    this.#last = keys;
  }

  mean(): number {
    return this.#seen === 0 ? this.#last : this.#sum / this.#seen;
  }
}

/** A real run and its simulation. */
export interface RedisValidation {
  readonly policy: MaxmemoryPolicy;
  readonly samples: number;
  readonly seed: number;
  readonly clockFactor: number;
  readonly residentKeys: number;
  readonly realHitRatio: number;
  readonly modelHitRatio: number;
  /** Model − real, in points of hit ratio. */
  readonly gapPoints: number;
  /**
   * Server seconds in which as many keys are evicted as are resident; of no meaning where none was. When they are a few, an LRU
   * clock of whole seconds cannot tell the keys apart, and allkeys-lru is hardly better than random.
   */
  readonly turnoverSeconds: number;
  readonly version: string;
}

/**
 * A trace against a real Redis and against its model, with the number of resident keys and the times of the real run.
 * @param trace - Of 1,000 requests at least; its own times and sizes are not used.
 */
export async function validateRedis(
  host: ReplayHost,
  trace: Pick<Trace, 'ids' | 'objects'>,
  setting: ReplaySetting,
): Promise<RedisValidation> {
  const { policy, samples, seed, clockFactor } = setting;
  const ttl = policy.startsWith('volatile-') ? { ...EVERY_KEY_EXPIRES, ...setting.ttl } : null;
  const real = await replayOnRedis(host, trace.ids, { ...setting, ttl });
  const model = modelHits(trace, { policy, samples, seed, ttl }, real);
  const [realHits, hits] = [sum(real.hits), sum(model)];
  const requests = trace.ids.length;
  return {
    policy,
    samples,
    seed,
    clockFactor,
    residentKeys: real.residentKeys,
    realHitRatio: realHits / requests,
    modelHitRatio: hits / requests,
    gapPoints: (100 * (hits - realHits)) / requests,
    turnoverSeconds: turnoverSeconds(real),
    version: real.version,
  };
}

const sum = (values: Uint8Array): number => values.reduce((total, one) => total + one, 0);

/** Server seconds in which as many keys are evicted as are resident. */
export function turnoverSeconds({ pipelineMs, residentKeys, evictedKeys }: Replay): number {
  return ((pipelineMs.at(-1)! / 1000) * residentKeys) / Math.max(1, evictedKeys);
}

/**
 * What the model of Redis does with the requests of a replay, at its times and with its number of resident keys. Of the objects
 * of a pipeline none is filled before all were looked up.
 * @returns 1 for each request that hits.
 */
export function modelHits(
  { ids, objects }: Pick<Trace, 'ids' | 'objects'>,
  setting: { policy: MaxmemoryPolicy; samples: number; seed: number; ttl: ExpirySetting | null },
  real: Pick<Replay, 'pipelineMs' | 'startMs' | 'residentKeys'>,
): Uint8Array {
  const { policy, samples, seed, ttl } = setting;
  const cache = redisPolicy(policy, {
    ...ttl,
    samples,
    startMs: real.startMs,
    bytesPerKey: bytesInRedis(KEY_BYTES, VALUE_BYTES, { expires: ttl !== null }),
  }).create({
    capacity: Math.max(1, Math.round(real.residentKeys)),
    ...{ objects, bytes: null, seed, tickMs: 1 },
  });
  const ticks = Uint32Array.from(ids, (_, at) => real.pipelineMs[Math.floor(at / PIPELINE)]!);
  const hits = new Uint8Array(ids.length);
  for (let from = 0; from < ids.length; from += PIPELINE) {
    const to = Math.min(ids.length, from + PIPELINE);
    /** Missed objects, and where. */
    const missed = new Map<number, number>();
    for (let at = from; at < to; at += 1) {
      const id = ids[at]!;
      if (cache.has(id)) hits[at] = cache.run(ids, at, at + 1, ticks);
      else missed.set(id, at);
    }
    for (const at of missed.values()) cache.run(ids, at, at + 1, ticks);
  }
  return hits;
}
