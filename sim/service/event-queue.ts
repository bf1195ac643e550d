/**
 * What is to happen, by time: a binary heap on typed arrays. Events of one time come out in the order in which they were put
 * in, so that a run depends on its seed alone. An event is three numbers, whose meaning is the caller's.
 */
export class EventQueue {
  size = 0;
  /** Of the event that `pop` took last. */
  timeMs = 0;
  kind = 0;
  a = 0;
  b = 0;
  #times = new Float64Array(256);
  /** Four numbers an event: order of arrival, kind, a, b. */
  #rest = new Float64Array(4 * 256);
  #pushed = 0;

  /** Time of the earliest event; infinite when there is none. */
  get nextMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  push(timeMs: number, kind: number, a: number, b: number): void {
    if (this.size === this.#times.length) this.#grow();
    const times = this.#times;
    const rest = this.#rest;
    let at = this.size;
    this.size += 1;
    // A newcomer never overtakes an event of its own time: parents move down only when they are strictly later.
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= timeMs) break;
      times[at] = times[parent]!;
      move(rest, 4 * parent, 4 * at);
      at = parent;
    }
    times[at] = timeMs;
    rest[4 * at] = this.#pushed;
    rest[4 * at + 1] = kind;
    rest[4 * at + 2] = a;
    rest[4 * at + 3] = b;
    this.#pushed += 1;
  }

  /** Takes the earliest event out and into `timeMs`, `kind`, `a` and `b`. @returns False when there is none. */
  pop(): boolean {
    if (this.size === 0) return false;
    const times = this.#times;
    const rest = this.#rest;
    this.timeMs = times[0]!;
    this.kind = rest[1]!;
    this.a = rest[2]!;
    this.b = rest[3]!;
    this.size -= 1;
    const size = this.size;
    const timeMs = times[size]!;
    const order = rest[4 * size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, times[child]!, rest[4 * child]!))
        child += 1;
      if (!this.#isBefore(child, timeMs, order)) break;
      times[at] = times[child]!;
      move(rest, 4 * child, 4 * at);
      at = child;
    }
    times[at] = timeMs;
    move(rest, 4 * size, 4 * at);
    return true;
  }

  #isBefore(at: number, timeMs: number, order: number): boolean {
    const own = this.#times[at]!;
    return own < timeMs || (own === timeMs && this.#rest[4 * at]! < order);
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
    const rest = new Float64Array(2 * this.#rest.length);
    rest.set(this.#rest);
    this.#rest = rest;
  }
}

function move(rest: Float64Array, from: number, to: number): void {
  rest[to] = rest[from]!;
  rest[to + 1] = rest[from + 1]!;
  rest[to + 2] = rest[from + 2]!;
  rest[to + 3] = rest[from + 3]!;
}
