/** A reader on his way, or a refresh that nobody waits for. Used again when it is done. */
export class Reader {
  readonly slot: number;
  /** Goes up whenever a wait ends, so that its timer finds out that it comes too late. */
  wait = 0;
  key = 0;
  process = 0;
  arrivalMs = 0;
  isRefresh = false;
  /** Start of the load whose copy he found past its life; −∞: there was none. */
  foundMs: number = Number.NEGATIVE_INFINITY;
  /** Until then he waits for the gate. */
  deadlineMs = 0;
  /** Failed loads of the page when he began to wait for the gate; −1: he has not. */
  failuresBefore = -1;
  /** Others of his process may follow him. */
  leads = false;
  /** He waits for the leader. */
  follows = false;
  /** A leader's list still holds him. */
  listed = false;
  done = false;
  readonly followers: Reader[] = [];

  constructor(slot: number) {
    this.slot = slot;
  }
}

/** A load, from the moment it asks for a connection until its copy is written. Used again when it is done. */
export class Load {
  readonly slot: number;
  /** Goes up whenever it leaves the queue. */
  wait = 0;
  reader: Reader | null = null;
  key = 0;
  process = 0;
  startMs = 0;
  /** When it got its connection; NaN: never. */
  beginMs: number = Number.NaN;
  endMs = 0;
  lifeMs = 0;
  wholeMs = 0;
  tripsLeft = 0;
  /** Of the lock or lease it holds; 0: none. */
  token = 0;
  writes = true;
  isQueued = false;
  next: Load | null = null;

  constructor(slot: number) {
    this.slot = slot;
  }
}

/** Things of one kind that are used again and again; events name them by their slots. */
export class Slots<Thing extends { slot: number }> {
  readonly #all: Thing[] = [];
  readonly #free: Thing[] = [];
  readonly #make: (slot: number) => Thing;

  constructor(make: (slot: number) => Thing) {
    this.#make = make;
  }

  take(): Thing {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const made = this.#make(this.#all.length);
    this.#all.push(made);
    return made;
  }

  give(thing: Thing): void {
    this.#free.push(thing);
  }

  at(slot: number): Thing {
    return this.#all[slot]!;
  }
}
