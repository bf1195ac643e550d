/** Taken back by a fence: its fill is refused. */
const REFUSED = -1;

/**
 * Loads under way, the oldest first. All take the same time, so they end in the order in which they began, and a ring does
 * for what would else be a heap.
 */
export class Loads {
  /** When the oldest ends; `Infinity`: none is under way. */
  nextEndMs: number = Infinity;
  readonly #loadMs: number;
  #ids = new Int32Array(64);
  #startedMs = new Float64Array(64);
  #lifeMs = new Float64Array(64);
  /** First write after the start: what is loaded lacks it. */
  #staleSinceMs = new Float64Array(64);
  #first = 0;
  #count = 0;

  constructor(loadMs: number) {
    this.#loadMs = loadMs;
  }

  start(id: number, nowMs: number, lifeMs: number): void {
    if (this.#count === this.#ids.length) this.#grow();
    const at = (this.#first + this.#count) & (this.#ids.length - 1);
    this.#ids[at] = id;
    this.#startedMs[at] = nowMs;
    this.#lifeMs[at] = lifeMs;
    this.#staleSinceMs[at] = Infinity;
    if (this.#count === 0) this.nextEndMs = nowMs + this.#loadMs;
    this.#count += 1;
  }

  /** A write of an object that is being loaded: these loads saw what was before it. */
  wrote(id: number, nowMs: number): void {
    for (let k = 0; k < this.#count; k += 1) {
      const at = (this.#first + k) & (this.#ids.length - 1);
      if (this.#ids[at] === id && this.#staleSinceMs[at] === Infinity)
        this.#staleSinceMs[at] = nowMs;
    }
  }

  refuse(id: number): void {
    for (let k = 0; k < this.#count; k += 1) {
      const at = (this.#first + k) & (this.#ids.length - 1);
      if (this.#ids[at] === id) this.#ids[at] = REFUSED;
    }
  }

  /** Ends the oldest load. @param fill - Called unless a fence took the load back. */
  end(fill: (id: number, startedMs: number, lifeMs: number, staleSinceMs: number) => void): void {
    const at = this.#first;
    this.#first = (at + 1) & (this.#ids.length - 1);
    this.#count -= 1;
    this.nextEndMs = this.#count === 0 ? Infinity : this.#startedMs[this.#first]! + this.#loadMs;
    const id = this.#ids[at]!;
    if (id === REFUSED) return;
    fill(id, this.#startedMs[at]!, this.#lifeMs[at]!, this.#staleSinceMs[at]!);
  }

  #grow(): void {
    const unrolled = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from.subarray(this.#first));
      to.set(from.subarray(0, this.#first), from.length - this.#first);
      return to;
    };
    const size = 2 * this.#ids.length;
    this.#ids = unrolled(this.#ids, new Int32Array(size));
    this.#startedMs = unrolled(this.#startedMs, new Float64Array(size));
    this.#lifeMs = unrolled(this.#lifeMs, new Float64Array(size));
    this.#staleSinceMs = unrolled(this.#staleSinceMs, new Float64Array(size));
    this.#first = 0;
  }
}

/** DELs on their way, the oldest first: all take the same time to arrive. */
export class Deletions {
  /** When the oldest arrives; `Infinity`: none is on its way. */
  nextMs: number = Infinity;
  #ids = new Int32Array(64);
  #arriveMs = new Float64Array(64);
  #first = 0;
  #end = 0;

  send(id: number, arriveMs: number): void {
    if (this.#end === this.#ids.length) this.#makeRoom();
    this.#ids[this.#end] = id;
    this.#arriveMs[this.#end] = arriveMs;
    if (this.#end === this.#first) this.nextMs = arriveMs;
    this.#end += 1;
  }

  /** @returns The object whose DEL arrives next. */
  arrive(): number {
    const id = this.#ids[this.#first]!;
    this.#first += 1;
    this.nextMs = this.#first === this.#end ? Infinity : this.#arriveMs[this.#first]!;
    return id;
  }

  /** To the front, into arrays twice as long when they are more than half full. */
  #makeRoom(): void {
    const size = (this.#end - this.#first) * 2 > this.#ids.length ? 2 * this.#end : this.#end;
    const ids = new Int32Array(size);
    const arriveMs = new Float64Array(size);
    ids.set(this.#ids.subarray(this.#first, this.#end));
    arriveMs.set(this.#arriveMs.subarray(this.#first, this.#end));
    this.#ids = ids;
    this.#arriveMs = arriveMs;
    this.#end -= this.#first;
    this.#first = 0;
  }
}
