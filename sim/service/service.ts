import { randomStream } from '../random.ts';
import { arrivalTimes } from './arrivals.ts';
import { Copies } from './copies.ts';
import { sampler } from './distribution.ts';
import { EventQueue } from './event-queue.ts';
import type { LoadTimes } from './load-times.ts';
import { loadTimes } from './load-times.ts';
import type { ServiceOutcome } from './outcome.ts';
import { OUTCOME } from './outcome.ts';
import { Connections } from './pool.ts';
import { keyDraws, keysOf } from './popularity.ts';
import type { ServicePolicy } from './presets.ts';
import { servicePolicy } from './presets.ts';
import { Recorder } from './recorder.ts';
import type { Cpu, Pool, ServiceSetting } from './setting.ts';
import { checkSetting, LOOPBACK, SERVER_POOL } from './setting.ts';
import { Load, Reader, Slots } from './work.ts';

/**
 * Readers, a cache, and a database behind one pool a process, event by event: how often an expiry is loaded, how long readers
 * wait, what the database is asked for. Reads take the server's way (GET, freshness, coalesce, gate, load, write), each command
 * to the cache a round trip of its own, so that what happens between two commands is found here too.
 *
 * Deliberately absent: writes and invalidation, faults of the cache, the body's size, the database's own limits (a load takes as
 * long as it is drawn, however many there are), and cores that processes share.
 * @throws RangeError for settings out of range and presets that are not modelled.
 */
export function simulateService(setting: ServiceSetting): ServiceOutcome {
  checkSetting(setting);
  return new Service(setting).run();
}

/** What an event means. Its first number is the slot of a reader or load, its second that one's `wait` where it is a timer. */
const EVENT = {
  /** The process has time for a reader. */
  ready: 0,
  get: 1,
  /** A command to the cache takes effect: ask for the lock or lease (with the second look), or bare SET NX. */
  claim: 2,
  /** A reader's sleep before the gate is over. */
  slept: 3,
  /** GET of a reader who waits before the published lock. */
  lookAgain: 4,
  followedLongEnough: 5,
  queuedLongEnough: 6,
  trip: 7,
  loaded: 8,
  written: 9,
  released: 10,
  failed: 11,
} as const;

const NOBODY = -1;

class Service {
  #nowMs = 0;
  readonly #policy: ServicePolicy;
  readonly #processes: number;
  readonly #durationMs: number;
  readonly #pool: Pool;
  readonly #cpu: Cpu;
  readonly #nextArrival: () => number;
  readonly #nextKey: () => number;
  readonly #redisMs: () => number;
  readonly #lifeMs: () => number;
  readonly #times: LoadTimes;
  readonly #keys: number;
  readonly #events = new EventQueue();
  readonly #readers = new Slots((slot) => new Reader(slot));
  readonly #loads = new Slots((slot) => new Load(slot));
  readonly #copies: Copies;
  readonly #recorder: Recorder;
  readonly #connections: Connections[];
  /** Until then each process's event loop is busy. */
  readonly #busyUntilMs: Float64Array;
  /** When the last command of each process takes effect in the cache. */
  readonly #commandMs: Float64Array;
  /** By process and page: slot of the reader who leads, and until when no refresh follows a failed load. */
  readonly #leaders: Int32Array;
  readonly #restUntilMs: Float64Array;
  /** By page: the lock or lease, and the loads that failed under it. */
  readonly #tokens: Float64Array;
  readonly #lockedUntilMs: Float64Array;
  readonly #failures: Int32Array;
  #lastToken = 0;
  #turn = 0;

  constructor(setting: ServiceSetting) {
    const { policy, processes = 1, popularity = { kind: 'one' }, seed, durationMs } = setting;
    const stream = (name: string): (() => number) => randomStream(seed, name);
    const keys = keysOf(popularity);
    this.#policy = servicePolicy(policy.preset, policy.overrides);
    this.#processes = processes;
    this.#durationMs = durationMs;
    this.#pool = setting.pool ?? SERVER_POOL;
    this.#cpu = setting.cpu ?? { hitMs: 0, loadMs: 0 };
    this.#keys = keys;
    this.#nextArrival = arrivalTimes(setting.arrivals, stream('arrivals'));
    this.#nextKey = keyDraws(popularity, stream('keys'));
    this.#redisMs = sampler(setting.redisMs ?? LOOPBACK, stream('redis'), 'redisMs');
    this.#times = loadTimes(setting.load, keys, stream('loads'));
    const { ttlMs, jitter } = this.#policy;
    const spread = stream('jitter');
    this.#lifeMs = () => (jitter === 0 ? ttlMs : ttlMs * (1 + jitter * (2 * spread() - 1)));
    this.#copies = new Copies(keys, this.#policy, stream('xfetch'));
    this.#recorder = new Recorder(
      ...([keys, durationMs, setting.slowMs ?? 1200] as const),
      this.#policy.store === 'redis',
    );
    this.#connections = Array.from({ length: processes }, () => new Connections(this.#pool));
    this.#busyUntilMs = new Float64Array(processes);
    this.#commandMs = new Float64Array(processes);
    this.#leaders = new Int32Array(processes * keys).fill(NOBODY);
    this.#restUntilMs = new Float64Array(processes * keys);
    this.#tokens = new Float64Array(keys);
    this.#lockedUntilMs = new Float64Array(keys).fill(Number.NEGATIVE_INFINITY);
    this.#failures = new Int32Array(keys);
    if (setting.warmed != null && this.#policy.store === 'redis')
      this.#warm(setting.warmed.atMs, setting.warmed.withinMs ?? 0, stream('warm'));
  }

  run(): ServiceOutcome {
    const events = this.#events;
    const next = (): number => {
      const ms = this.#nextArrival();
      return ms < this.#durationMs ? ms : Number.POSITIVE_INFINITY;
    };
    let arrivalMs = next();
    for (;;) {
      if (arrivalMs !== Number.POSITIVE_INFINITY && arrivalMs <= events.nextMs) {
        this.#nowMs = arrivalMs;
        this.#arrive();
        arrivalMs = next();
      } else {
        if (!events.pop()) break;
        this.#nowMs = events.timeMs;
        this.#happen(events.kind, events.a, events.b);
      }
      this.#recorder.events += 1;
    }
    for (let key = 0; key < this.#keys; key += 1)
      if (this.#copies.endMs(key) < this.#durationMs)
        this.#recorder.copyEnded(this.#copies.endMs(key));
    return this.#recorder.outcome();
  }

  #warm(atMs: number, withinMs: number, random: () => number): void {
    for (let key = 0; key < this.#keys; key += 1) {
      const startMs = atMs + withinMs * random();
      this.#copies.write(key, startMs, this.#lifeMs(), this.#times.whole(key));
    }
  }

  #happen(kind: number, slot: number, wait: number): void {
    switch (kind) {
      case EVENT.ready:
        return this.#ready(this.#readers.at(slot));
      case EVENT.get:
        return this.#look(this.#readers.at(slot));
      case EVENT.claim:
        return this.#claim(this.#readers.at(slot));
      case EVENT.slept: {
        const again = this.#policy.gate === 'lock-naive' ? EVENT.lookAgain : EVENT.claim;
        return this.#command(again, this.#readers.at(slot).process, slot);
      }
      case EVENT.lookAgain:
        return this.#lookAgain(this.#readers.at(slot));
      case EVENT.followedLongEnough: {
        const reader = this.#readers.at(slot);
        if (!reader.follows || reader.wait !== wait) return undefined;
        reader.follows = false;
        return this.#overdue(reader);
      }
      case EVENT.queuedLongEnough: {
        const load = this.#loads.at(slot);
        if (!load.isQueued || load.wait !== wait) return undefined;
        this.#connections[load.process]!.takeFirst();
        return this.#turnAway(load);
      }
      case EVENT.trip:
        return this.#trip(this.#loads.at(slot));
      case EVENT.loaded:
        return this.#loaded(this.#loads.at(slot));
      case EVENT.written:
        return this.#written(this.#loads.at(slot));
      case EVENT.released:
        return this.#released(this.#loads.at(slot));
      default:
        return this.#failed(this.#loads.at(slot));
    }
  }

  /** Sends a command to the cache; those of one process take effect in the order in which they were sent. */
  #command(kind: number, process: number, slot: number): void {
    const atMs = Math.max(this.#nowMs + this.#redisMs(), this.#commandMs[process]!);
    this.#commandMs[process] = atMs;
    this.#events.push(atMs, kind, slot, 0);
  }

  /** When the event loop of a process will have worked for so long, after all that it has to do already. */
  #worked(process: number, cpuMs: number): number {
    const atMs = Math.max(this.#nowMs, this.#busyUntilMs[process]!) + cpuMs;
    this.#busyUntilMs[process] = atMs;
    return atMs;
  }

  #newReader(key: number, process: number, isRefresh: boolean): Reader {
    const reader = this.#readers.take();
    reader.key = key;
    reader.process = process;
    reader.arrivalMs = this.#nowMs;
    reader.isRefresh = isRefresh;
    reader.done = false;
    return reader;
  }

  #arrive(): void {
    const reader = this.#newReader(this.#nextKey(), this.#turn, false);
    this.#turn = (this.#turn + 1) % this.#processes;
    if (this.#cpu.hitMs === 0) this.#ready(reader);
    else
      this.#events.push(this.#worked(reader.process, this.#cpu.hitMs), EVENT.ready, reader.slot, 0);
  }

  #ready(reader: Reader): void {
    if (this.#policy.store === 'none') this.#startLoad(reader, 0, false);
    else this.#command(EVENT.get, reader.process, reader.slot);
  }

  #look(reader: Reader): void {
    const { key, process } = reader;
    const freshness = this.#copies.freshness(key, this.#nowMs);
    if (freshness === 'fresh') return this.#respond(reader, OUTCOME.hit);
    if (freshness === 'expired') {
      reader.foundMs = this.#copies.found(key, this.#nowMs);
      return this.#loadFor(reader);
    }
    this.#respond(reader, freshness === 'early' ? OUTCOME.early : OUTCOME.stale);
    if (this.#restUntilMs[process * this.#keys + key]! > this.#nowMs) return undefined;
    const refresh = this.#newReader(key, process, true);
    refresh.foundMs = this.#copies.startMs[key]!;
    return this.#loadFor(refresh);
  }

  #loadFor(reader: Reader): void {
    const { key, process } = reader;
    const at = process * this.#keys + key;
    if (this.#restUntilMs[at]! > this.#nowMs && this.#copies.rescues(key, this.#nowMs))
      return this.#settle(reader, OUTCOME.stale);
    if (this.#policy.coalesce === 'process') {
      const leader = this.#leaders[at]!;
      if (leader !== NOBODY) return this.#follow(reader, this.#readers.at(leader));
      this.#leaders[at] = reader.slot;
      reader.leads = true;
    }
    if (this.#policy.gate === 'none') return this.#startLoad(reader, 0, true);
    reader.failuresBefore = -1;
    reader.deadlineMs = this.#nowMs + (this.#policy.lockWaitMs ?? Number.POSITIVE_INFINITY);
    return this.#command(EVENT.claim, process, reader.slot);
  }

  #follow(reader: Reader, leader: Reader): void {
    if (reader.isRefresh) return this.#forget(reader);
    leader.followers.push(reader);
    reader.listed = true;
    reader.follows = true;
    reader.wait += 1;
    const { onLockTimeout, lockWaitMs } = this.#policy;
    if (onLockTimeout !== 'load' && lockWaitMs !== null)
      this.#events.push(
        this.#nowMs + lockWaitMs,
        EVENT.followedLongEnough,
        reader.slot,
        reader.wait,
      );
  }

  /** Lock and lease look again in the step that claims; the published lock does not. */
  #claim(reader: Reader): void {
    const { key } = reader;
    const { gate, lockTtlMs, lockPollMs } = this.#policy;
    const waited = reader.failuresBefore >= 0;
    if (gate !== 'lock-naive') {
      const found = this.#copies.found(key, this.#nowMs);
      if (found !== Number.NEGATIVE_INFINITY && found !== reader.foundMs) {
        const freshness = this.#copies.freshness(key, this.#nowMs);
        if (freshness === 'stale') return this.#finish(reader, OUTCOME.stale);
        if (freshness !== 'expired')
          return this.#finish(reader, waited ? OUTCOME.coalesced : OUTCOME.hit);
        reader.foundMs = found;
        return this.#command(EVENT.claim, reader.process, reader.slot);
      }
      if (waited && this.#failures[key]! > reader.failuresBefore)
        return this.#finish(reader, OUTCOME.failed);
    }
    if (this.#lockedUntilMs[key]! <= this.#nowMs) {
      this.#lastToken += 1;
      this.#tokens[key] = this.#lastToken;
      this.#lockedUntilMs[key] = this.#nowMs + lockTtlMs;
      return this.#startLoad(reader, this.#lastToken, true);
    }
    if (reader.isRefresh) return this.#giveUp(reader);
    if (!waited) reader.failuresBefore = this.#failures[key]!;
    if (this.#nowMs >= reader.deadlineMs) return this.#overdue(reader);
    return this.#events.push(this.#nowMs + lockPollMs, EVENT.slept, reader.slot, 0);
  }

  #lookAgain(reader: Reader): void {
    const freshness = this.#copies.freshness(reader.key, this.#nowMs);
    if (freshness === 'expired') return this.#command(EVENT.claim, reader.process, reader.slot);
    return this.#finish(reader, freshness === 'stale' ? OUTCOME.stale : OUTCOME.coalesced);
  }

  #overdue(reader: Reader): void {
    const { onLockTimeout, gate } = this.#policy;
    if (onLockTimeout === 'fail') return this.#finish(reader, OUTCOME.failed);
    if (onLockTimeout === 'stale' && reader.foundMs !== Number.NEGATIVE_INFINITY)
      return this.#finish(reader, OUTCOME.stale);
    return this.#startLoad(reader, 0, gate !== 'lease');
  }

  #startLoad(reader: Reader, token: number, writes: boolean): void {
    const load = this.#loads.take();
    load.reader = reader;
    load.key = reader.key;
    load.process = reader.process;
    load.startMs = this.#nowMs;
    load.beginMs = Number.NaN;
    load.lifeMs = writes ? this.#lifeMs() : 0;
    load.token = token;
    load.writes = writes;
    this.#recorder.loadStarts(load.key, this.#nowMs);
    switch (this.#connections[load.process]!.enter(load)) {
      case 'in':
        return this.#begin(load);
      case 'full':
        return this.#turnAway(load);
      case 'queued':
        if (this.#pool.maxWaitMs !== null)
          this.#events.push(
            this.#nowMs + this.#pool.maxWaitMs,
            EVENT.queuedLongEnough,
            load.slot,
            load.wait,
          );
    }
  }

  #begin(load: Load): void {
    load.beginMs = this.#nowMs;
    this.#recorder.poolWaits.push(this.#nowMs - load.startMs);
    if (this.#cpu.loadMs === 0) {
      const endMs = this.#nowMs + this.#times.whole(load.key);
      return this.#events.push(endMs, EVENT.loaded, load.slot, 0);
    }
    load.wholeMs = this.#times.whole(load.key);
    load.tripsLeft = this.#times.trips(load.key);
    return this.#nextTrip(load, this.#nowMs);
  }

  #nextTrip(load: Load, fromMs: number): void {
    const endMs = fromMs + this.#times.trip(load.key, load.wholeMs);
    this.#events.push(endMs, EVENT.trip, load.slot, 0);
  }

  /** The database has answered; the process works on it, and sends the next statement. */
  #trip(load: Load): void {
    const cpuMs = this.#cpu.loadMs / this.#times.trips(load.key);
    const atMs = this.#worked(load.process, cpuMs);
    load.tripsLeft -= 1;
    if (load.tripsLeft > 0) this.#nextTrip(load, atMs);
    else this.#events.push(atMs, EVENT.loaded, load.slot, 0);
  }

  #loaded(load: Load): void {
    load.endMs = this.#nowMs;
    const selects = this.#times.selects(load.key);
    this.#recorder.loadEnds(load.key, load.beginMs, this.#nowMs, selects);
    const next = this.#connections[load.process]!.leave();
    if (next !== null) this.#begin(next);
    if (load.writes) this.#command(EVENT.written, load.process, load.slot);
    else this.#done(load, this.#policy.store === 'none' ? OUTCOME.bypass : OUTCOME.miss);
  }

  #written(load: Load): void {
    const { key, token } = load;
    const { gate } = this.#policy;
    const stands = this.#tokens[key] === token && this.#lockedUntilMs[key]! > this.#nowMs;
    // A lease whose time is up is no leave to write any more.
    if (gate !== 'lease' || stands) {
      const oldEndMs = this.#copies.endMs(key);
      if (oldEndMs <= this.#nowMs) this.#recorder.copyEnded(oldEndMs);
      this.#copies.write(key, load.startMs, load.lifeMs, load.endMs - load.startMs);
    }
    if (gate === 'lease' && stands) this.#unlock(key);
    if (token === 0 || gate === 'lease') this.#done(load, OUTCOME.miss);
    else this.#command(EVENT.released, load.process, load.slot);
  }

  #released(load: Load): void {
    // The published DEL frees whatever lock is there.
    if (this.#policy.gate === 'lock-naive' || this.#tokens[load.key] === load.token)
      this.#unlock(load.key);
    this.#done(load, OUTCOME.miss);
  }

  #unlock(key: number): void {
    this.#tokens[key] = 0;
    this.#lockedUntilMs[key] = Number.NEGATIVE_INFINITY;
  }

  /** No connection: 503, unless an old copy may be sent. */
  #turnAway(load: Load): void {
    this.#recorder.loadEnds(load.key, Number.NaN, this.#nowMs, 0);
    if (load.token === 0) this.#done(load, OUTCOME.failed);
    else this.#command(EVENT.failed, load.process, load.slot);
  }

  /** Those who wait for the lock are told; by the published one they are not. */
  #failed(load: Load): void {
    const isNaive = this.#policy.gate === 'lock-naive';
    if (!isNaive) this.#failures[load.key]! += 1;
    if (isNaive || this.#tokens[load.key] === load.token) this.#unlock(load.key);
    this.#done(load, OUTCOME.failed);
  }

  #done(load: Load, outcome: number): void {
    const reader = load.reader!;
    load.reader = null;
    this.#loads.give(load);
    this.#finish(reader, outcome);
  }

  /** A reader has his answer, and with it all that follow him. */
  #finish(reader: Reader, outcome: number): void {
    if (reader.leads) {
      const shared = outcome === OUTCOME.miss || outcome === OUTCOME.hit;
      for (const follower of this.#landed(reader))
        this.#settle(follower, shared ? OUTCOME.coalesced : outcome);
    }
    this.#settle(reader, outcome);
  }

  /** A refresh finds another process at work. Who followed it needs the page all the same. */
  #giveUp(reader: Reader): void {
    const waiting = reader.leads ? this.#landed(reader) : [];
    this.#forget(reader);
    for (const follower of waiting) this.#loadFor(follower);
  }

  /** Nobody follows this leader any more. @returns Those who still did. */
  #landed(leader: Reader): Reader[] {
    this.#leaders[leader.process * this.#keys + leader.key] = NOBODY;
    leader.leads = false;
    const followers = leader.followers.splice(0);
    return followers.filter((follower) => {
      follower.listed = false;
      if (follower.done) this.#readers.give(follower);
      const follows = follower.follows;
      follower.follows = false;
      return follows;
    });
  }

  #settle(reader: Reader, outcome: number): void {
    const { key, process } = reader;
    if (outcome === OUTCOME.failed) {
      const { retryAfterErrorMs } = this.#policy;
      this.#restUntilMs[process * this.#keys + key] = this.#nowMs + retryAfterErrorMs;
      if (!reader.isRefresh && this.#copies.rescues(key, this.#nowMs))
        return this.#respond(reader, OUTCOME.stale);
    }
    return reader.isRefresh ? this.#forget(reader) : this.#respond(reader, outcome);
  }

  #respond(reader: Reader, outcome: number): void {
    this.#recorder.response(reader.arrivalMs, reader.key, outcome, this.#nowMs);
    this.#forget(reader);
  }

  #forget(reader: Reader): void {
    reader.foundMs = Number.NEGATIVE_INFINITY;
    reader.done = true;
    if (!reader.listed) this.#readers.give(reader);
  }
}
