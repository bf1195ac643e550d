import { avalanchePerSecond } from '../../sim/recommend/lives.ts';
import type { Question } from '../../sim/recommend/question.ts';
import { recommend } from '../../sim/recommend/recommend.ts';
import { inRedis } from '../../sim/recommend/room.ts';
import type { Measure, Row, Trial } from '../../sim/recommend/rows.ts';
import { spanMs, stampedeOf } from '../../sim/recommend/stampede.ts';
import type { Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import type { Cell } from './cells.ts';
import type { RecommendOptions } from './recommend-options.ts';
import type { RecommendationResult, SimulatedSource } from './result.ts';
import { openSource } from './source.ts';
import { sweep } from './sweep.ts';
import { invalidationOf, policyRequest, waysOf } from './ways.ts';

/** Candidates: `noeviction` refuses what is new, and `volatile-lru` is `allkeys-lru` where every key has a TTL. */
const POLICIES = ['allkeys-lru', 'allkeys-lfu', 'volatile-ttl'];
/** From so many simulated requests on, a thread is worth its start. */
const THREADS_FROM_REQUESTS = 2e7;

/** The answer without what the command knows of itself. */
type Answer = Omit<RecommendationResult, 'schema' | 'command' | 'wallSeconds'>;

/** Opens the trace with all that a recommendation needs. Sizes are those of the values: what Redis makes of them comes later. */
export function openRequests(
  options: RecommendOptions,
): Promise<{ trace: Trace; source: SimulatedSource }> {
  return openSource({ ...options, keyBytes: null }, { times: true, sizes: true, writes: true });
}

/**
 * The cheapest cache for a trace that keeps the team's promises.
 * @param opened - By `openRequests`.
 * @param onDone - After each simulation: how many of this step are done.
 * @throws LabError `E_NO_TIMES`
 */
export async function recommendFor(
  opened: { trace: Trace; source: SimulatedSource },
  options: RecommendOptions,
  onDone: (done: number, all: number) => void = () => {},
): Promise<Answer> {
  const { trace, source } = opened;
  requireTimes(trace);
  const sized = inRedis(trace, options);
  const stampede = stampedeOf(trace, options);
  const { defence } = stampede;
  const { loadMs } = options;
  const question: Question = {
    ...options,
    ...{ selectsPerSecond: options.dbRps, updateRatePerSecond: options.updateRate },
    warmShare: options.warm,
    ways: waysOf({ canInvalidate: options.invalidation, defence, loadMs }),
    policies: POLICIES,
  };
  const found = await recommend(sized, question, measuring(options.threads, onDone));
  const { chosen } = found;
  const copies = trace.objects / source.sample;
  return {
    seed: options.seed,
    source: { ...source, notes: notesOf(trace, source, options, chosen) },
    asked: askedOf(options),
    stampede,
    avalanche: chosen && {
      copies,
      perSecond: avalanchePerSecond(copies, chosen.jitter, chosen.ttlMs),
    },
    policy: chosen && policyRequest(chosen, defence, loadMs),
    redisConf: chosen === null ? [] : redisConf(chosen),
    invalidation: chosen && invalidationOf(chosen),
    ...found,
  };
}

function requireTimes(trace: Trace): void {
  if (trace.ticks !== null) return;
  throw new LabError(
    'E_NO_TIMES',
    'a recommendation needs to know when requests come, and the trace has no times',
    {
      hint: 'name the column: --columns time=1,key=2; or record one: npm run lab -- trace capture; or generate one: --generate zipf:rate=1000',
      exitCode: EXIT.badArguments,
    },
  );
}

function askedOf(options: RecommendOptions): RecommendationResult['asked'] {
  const { maxStaleMs, memoryBytes, dbRps, selectsPerLoad, loadMs } = options;
  const { invalidation, processes, updateRate, warm } = options;
  return {
    ...{ maxStaleMs, memoryBytes, dbRps, selectsPerLoad, loadMs },
    ...{ invalidation, processes, updateRate, warm },
  };
}

/** Lines of redis.conf for a row: what was simulated, Redis's defaults among them. */
function redisConf({ memoryBytes, policy }: Row): string[] {
  return [
    `maxmemory ${inUnits(memoryBytes)}`,
    `maxmemory-policy ${policy}`,
    'maxmemory-samples 5',
    ...(policy.endsWith('-lfu') ? ['lfu-log-factor 10', 'lfu-decay-time 1'] : []),
  ];
}

/** `64mb` where that is exact, else bytes, as redis.conf reads both. */
function inUnits(bytes: number): string {
  for (const [unit, size] of [['gb', 2 ** 30] as const, ['mb', 2 ** 20] as const])
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  return String(bytes);
}

/** Simulations on as many threads as are worth it. */
function measuring(asked: number | null, onDone: (done: number, all: number) => void): Measure {
  return async (trace, trials) => {
    const small = trace.ids.length * trials.length < THREADS_FROM_REQUESTS;
    const threads = asked ?? (small ? 1 : null);
    const results = await sweep(trace, trials.map(cellOf), {
      onDone: (done) => onDone(done, trials.length),
      ...(threads === null ? {} : { threads }),
    });
    return results.map((result) => {
      if (result.kind !== 'time')
        throw new Error(`a TTL was simulated, and ${result.kind} came back`);
      return { outcome: result.outcome, mostBytes: result.mostUsed ?? 0 };
    });
  };
}

/** Memory without end is a cache that never evicts: so it is seen how much it would take. */
function cellOf({ setting, cache }: Trial): Cell {
  const { ttlMs, jitter = 0 } = setting;
  const unit = 'bytes' as const;
  if (cache === null) {
    const endless = { policy: 'infinite', capacity: Number.MAX_SAFE_INTEGER, unit };
    return { kind: 'time', setting, cache: endless, withoutSeries: true };
  }
  const livesMs = {
    from: Math.max(1, Math.floor(ttlMs * (1 - jitter))),
    to: Math.max(1, Math.ceil(ttlMs * (1 + jitter))),
  };
  return {
    kind: 'time',
    setting,
    cache: { policy: `redis-${cache.policy}`, capacity: cache.capacityBytes, unit, livesMs },
    withoutSeries: true,
  };
}

/** TTLs that a trace should last for. */
const ENOUGH_LIVES = 3;

/** What a reader should know of this trace and this answer. */
function notesOf(
  trace: Trace,
  source: SimulatedSource,
  options: RecommendOptions,
  chosen: Row | null,
): string[] {
  const lives = chosen === null ? ENOUGH_LIVES : spanMs(trace) / chosen.ttlMs;
  const taken = `taken for ${options.valueBytes} bytes (--value-bytes)`;
  const notes = [
    // Other commands count them as nearly nothing; here a guess is better.
    ...source.notes.map((note) => note.replace('count as 1 byte', `are ${taken}`)),
    trace.bytes === null ? `The trace has no sizes: each value is ${taken}.` : '',
    trace.ops === null && options.updateRate === 0
      ? 'Nothing changes in the trace, so nothing in it gets old, and what invalidation costs is not seen; --update-rate adds changes.'
      : '',
    options.sample < 1
      ? 'The trace is a sample: rates are scaled up, and the fullest second of a sample is fuller than that of the whole. The hottest key may be missing.'
      : '',
    lives < ENOUGH_LIVES
      ? `The trace lasts only ${lives.toFixed(1)} TTLs: few copies end in it. A longer trace may show more loads, or allow a longer TTL.`
      : '',
  ];
  return notes.filter((note) => note !== '');
}
