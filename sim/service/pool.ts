import type { Pool } from './setting.ts';
import type { Load } from './work.ts';

/** The database connections of one process, and the loads that wait for one, in order of arrival. */
export class Connections {
  #inUse = 0;
  #waiting = 0;
  #first: Load | null = null;
  #last: Load | null = null;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** `in`: it has a connection. `queued`: it waits. `full`: too many wait. */
  enter(load: Load): 'in' | 'queued' | 'full' {
    const { connections, maxWaitMs, maxWaiting } = this.#pool;
    if (this.#inUse < connections) {
      this.#inUse += 1;
      return 'in';
    }
    if (maxWaitMs !== null && this.#waiting >= maxWaiting) return 'full';
    load.next = null;
    load.isQueued = true;
    if (this.#last === null) this.#first = load;
    else this.#last.next = load;
    this.#last = load;
    this.#waiting += 1;
    return 'queued';
  }

  /** A connection is free. @returns The load that gets it; null: nobody waits. */
  leave(): Load | null {
    if (this.#first === null) {
      this.#inUse -= 1;
      return null;
    }
    return this.takeFirst();
  }

  /** Who has waited for longest leaves the queue. All wait equally long, so it is also the one whose time is up. */
  takeFirst(): Load {
    const first = this.#first!;
    this.#first = first.next;
    if (this.#first === null) this.#last = null;
    first.next = null;
    first.isQueued = false;
    first.wait += 1;
    this.#waiting -= 1;
    return first;
  }
}
