import type { Journal } from '../lab/server-protocol.ts';
import { OUTCOMES } from './cache/strategy.ts';
import type { Outcome } from './cache/strategy.ts';

/** Beyond it nothing more is kept: a forgotten journal must not fill the memory. */
const MAX_ROWS = 2_000_000;

/** Microseconds of CLOCK_MONOTONIC: the same clock in every process of the machine. Exact in a double for 285 years. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export interface ReadFacts {
  slug: string;
  startUs: number;
  status: number;
  outcome: Outcome | null;
  version: number;
  loadedAtMs: number;
  session: number;
  measured: boolean;
}

export interface LoadFacts {
  slug: string;
  startUs: number;
  startedAtMs: number;
  selects: number;
  /** 0: no such store; -1: the load failed. */
  version: number;
  dishes: [id: number, version: number][];
}

export interface WriteFacts {
  slug: string;
  product: number;
  sendUs: number;
  ackUs: number;
  version: number;
  session: number;
}

/** Keeps what a lab needs to judge from outside: who read which version when. Columns of numbers, cheap to append to. */
export class ServerJournal {
  #tables = emptyTables();
  #slugs = new Map<string, number>();

  read(facts: ReadFacts): void {
    const { reads } = this.#tables;
    if (reads.slug.length >= MAX_ROWS) return;
    reads.slug.push(this.#slug(facts.slug));
    reads.startUs.push(facts.startUs);
    reads.endUs.push(monotonicUs());
    reads.status.push(facts.status);
    reads.outcome.push(facts.outcome === null ? -1 : OUTCOMES.indexOf(facts.outcome));
    reads.version.push(facts.version);
    reads.loadedAtMs.push(facts.loadedAtMs);
    reads.session.push(facts.session);
    reads.measured.push(facts.measured ? 1 : 0);
  }

  load(facts: LoadFacts): void {
    const { loads } = this.#tables;
    if (loads.slug.length >= MAX_ROWS) return;
    loads.slug.push(this.#slug(facts.slug));
    loads.startUs.push(facts.startUs);
    loads.endUs.push(monotonicUs());
    loads.startedAtMs.push(facts.startedAtMs);
    loads.selects.push(facts.selects);
    loads.version.push(facts.version);
    loads.dishes.push(facts.dishes);
  }

  write(facts: WriteFacts): void {
    const { writes } = this.#tables;
    if (writes.slug.length >= MAX_ROWS) return;
    writes.slug.push(this.#slug(facts.slug));
    writes.product.push(facts.product);
    writes.sendUs.push(facts.sendUs);
    writes.ackUs.push(facts.ackUs);
    writes.doneUs.push(monotonicUs());
    writes.version.push(facts.version);
    writes.session.push(facts.session);
  }

  answer(): Journal {
    return { slugs: [...this.#slugs.keys()], ...this.#tables };
  }

  /** Answers and empties it in one step: no row falls between. */
  take(): Journal {
    const taken = this.answer();
    this.reset();
    return taken;
  }

  reset(): void {
    this.#tables = emptyTables();
    this.#slugs = new Map();
  }

  #slug(slug: string): number {
    const known = this.#slugs.get(slug);
    if (known !== undefined) return known;
    const index = this.#slugs.size;
    this.#slugs.set(slug, index);
    return index;
  }
}

/** Number in the header `x-lab-session`; 0 without. */
export function sessionOf(header: string | string[] | undefined): number {
  const number = Number(header);
  return Number.isSafeInteger(number) ? number : 0;
}

function emptyTables(): Omit<Journal, 'slugs'> {
  return {
    reads: {
      slug: [],
      startUs: [],
      endUs: [],
      status: [],
      outcome: [],
      version: [],
      loadedAtMs: [],
      session: [],
      measured: [],
    },
    loads: {
      slug: [],
      startUs: [],
      endUs: [],
      startedAtMs: [],
      selects: [],
      version: [],
      dishes: [],
    },
    writes: {
      slug: [],
      product: [],
      sendUs: [],
      ackUs: [],
      doneUs: [],
      version: [],
      session: [],
    },
  };
}
