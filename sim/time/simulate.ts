import type { Cache } from '../policies/policy.ts';
import { exponential, randomStream } from '../random.ts';
import type { Trace } from '../trace.ts';
import { OP } from '../trace.ts';
import { ActiveExpiry } from './active-expiry.ts';
import type { TimeOutcome } from './outcome.ts';
import { Tally } from './outcome.ts';
import { Deletions, Loads } from './queues.ts';
import type { FullTimeSetting, TimeSetting } from './setting.ts';
import { fullTimeSetting } from './setting.ts';

/**
 * A cache whose copies expire, over a trace with times: what is hit, what is old, what is loaded and what lies in memory.
 *
 * Order at one moment: loads end, updates commit, DELs arrive, the expire cycle runs, and then the trace's request. A copy
 * is fresh until, and not at, the end of its life.
 * @returns The same for the same trace and setting.
 * @throws RangeError: a parameter out of its range, or a trace without times, requests or (for a capacity in bytes) sizes.
 */
export function simulateTime(trace: Trace, setting: TimeSetting): TimeOutcome {
  return new TimedCache(timed(trace), fullTimeSetting(setting)).run();
}

type TimedTrace = Trace & { ticks: Uint32Array };

function timed(trace: Trace): TimedTrace {
  const { ticks } = trace;
  if (ticks === null)
    throw new RangeError('the trace has no times: a question about TTLs needs a source with them');
  if (trace.ids.length === 0)
    throw new RangeError('the trace has 0 requests: at least 1 is needed');
  return { ...trace, ticks };
}

/** No copy: as `freshUntilMs` and `calmUntilMs`. */
const NONE = -1;
/** −ln of the smallest number that a stream draws, rounded up: XFetch cannot fire while more than this × βΔ is left. */
const LONGEST_DRAW = 22.2;
/** How often memory is looked at. */
const MOMENTS = 64;

class TimedCache {
  readonly #trace: TimedTrace;
  readonly #setting: FullTimeSetting;
  readonly #tally: Tally;
  /** Until when a hit is nothing but a hit: before that no refresh may start. */
  readonly #calmUntilMs: Float64Array;
  /** End of the copy's life; `NONE`: there is no copy. */
  readonly #freshUntilMs: Float64Array;
  /** Life of the copy, from its start. */
  readonly #lifeMs: Float64Array;
  /** First write that the copy lacks; `Infinity`: it lacks none. */
  readonly #staleSinceMs: Float64Array;
  /** First write that the load under way lacks, for those who join it. */
  readonly #loadStaleSinceMs: Float64Array;
  readonly #underWay: Int32Array;
  readonly #absent: Uint8Array | null;
  readonly #cache: Cache | null;
  readonly #active: ActiveExpiry | null;
  readonly #loads: Loads;
  readonly #deletions = new Deletions();
  readonly #jitter: () => number;
  readonly #xfetch: () => number;
  readonly #updates: () => number;
  readonly #endMs: number;
  readonly #momentMs: number;
  /** Copies stay in memory for this long after their life: windows, and the time by which the fill came later than its start. */
  readonly #graceMs: number;
  readonly #fillLagMs: number;
  #nextUpdateMs = Infinity;
  #nextCycleMs = Infinity;
  #nextMomentMs: number;
  /** The next thing that happens by itself. */
  #dueMs = 0;
  #counting = false;

  constructor(trace: TimedTrace, setting: FullTimeSetting) {
    const { objects, ticks, tickMs, bytes } = trace;
    const { seed, loadMs, renewal, eviction } = setting;
    const unit = eviction?.unit === 'bytes' ? bytes : null;
    if (eviction?.unit === 'bytes' && bytes === null)
      throw new RangeError(
        `capacity ${eviction.capacity} bytes: the trace has no sizes, give objects`,
      );
    this.#trace = trace;
    this.#setting = setting;
    this.#calmUntilMs = new Float64Array(objects).fill(NONE);
    this.#freshUntilMs = new Float64Array(objects).fill(NONE);
    this.#lifeMs = new Float64Array(objects);
    this.#staleSinceMs = new Float64Array(objects).fill(Infinity);
    this.#loadStaleSinceMs = new Float64Array(objects).fill(Infinity);
    this.#underWay = new Int32Array(objects);
    this.#absent = absentObjects(setting, objects);
    this.#cache =
      eviction?.policy.create({
        capacity: eviction.capacity,
        objects,
        bytes: unit,
        seed,
        tickMs,
      }) ?? null;
    const expires = setting.ttlMs !== Infinity || setting.negativeTtlMs !== null;
    this.#active =
      setting.expiry === 'active' && expires
        ? new ActiveExpiry(objects, randomStream(seed, 'expire-cycle'))
        : null;
    if (this.#active !== null) this.#nextCycleMs = 0;
    this.#loads = new Loads(loadMs);
    this.#jitter = randomStream(seed, 'jitter');
    this.#xfetch = randomStream(seed, 'xfetch');
    this.#updates = randomStream(seed, 'updates');
    this.#fillLagMs = renewal === 'sliding' ? 0 : loadMs;
    this.#graceMs = setting.staleWhileRevalidateMs ?? 0;
    const fromMs = setting.fromTick * tickMs;
    this.#endMs = (ticks.at(-1)! + 1) * tickMs;
    const measuredMs = Math.max(0, this.#endMs - fromMs);
    this.#tally = new Tally(fromMs, measuredMs, setting.bucketMs);
    this.#momentMs = measuredMs / MOMENTS;
    this.#nextMomentMs = measuredMs === 0 ? Infinity : fromMs + this.#momentMs;
    this.#planUpdate(0);
    this.#findDue();
  }

  run(): TimeOutcome {
    const { ids, ticks, tickMs, bytes } = this.#trace;
    const from = lowerBound(ticks, this.#setting.fromTick);
    this.#requests(0, from);
    this.#advance(Math.min(this.#setting.fromTick * tickMs, this.#endMs));
    this.#counting = true;
    const hits = this.#requests(from, ids.length);
    this.#tally.outcomes.hit += hits;
    this.#advance(this.#endMs);
    return this.#tally.outcome(bytes !== null);
  }

  /** @returns How many reads found a copy that was fresh and wanted nothing else; the others are tallied. */
  #requests(from: number, to: number): number {
    const { ids, ticks, tickMs, ops } = this.#trace;
    const calmUntilMs = this.#calmUntilMs;
    const staleSinceMs = this.#staleSinceMs;
    const changes = ops !== null || this.#setting.updateRatePerSecond > 0;
    const watching = this.#counting && changes;
    const plain = this.#cache === null && this.#setting.renewal === 'absolute';
    let dueMs = this.#dueMs;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const nowMs = ticks[i]! * tickMs;
      if (nowMs >= dueMs) this.#advance(nowMs);
      const id = ids[i]!;
      if (ops !== null && ops[i] === OP.write) this.#write(id, nowMs);
      else if (plain && nowMs < calmUntilMs[id]!) {
        hits += 1;
        if (watching && staleSinceMs[id]! <= nowMs) this.#tally.ages.add(nowMs - staleSinceMs[id]!);
        continue;
      } else this.#read(id, i, nowMs);
      dueMs = this.#dueMs;
    }
    return hits;
  }

  #read(id: number, at: number, nowMs: number): void {
    const { renewal, negativeTtlMs } = this.#setting;
    const absent = this.#absent !== null && this.#absent[id] === 1;
    const cache = this.#cache;
    if (cache !== null) {
      // Evicted since the last read of it, or past its time.
      if (this.#freshUntilMs[id] !== NONE && (!cache.has(id) || this.#isGone(id, nowMs)))
        this.#drop(id);
      if (!absent || negativeTtlMs !== null)
        cache.run(this.#trace.ids, at, at + 1, this.#trace.ticks);
    }
    const outcome = this.#find(id, nowMs, absent);
    let staleSinceMs = this.#staleSinceMs[id]!;
    if (outcome === 'hit' && renewal === 'sliding' && !absent) this.#renew(id, nowMs);
    if (outcome === 'miss') staleSinceMs = Infinity; // shows what it loads
    if (outcome === 'coalesced') staleSinceMs = this.#loadStaleSinceMs[id]!;
    if (this.#counting) {
      this.#tally.outcomes[outcome] += 1;
      if (staleSinceMs <= nowMs) this.#tally.ages.add(nowMs - staleSinceMs);
    }
    if (outcome === 'miss' || outcome === 'early' || outcome === 'stale')
      this.#load(id, nowMs, absent);
  }

  #find(id: number, nowMs: number, absent: boolean): keyof TimeOutcome['outcomes'] {
    const freshUntilMs = this.#freshUntilMs[id]!;
    if (nowMs < freshUntilMs) {
      if (absent) return 'negative';
      if (nowMs < this.#calmUntilMs[id]!) return 'hit';
      const { xfetchBeta, loadMs } = this.#setting;
      const early =
        xfetchBeta === null ||
        -loadMs * xfetchBeta * Math.log(1 - this.#xfetch()) >= freshUntilMs - nowMs;
      return early ? 'early' : 'hit';
    }
    // A page past its life is sent for a while, the note of an absence is not.
    if (freshUntilMs !== NONE && !absent && nowMs < freshUntilMs + this.#graceMs) return 'stale';
    return this.#mayLoad(id) ? 'miss' : 'coalesced';
  }

  #mayLoad(id: number): boolean {
    return this.#setting.coalesce === 'none' || this.#underWay[id] === 0;
  }

  #load(id: number, nowMs: number, absent: boolean): void {
    if (!this.#mayLoad(id)) return;
    const { ttlMs, jitter, negativeTtlMs, loadMs } = this.#setting;
    if (this.#counting) {
      this.#tally.load(nowMs);
      if (this.#underWay[id] === 0) this.#tally.renewals += 1;
    }
    let lifeMs = ttlMs;
    if (absent) lifeMs = negativeTtlMs ?? 0;
    else if (jitter > 0) lifeMs = ttlMs * (1 + jitter * (2 * this.#jitter() - 1));
    this.#underWay[id]! += 1;
    this.#loadStaleSinceMs[id] = Infinity;
    if (loadMs === 0) this.#fill(id, nowMs, lifeMs, Infinity);
    else {
      this.#loads.start(id, nowMs, lifeMs);
      this.#findDue();
    }
  }

  readonly #fill = (id: number, startedMs: number, lifeMs: number, staleSinceMs: number): void => {
    this.#underWay[id]! -= 1;
    if (this.#absent?.[id] === 1 && this.#setting.negativeTtlMs === null) return;
    // Its room went to others while it loaded, or the policy did not admit it.
    if (this.#cache !== null && !this.#cache.has(id)) return;
    this.#lifeMs[id] = lifeMs;
    this.#staleSinceMs[id] = staleSinceMs;
    const { renewal, loadMs } = this.#setting;
    this.#renew(id, renewal === 'sliding' ? startedMs + loadMs : startedMs);
    this.#active?.add(id);
  };

  /** The life of a copy begins. */
  #renew(id: number, fromMs: number): void {
    const { refreshAhead, xfetchBeta, loadMs } = this.#setting;
    const lifeMs = this.#lifeMs[id]!;
    const freshUntilMs = fromMs + lifeMs;
    this.#freshUntilMs[id] = freshUntilMs;
    let calmUntilMs = freshUntilMs;
    if (refreshAhead !== null) calmUntilMs = fromMs + refreshAhead * lifeMs;
    if (xfetchBeta !== null) calmUntilMs = freshUntilMs - LONGEST_DRAW * xfetchBeta * loadMs;
    // Notes of absence are hits of their own kind.
    this.#calmUntilMs[id] = this.#absent?.[id] === 1 ? NONE : calmUntilMs;
  }

  #write(id: number, nowMs: number): void {
    if (this.#absent?.[id] === 1) return;
    if (this.#counting) this.#tally.writes += 1;
    if (this.#freshUntilMs[id] !== NONE && this.#staleSinceMs[id] === Infinity)
      this.#staleSinceMs[id] = nowMs;
    if (this.#underWay[id]! > 0) {
      this.#loads.wrote(id, nowMs);
      if (this.#loadStaleSinceMs[id] === Infinity) this.#loadStaleSinceMs[id] = nowMs;
    }
    if (this.#setting.invalidate === 'none') return;
    this.#deletions.send(id, nowMs + this.#setting.invalidateDelayMs);
    this.#findDue();
  }

  #delete(id: number): void {
    const loading = this.#underWay[id]! > 0;
    if (loading && this.#setting.fenced) {
      this.#loads.refuse(id);
      this.#underWay[id] = 0;
    }
    // The room of a load under way stays taken: its fill comes all the same.
    if (loading && !this.#setting.fenced) this.#forget(id);
    else this.#drop(id);
  }

  #isGone(id: number, nowMs: number): boolean {
    const graceMs = this.#absent?.[id] === 1 ? 0 : this.#graceMs;
    return nowMs >= this.#freshUntilMs[id]! + this.#fillLagMs + graceMs;
  }

  /** Out of memory. */
  #drop(id: number): void {
    this.#forget(id);
    this.#cache?.remove(id);
  }

  #forget(id: number): void {
    this.#freshUntilMs[id] = NONE;
    this.#calmUntilMs[id] = NONE;
    this.#staleSinceMs[id] = Infinity;
    this.#active?.remove(id);
  }

  #findDue(): void {
    this.#dueMs = Math.min(
      this.#loads.nextEndMs,
      this.#nextUpdateMs,
      this.#deletions.nextMs,
      this.#nextCycleMs,
      this.#nextMomentMs,
    );
  }

  /** All that happens by itself until now, in the order of time. */
  #advance(nowMs: number): void {
    while (this.#dueMs <= nowMs) {
      const dueMs = this.#dueMs;
      if (this.#loads.nextEndMs === dueMs) this.#loads.end(this.#fill);
      else if (this.#nextUpdateMs === dueMs) this.#update(dueMs);
      else if (this.#deletions.nextMs === dueMs) this.#delete(this.#deletions.arrive());
      else if (this.#nextCycleMs === dueMs) this.#expire(dueMs);
      else this.#look(dueMs);
      this.#findDue();
    }
  }

  /** Poisson streams of one rate, one an object, are one stream of their summed rate with the object drawn. */
  #update(nowMs: number): void {
    this.#write(Math.floor(this.#updates() * this.#trace.objects), nowMs);
    this.#planUpdate(nowMs);
  }

  #planUpdate(nowMs: number): void {
    const perSecond = this.#setting.updateRatePerSecond * this.#trace.objects;
    if (perSecond > 0) this.#nextUpdateMs = nowMs + exponential(this.#updates, 1000 / perSecond);
  }

  #expire(nowMs: number): void {
    this.#nextCycleMs = this.#active!.cycle(nowMs, (id) => {
      // An object that was evicted is out of the table, too.
      const gone = this.#isGone(id, nowMs) || this.#cache?.has(id) === false;
      if (!gone) return false;
      if (this.#underWay[id]! > 0) this.#forget(id);
      else this.#drop(id);
      return true;
    });
  }

  #look(nowMs: number): void {
    const { objects, bytes } = this.#trace;
    const freshUntilMs = this.#freshUntilMs;
    const absent = this.#absent;
    const cache = this.#cache;
    const lagMs = this.#fillLagMs;
    const graceMs = this.#graceMs;
    let held = 0;
    let dead = 0;
    let heldBytes = 0;
    for (let id = 0; id < objects; id += 1) {
      const untilMs = freshUntilMs[id]!;
      if (untilMs === NONE || (cache !== null && !cache.has(id))) continue;
      held += 1;
      if (bytes !== null) heldBytes += bytes[id]!;
      const keptMs = absent !== null && absent[id] === 1 ? lagMs : lagMs + graceMs;
      if (nowMs >= untilMs + keptMs) dead += 1;
    }
    this.#tally.moment(held, dead, heldBytes);
    const nextMs = this.#nextMomentMs + this.#momentMs;
    this.#nextMomentMs = nextMs > this.#endMs ? Infinity : nextMs;
  }
}

function absentObjects({ absent, seed }: FullTimeSetting, objects: number): Uint8Array | null {
  if (absent === 0) return null;
  const marks = new Uint8Array(objects);
  if (typeof absent === 'number') {
    const random = randomStream(seed, 'absent');
    for (let id = 0; id < objects; id += 1) marks[id] = random() < absent ? 1 : 0;
  } else for (const id of absent) marks[id] = 1;
  return marks;
}

/** Position of the first request at this tick or later. */
function lowerBound(ticks: Uint32Array, tick: number): number {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ticks[middle]! < tick) low = middle + 1;
    else high = middle;
  }
  return low;
}
