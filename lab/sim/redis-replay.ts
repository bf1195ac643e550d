import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as RedisClient } from 'ioredis';
import { type ExpirySetting, ttlDraw, volatileDraw } from '../../sim/redis/expiry.ts';
import { bytesInRedis } from '../../sim/redis/memory.ts';
import { type MaxmemoryPolicy, redisPolicy } from '../../sim/redis/redis.ts';
import type { Cache } from '../../sim/policies/policy.ts';
import type { Trace } from '../../sim/trace.ts';
import { LabError } from '../errors.ts';
import { type RedisProgram, startRedis } from '../provision/redis.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { clockShim } from './clock-shim.ts';
import { command, RedisWire } from './redis-wire.ts';

const PIPELINE = 100;
const KEY_BYTES = 10;
/**
 * STRLEN finds and touches a key as GET does, and sends no value back. Values wait in the server's memory until a whole pipeline
 * is answered: with GET it would evict some ten keys in the middle of the lookups, as no server with many small clients does.
 */
const LOOKUP = `*2\r\n$6\r\nSTRLEN\r\n$${KEY_BYTES}\r\n`;
const VALUE_BYTES = 500;
/** Longer than any replay, at any clock: nothing expires. */
const TTL_MS = 100_000_000;

/** One replay: which Redis, which requests. */
export interface ReplaySetting {
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
  hits: number;
  requests: number;
  /** Mean over the replay once the first key was evicted; at its end where none was. */
  residentKeys: number;
  /** The server's clock when the replay began, ms since 1970. */
  startMs: number;
  /** The server's clock at each pipeline, ms since `startMs`. */
  pipelineMs: Float64Array;
  evictedKeys: number;
  version: string;
}

/** Where the replay's servers come from. */
export interface ReplayHost {
  readonly root: string;
  readonly supervisor: Supervisor;
  readonly program: RedisProgram;
}

/**
 * Replays a trace cache-aside against a Redis of its own: pipelines of 100 lookups, then the SETs of what missed, values of 500
 * bytes. `maxmemory` is what the server used with `keys` keys in it.
 * @throws LabError `E_CLOCK_SHIM` where the clock cannot be accelerated; `E_REDIS_START`; `E_REPLAY`.
 */
async function replayOnRedis(
  host: ReplayHost,
  trace: Pick<Trace, 'ids'>,
  setting: ReplaySetting,
): Promise<Replay> {
  const { root, supervisor, program } = host;
  let env = { ...program.env, ...supervisor.mark };
  if (setting.clockFactor !== 1) {
    const shim = await clockShim(root, env, setting.clockFactor);
    if ('reason' in shim) throw new LabError('E_CLOCK_SHIM', shim.reason, { exitCode: 69 });
    env = { ...env, ...shim.env };
  }
  const args = ['--maxmemory-policy', setting.policy];
  args.push('--maxmemory-samples', String(setting.samples));
  const server = await startRedis({ supervisor, ...program, env, name: 'replay', args });
  const admin = new RedisClient(server.url, { maxRetriesPerRequest: 0 });
  admin.on('error', () => {});
  const wire = await RedisWire.open(server.url);
  try {
    const write = writer(setting);
    await limitMemory(admin, wire, write, setting.keys);
    const replay = await replayPipelines(admin, wire, write, trace.ids, setting.clockFactor);
    const evictedKeys = await figure(admin, 'stats', 'evicted_keys');
    return { ...replay, evictedKeys, version: server.version };
  } finally {
    wire.close();
    admin.disconnect();
    await server.process?.stop();
  }
}

type Write = (id: number) => string;

/** Ten digits, whatever the id. */
function keyOf(id: number): string {
  return String(1_000_000_000 + id);
}

/** The SET of an object: with the TTLs that the model draws, under volatile-*. */
function writer({ policy, seed, ttl }: ReplaySetting): Write {
  const value = 'v'.repeat(VALUE_BYTES);
  const setKey = command('SET', keyOf(0), value);
  // Made once: a replay sends a hundred thousand of them.
  const [before, after] = setKey.split(keyOf(0)) as [string, string];
  if (!policy.startsWith('volatile-')) return (id) => before + keyOf(id) + after;
  const drawn = { ...FIXED_TTL, ...ttl };
  const ttlMs = ttlDraw(seed, drawn);
  const isVolatile = volatileDraw(seed, drawn.volatileShare);
  return (id) =>
    isVolatile(id)
      ? command('SET', keyOf(id), value, 'PX', String(ttlMs(id)))
      : before + keyOf(id) + after;
}

const FIXED_TTL = {
  volatileShare: 1,
  ttlFromMs: TTL_MS,
  ttlToMs: TTL_MS,
  ttlPer: 'fill',
} as const;

/** Sets maxmemory to what is in use with that many keys, buffers of the connections included, and empties the server. */
async function limitMemory(
  admin: RedisClient,
  wire: RedisWire,
  write: Write,
  keys: number,
): Promise<void> {
  // Redis keeps a histogram of latencies, 25 KB, for each command from its first call on.
  await admin.config('SET', 'maxmemory', '0');
  await admin.flushall('SYNC');
  await wire.exchange(command('STRLEN', keyOf(0)) + command('DBSIZE'), 2);
  for (let from = 0; from < keys; from += PIPELINE) {
    let commands = '';
    const to = Math.min(keys, from + PIPELINE);
    for (let id = from; id < to; id += 1) commands += write(id);
    await wire.exchange(commands, to - from);
  }
  // A table that grew gives its old half back within some of the server's timer rounds.
  await sleep(250);
  const usedBytes = await figure(admin, 'memory', 'used_memory');
  await admin.flushall('SYNC');
  await admin.config('SET', 'maxmemory', String(usedBytes));
}

async function figure(admin: RedisClient, section: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}:(\\d+)`, 'm').exec(await admin.info(section));
  return Number(found?.[1]);
}

async function replayPipelines(
  admin: RedisClient,
  wire: RedisWire,
  write: Write,
  ids: Int32Array,
  clockFactor: number,
): Promise<Omit<Replay, 'evictedKeys' | 'version'>> {
  const pipelineMs = new Float64Array(Math.ceil(ids.length / PIPELINE));
  const count = command('DBSIZE');
  const residents = new Residents();
  const [seconds, microseconds] = await admin.time();
  const startMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
  const begunMs = performance.now();
  let hits = 0;
  for (let pipeline = 0; pipeline < pipelineMs.length; pipeline += 1) {
    const block = ids.subarray(pipeline * PIPELINE, (pipeline + 1) * PIPELINE);
    pipelineMs[pipeline] = (performance.now() - begunMs) * clockFactor;
    let lookups = '';
    for (const id of block) lookups += `${LOOKUP}${keyOf(id)}\r\n`;
    const found = await wire.exchange(lookups + count, block.length + 1);
    residents.see(found.pop()!);

    const missed = new Set<number>();
    block.forEach((id, at) => {
      if (found[at] === 0) missed.add(id);
      else hits += 1;
    });
    let sets = '';
    for (const id of missed) sets += write(id);
    const stored = await wire.exchange(sets + count, missed.size + 1);
    residents.see(stored.pop()!);
  }
  return { hits, requests: ids.length, residentKeys: residents.mean(), startMs, pipelineMs };
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
  const { policy, samples, seed, clockFactor, ttl = {} } = setting;
  const real = await replayOnRedis(host, trace, setting);
  const ticks = Uint32Array.from(trace.ids, (_, at) => real.pipelineMs[Math.floor(at / PIPELINE)]!);
  const expires = policy.startsWith('volatile-');
  const model = redisPolicy(policy, {
    ...FIXED_TTL,
    ...ttl,
    samples,
    startMs: real.startMs,
    bytesPerKey: bytesInRedis(KEY_BYTES, VALUE_BYTES, { expires }),
  }).create({
    capacity: Math.max(1, Math.round(real.residentKeys)),
    objects: trace.objects,
    bytes: null,
    seed,
    tickMs: 1,
  });
  const modelHits = pipelinedHits(model, trace.ids, ticks);
  const seconds = real.pipelineMs.at(-1)! / 1000;
  return {
    policy,
    samples,
    seed,
    clockFactor,
    residentKeys: real.residentKeys,
    realHitRatio: real.hits / real.requests,
    modelHitRatio: modelHits / real.requests,
    gapPoints: (100 * (modelHits - real.hits)) / real.requests,
    turnoverSeconds: (seconds * real.residentKeys) / Math.max(1, real.evictedKeys),
    version: real.version,
  };
}

/** Hits of a cache that is asked as a replay asks: of the objects of a pipeline none is filled before all were looked up. */
function pipelinedHits(cache: Cache, ids: Int32Array, ticks: Uint32Array): number {
  let hits = 0;
  for (let from = 0; from < ids.length; from += PIPELINE) {
    const to = Math.min(ids.length, from + PIPELINE);
    /** Missed objects, and where. */
    const missed = new Map<number, number>();
    for (let at = from; at < to; at += 1) {
      const id = ids[at]!;
      if (cache.has(id)) hits += cache.run(ids, at, at + 1, ticks);
      else missed.set(id, at);
    }
    for (const at of missed.values()) cache.run(ids, at, at + 1, ticks);
  }
  return hits;
}
