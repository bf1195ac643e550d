import { Chains } from '../chains.ts';
import { Interner, sampleHash } from '../intern.ts';
import { OP } from '../trace.ts';
import type { Trace } from '../trace.ts';
import { Column, int32, uint32, uint8 } from './column.ts';
import { RECORD } from './format.ts';

/** What of a trace is kept. */
export interface Keep {
  /** When each request came. Default false. */
  readonly times?: boolean;
  /** Bytes of each object. Default false. */
  readonly sizes?: boolean;
  /** Reads and writes. Default false: writes are left out and only counted. */
  readonly ops?: boolean;
  /** Share of the objects, above 0 and up to 1: all requests of an object are kept, or none. Default 1. */
  readonly sample?: number;
  /** Requests to read, before the sample is taken. Default: all. */
  readonly limit?: number;
  /**
   * A write that follows a read of the same object within this time is what the application does on a miss: the simulated cache
   * fills by itself, so it is left out. null: every write changes its object. Counts only with `ops`.
   */
  readonly fillWithinMs?: number | null;
}

/** What was met while collecting. */
export interface Collected {
  trace: Trace;
  /** Requests of the source that were looked at: those outside the sample, writes and fills too. */
  read: number;
  writes: number;
  /** Writes that were taken for fills. */
  fills: number;
  /** Requests whose time lies before that of an earlier one; they were given the earlier one's time. */
  timesHeld: number;
  /** Objects whose later requests gave another size than the first. */
  resized: number;
  /** Objects of which no request told a size; with sizes kept. */
  unsized: number;
  /** Ticks from the first request kept to the last; null without times. */
  lastTick: number | null;
}

const { words: WORDS, tick: TICK, key: KEY, bytes: BYTES, op: DOES } = RECORD;
const CHAINED = { first: KEY, stride: WORDS, next: RECORD.next - KEY } as const;

/** Turns records into a trace: samples, interns, and keeps the columns that were asked for. */
export class Collector {
  read = 0;
  /** The source's chains contradict its keys: what was collected means nothing, and is to be collected by keys. */
  contradicted = false;
  readonly #keep: Required<Keep>;
  readonly #hasOps: boolean;
  readonly #tickMs: number | null;
  readonly #interner: Interner = new Interner();
  readonly #chains: Chains | null;
  readonly #ids: Column<ReturnType<typeof int32>>;
  readonly #ticks: Column<ReturnType<typeof uint32>> | null;
  readonly #ops: Column<ReturnType<typeof uint8>> | null;
  /** By object: its size, whether it changed, and the tick of its last request when that was a read. */
  readonly #sizes: Column<ReturnType<typeof uint32>> | null;
  readonly #changed: Column<ReturnType<typeof uint8>> | null;
  readonly #lastRead: Column<ReturnType<typeof uint32>> | null;
  /** Sizes that the last records' writes told, when writes are left out: low half, high half, bytes. */
  readonly #told: number[] = [];
  #count = 0;
  #writes = 0;
  #fills = 0;
  #timesHeld = 0;
  #resized = 0;
  #firstTick = -1;
  #lastTick = 0;

  /**
   * @param source - Of the format: whether it knows ops, its tick (null: no times), and how many requests are expected; with
   * `chains` it says where each object comes next, and `expected` is exact. A sample goes by keys all the same.
   * @throws RangeError when `sample` or `limit` is out of range.
   */
  constructor(
    keep: Keep,
    source: { ops: boolean; tickMs: number | null; expected: number; chains?: boolean },
  ) {
    const { sample = 1, limit = MOST_REQUESTS, fillWithinMs = null } = keep;
    if (!(sample > 0 && sample <= 1))
      throw new RangeError(`sample is ${sample}, allowed is (0, 1]`);
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST_REQUESTS))
      throw new RangeError(`limit is ${limit}, allowed are 1 to ${MOST_REQUESTS}`);
    const { times = false, sizes = false, ops = false } = keep;
    this.#keep = { times, sizes, ops, sample, limit, fillWithinMs };
    this.#hasOps = source.ops;
    this.#tickMs = source.tickMs;
    const expected = Math.ceil(Math.min(source.expected, limit) * sample);
    this.#chains = source.chains === true && sample === 1 ? new Chains() : null;
    this.#ids = new Column(int32, expected);
    this.#ticks = times && source.tickMs !== null ? new Column(uint32, expected) : null;
    this.#ops = ops && source.ops ? new Column(uint8, expected) : null;
    this.#sizes = sizes ? new Column(uint32, 0) : null;
    this.#changed = sizes ? new Column(uint8, 0) : null;
    this.#lastRead = this.#ops !== null && fillWithinMs !== null ? new Column(uint32, 0) : null;
  }

  /** Whether it has read all that was asked for. */
  get full(): boolean {
    return this.read >= this.#keep.limit;
  }

  get #objects(): number {
    return this.#chains === null ? this.#interner.size : this.#chains.size;
  }

  /** Takes records; it overwrites them. */
  add(records: Int32Array, offered: number): void {
    const taken = Math.min(offered, this.#keep.limit - this.read);
    this.read += taken;
    let count = this.#keep.sample < 1 ? this.#sampled(records, taken) : taken;
    if (this.#hasOps && this.#ops === null) count = this.#onlyReads(records, count);
    const from = this.#count;
    const ids = this.#ids.upTo(from + count);
    if (this.#chains === null) this.#interner.internAll(records, KEY, WORDS, count, ids, from);
    else if (!this.#chains.numberAll(records, CHAINED, count, ids, from)) this.contradicted = true;
    this.#count += count;
    if (this.#sizes !== null) this.#noteSizes(records, ids, from, count);
    if (count > 0) this.#noteTicks(records, from, count);
    if (this.#ops !== null) this.#noteOps(records, from, count);
  }

  finish(): Collected {
    const tickMs = this.#tickMs;
    const sizes = this.#sizes?.first(this.#objects) ?? null;
    let unsized = 0;
    if (sizes !== null) for (const size of sizes) unsized += size === 0 ? 1 : 0;
    const trace: Trace = {
      ids: this.#ids.first(this.#count),
      objects: this.#objects,
      ticks: this.#ticks?.first(this.#count) ?? null,
      tickMs: tickMs ?? 1000,
      bytes: sizes,
      ops: this.#ops?.first(this.#count) ?? null,
    };
    return {
      trace,
      read: this.read,
      writes: this.#writes,
      fills: this.#fills,
      timesHeld: this.#timesHeld,
      resized: this.#resized,
      unsized,
      lastTick: tickMs === null ? null : this.#lastTick,
    };
  }

  /** Moves the sample's records to the front. */
  #sampled(records: Int32Array, count: number): number {
    const below = this.#keep.sample * 2 ** 32;
    let kept = 0;
    for (let at = 0; at < WORDS * count; at += WORDS) {
      if (sampleHash(records[at + KEY]!, records[at + KEY + 1]!) >= below) continue;
      if (kept !== at) records.copyWithin(kept, at, at + WORDS);
      kept += WORDS;
    }
    return kept / WORDS;
  }

  /** Moves the reads to the front. Writes may still tell the size of an object that was read before. */
  #onlyReads(records: Int32Array, count: number): number {
    let kept = 0;
    for (let at = 0; at < WORDS * count; at += WORDS) {
      if (records[at + DOES] === OP.read) {
        if (kept !== at) records.copyWithin(kept, at, at + WORDS);
        kept += WORDS;
        continue;
      }
      this.#writes += 1;
      if (this.#sizes !== null)
        this.#told.push(records[at + KEY]!, records[at + KEY + 1]!, records[at + BYTES]! >>> 0);
    }
    return kept / WORDS;
  }

  #noteSizes(records: Int32Array, ids: Int32Array, from: number, count: number): void {
    const sizes = this.#sizes!.upTo(this.#objects);
    const changed = this.#changed!.upTo(this.#objects);
    for (let i = 0; i < count; i += 1)
      this.#noteSize(ids[from + i]!, records[WORDS * i + BYTES]! >>> 0, sizes, changed);
    const told = this.#told;
    for (let at = 0; at < told.length; at += 3) {
      const id = this.#interner.find(told[at]!, told[at + 1]!);
      if (id >= 0) this.#noteSize(id, told[at + 2]!, sizes, changed);
    }
    told.length = 0;
  }

  /** Neither a read of a missing object nor a DEL has a size: the first request that tells one counts. */
  #noteSize(id: number, size: number, sizes: Uint32Array, changed: Uint8Array): void {
    const known = sizes[id]!;
    if (size === 0 || size === known) return;
    if (known === 0) sizes[id] = size;
    else if (changed[id] === 0) {
      changed[id] = 1;
      this.#resized += 1;
    }
  }

  /** Ticks since the first request kept; one that goes back in time is held at the latest so far. */
  #noteTicks(records: Int32Array, from: number, count: number): void {
    if (this.#tickMs === null) return;
    const ticks = this.#ticks?.upTo(from + count) ?? null;
    if (this.#firstTick < 0) this.#firstTick = records[TICK]! >>> 0;
    const first = this.#firstTick;
    let last = this.#lastTick;
    for (let i = 0; i < count; i += 1) {
      const tick = (records[WORDS * i + TICK]! >>> 0) - first;
      if (tick >= last) last = tick;
      else this.#timesHeld += 1;
      if (ticks !== null) ticks[from + i] = last;
      if (this.#ops !== null) records[WORDS * i + TICK] = last;
    }
    this.#lastTick = last;
  }

  /** Keeps what each request does, and closes the gaps that fills leave. */
  #noteOps(records: Int32Array, from: number, count: number): void {
    const ids = this.#ids.upTo(from + count);
    const ticks = this.#ticks?.upTo(from + count) ?? null;
    const ops = this.#ops!.upTo(from + count);
    const lastRead = this.#lastRead?.upTo(this.#objects) ?? null;
    const within = (this.#keep.fillWithinMs ?? 0) / (this.#tickMs ?? 1);
    let to = from;
    for (let i = 0; i < count; i += 1) {
      const id = ids[from + i]!;
      const op = records[WORDS * i + DOES]!;
      const tick = records[WORDS * i + TICK]! >>> 0;
      if (op === OP.write) this.#writes += 1;
      if (lastRead !== null) {
        const read = lastRead[id]!;
        lastRead[id] = op === OP.read ? tick + 1 : 0;
        if (op === OP.write && read > 0 && tick + 1 - read <= within) {
          this.#fills += 1;
          continue;
        }
      }
      ids[to] = id;
      if (ticks !== null) ticks[to] = ticks[from + i]!;
      ops[to] = op;
      to += 1;
    }
    this.#count = to;
  }
}

/** Positions are 32-bit numbers, and the largest one says "never". */
const MOST_REQUESTS = 2 ** 31 - 2;
