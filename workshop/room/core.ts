import { setTimeout as sleep } from 'node:timers/promises';
import { RESTAURANT } from '../../lab/bench-context.ts';
import { LabError } from '../../lab/errors.ts';
import { FIRST_KNOBS, type Knobs, type Mark, type Question, type RoomState } from '../contract.ts';
import { History } from './history.ts';
import {
  latencyRange,
  listenerForm,
  longestLifeMs,
  POLICY_KNOBS,
  policyRequest,
  refusedPolicy,
  shapesDiffer,
} from './knobs.ts';
import { DISH } from './load.ts';
import { type Look, lookAt, Meter } from './meter.ts';
import { RefusalError } from './refusal.ts';
import type { RoomEvent } from './room.ts';
import type { SentLog } from './sent.ts';
import type { Services } from './services.ts';
import type { PolicyInForce } from './store.ts';

const LOOK_EVERY_MS = 250;
/** With 10 price changes a second the state would be sent four times a second. */
const PRICE_EVERY_MS = 1000;
const END_MS = 2000;
/** After a change of the copies' life: the longest that a load which began before it may take, with the wait for a connection. */
const LAGGARDS_MS = 10_000;
/** Of timers and clocks of several processes. */
const SLACK_MS = 500;

/** Keys of copies: not of the locks, leases and floors beside them. */
const COPY = /^store_catalog:[^:]+(:v\d+)?$/;

/** Who waits for something to happen, by looks. @returns Whether he has seen enough. */
type Watcher = (look: Look) => boolean;

/** The one truth of a room: knobs in force, what was seen, and who is told. Methods that change something are called one after the other (`inTurn`). */
export class Core {
  readonly services: Services;
  readonly log: SentLog;
  readonly history: History = new History();
  readonly meter: Meter = new Meter(RESTAURANT);
  knobs: Knobs = FIRST_KNOBS;
  policy: PolicyInForce;
  question: Question | null = null;
  /** What is measured now, in words; knobs and actions wait for its end. */
  underWay: { what: string; untilMs: number } | null = null;
  people = 0;
  readonly #openedAtMs = Date.now();
  readonly #listeners = new Set<(event: RoomEvent) => void>();
  readonly #watchers = new Set<Watcher>();
  readonly #releases = new Set<() => void>();
  #ended = false;
  #queue: Promise<unknown> = Promise.resolve();
  #version = 0;
  #told = '';
  #price = 0;
  #priceAtMs = 0;
  #circuit: RoomState['circuit'] = 'closed';
  #postgresUp = true;
  #storesUp = true;
  /** The form of the copies changed while Redis was frozen: they go when it is back. */
  #clearingOwed = false;
  #laggardsUntilMs = 0;
  #turnNext = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #lastLookUs = nowUs();
  readonly #selects = new Map<number, number>();

  constructor(services: Services, log: SentLog, policy: PolicyInForce) {
    this.services = services;
    this.log = log;
    this.policy = policy;
    this.history.turned(this.knobs, policy.title);
  }

  /** Looks four times a second from now on. @returns After the first look. */
  async begin(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => {
      // One that takes longer than the interval is waited for: its sample spans more.
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }, LOOK_EVERY_MS);
  }

  /** Whoever watches is let go; what is being changed has a moment to end. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const release of this.#releases) release();
    await this.#looking;
    await Promise.race([this.#queue, sleep(END_MS, undefined, { ref: false })]);
  }

  on(listener: (event: RoomEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: RoomEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Changes wait for each other, whoever asks for them. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(() => {
      if (this.#ended)
        throw new RefusalError('The room is closed: start the workshop anew.', null, 409);
      return work();
    });
    this.#queue = done.catch(() => {}); // whoever asked is told
    return done;
  }

  /** @throws RefusalError while something is measured that a change would spoil. */
  mustBeIdle(about: string | null): void {
    if (this.underWay === null) return;
    const { what, untilMs } = this.underWay;
    const seconds = Math.max(1, Math.ceil((untilMs - Date.now()) / 1000));
    throw new RefusalError(
      `${what} is under way for about ${seconds} s more, and a change would spoil it: try again then.`,
      about,
      409,
    );
  }

  state(): RoomState {
    return { version: this.#version, ...this.#facts() };
  }

  /** Tells everybody, if something is other than it was told last. */
  changed(): void {
    const told = JSON.stringify(this.#facts());
    if (told === this.#told) return;
    this.#told = told;
    this.#version += 1;
    this.emit({ kind: 'state', data: this.state() });
  }

  #facts(): Omit<RoomState, 'version'> {
    const { name, title, description, invalidation } = this.policy;
    const { redis, listener, load } = this.services;
    return {
      knobs: this.knobs,
      policy: { name, title, description, invalidation },
      services: {
        app: this.#storesUp ? 'up' : 'down',
        redis: redis.state(),
        postgres: this.#postgresUp ? 'up' : 'down',
        listener: listener.state(),
        load: load.state(),
      },
      circuit: this.#circuit,
      price: this.#price,
      question: this.question,
      measuring: this.underWay !== null,
      people: this.people,
      openedAtMs: this.#openedAtMs,
    };
  }

  mark(facts: Omit<Mark, 'id' | 'atMs'>): Mark {
    const mark = this.history.mark(facts);
    this.emit({ kind: 'mark', data: mark });
    return mark;
  }

  /** The processes take turns, as long as they live. */
  nextStore(): Services['stores'][number] {
    const living = this.services.stores.filter((store) => store.alive);
    const stores = living.length === 0 ? this.services.stores : living;
    this.#turnNext += 1;
    return stores[this.#turnNext % stores.length]!;
  }

  /**
   * The services take these knobs, or none of them; k6 is asked apart. To be called in turn.
   * @throws RefusalError for a combination that the servers turn down; the knobs before are in force then.
   */
  async apply(next: Knobs): Promise<void> {
    const before = this.knobs;
    const undo: (() => Promise<unknown>)[] = [];
    try {
      const policy = await this.#takePolicy(next, undo);
      if (next.dbLatencyMs !== before.dbLatencyMs) {
        for (const store of this.services.stores) {
          undo.push(() => store.call('PUT', '/lab/db-latency', latencyRange(before.dbLatencyMs)));
          const answer = await store.say('PUT', '/lab/db-latency', latencyRange(next.dbLatencyMs));
          if (answer.status !== 200) throw notTaken('PUT /lab/db-latency', answer.status);
        }
      }
      const memory = ['maxmemoryMb', 'maxmemoryPolicy'] as const;
      if (memory.some((name) => next[name] !== before[name])) {
        undo.push(() => this.services.redis.configure(before));
        await this.services.redis.configure(next);
      }
      this.knobs = next;
      this.policy = policy;
    } catch (error) {
      for (const step of undo.toReversed()) await step().catch(() => {}); // the first error is the one to tell
      throw error;
    }
  }

  async #takePolicy(next: Knobs, undo: (() => Promise<unknown>)[]): Promise<PolicyInForce> {
    const before = this.knobs;
    if (POLICY_KNOBS.every((name) => next[name] === before[name])) return this.policy;
    const { stores, listener, redis } = this.services;
    let policy = this.policy;
    for (const store of stores) {
      const answer = await store.say('PUT', '/lab/policy', policyRequest(next));
      if (answer.status === 400) {
        const { errors = [] } = JSON.parse(answer.text) as { errors?: string[] };
        throw refusedPolicy(errors, before, next);
      }
      if (answer.status !== 200) throw notTaken('PUT /lab/policy', answer.status);
      undo.push(() => store.call('PUT', '/lab/policy', policyRequest(before)));
      policy = JSON.parse(answer.text) as PolicyInForce;
    }
    const form = listenerForm(policy.settings);
    if (form !== listener.form()) {
      const formBefore = listener.form();
      if (form !== null && redis.state() !== 'up') {
        throw new RefusalError(
          `Preset ${next.preset} needs the listener, which needs Redis, and Redis is ${redis.state()}: bring Redis back first (key 4).`,
          'preset',
          409,
        );
      }
      undo.push(() => listener.follow(formBefore));
      await listener.follow(form);
    }
    if (shapesDiffer(this.policy.settings, policy.settings)) {
      this.#laggardsUntilMs = Date.now() + LAGGARDS_MS;
      if (redis.state() === 'up') await this.clearCopies();
      else this.#clearingOwed = true;
    }
    return policy;
  }

  /** Every copy goes, in Redis and in the processes' memory. */
  async clearCopies(): Promise<void> {
    for (const store of this.services.stores) await store.say('POST', '/lab/cache/clear');
    this.#clearingOwed = false;
  }

  /** A policy that is put in force again begins with empty process memory. */
  async emptyMemories(): Promise<void> {
    for (const store of this.services.stores)
      await store.say('PUT', '/lab/policy', policyRequest(this.knobs));
  }

  /** Redis is there again. */
  async redisIsBack(): Promise<void> {
    if (this.#clearingOwed) await this.clearCopies();
  }

  /** Hands every look to `watcher` until it has seen enough. @returns false: the time was over first. */
  watch(watcher: Watcher, timeoutMs: number): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (enough: boolean): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        this.#releases.delete(release);
        resolve(enough);
      };
      const release = (): void => end(false);
      const look: Watcher = (seen) => {
        const enough = watcher(seen);
        if (enough) end(true);
        return enough;
      };
      const timer = setTimeout(release, timeoutMs);
      this.#watchers.add(look);
      this.#releases.add(release);
    });
  }

  async #look(): Promise<void> {
    const { stores, redis } = this.services;
    const [taken, figures, price] = await Promise.all([
      Promise.all(stores.map((store) => store.take().catch(() => null))),
      redis.figures(),
      this.readPrice(),
    ]);
    const answered = taken.flatMap((one, index) => (one === null ? [] : [{ one, index }]));
    const look = lookAt(
      answered.map(({ one }) => one),
      answered.map(({ index }) => this.#selects.get(index)),
    );
    for (const { one, index } of answered) this.#selects.set(index, one.selects);
    const atUs = nowUs();
    const spanMs = Math.round((atUs - this.#lastLookUs) / 1000);
    this.#lastLookUs = atUs;
    const sample = this.history.sample(
      this.meter.sample(look, figures, { atMs: Date.now(), spanMs }),
    );
    this.emit({ kind: 'sample', data: sample });
    for (const watcher of this.#watchers) watcher(look);
    if (Date.now() < this.#laggardsUntilMs) await this.#dropLaggards();

    this.#storesUp = answered.length === stores.length;
    this.#postgresUp = price !== null;
    if (answered.length > 0) this.#circuit = look.circuit;
    if (price !== null && Date.now() - this.#priceAtMs >= PRICE_EVERY_MS) {
      this.#price = price;
      this.#priceAtMs = Date.now();
    }
    this.changed();
  }

  /** A load that began before a change of policy still brings a copy with the life of that time, for up to an hour: out with it. */
  async #dropLaggards(): Promise<void> {
    const longestMs = longestLifeMs(this.policy.settings) + SLACK_MS;
    await this.services.redis.ask(async (client) => {
      const copies = (await client.keys('store_catalog:*')).filter((key) => COPY.test(key));
      const lives = await Promise.all(copies.map((key) => client.pttl(key)));
      const late = copies.filter((_, at) => lives[at]! > longestMs);
      if (late.length > 0) await client.del(...late);
    });
  }

  /** Of the dish of the story, as the database has it; null without an answer. */
  async readPrice(): Promise<number | null> {
    const { rows } = await this.services.database
      .query<{ price: number }>({
        name: 'room_price',
        text: 'SELECT price::float8 AS price FROM cachelab.products WHERE id = $1',
        values: [DISH],
      })
      .catch(() => ({ rows: [] }));
    return rows[0]?.price ?? null;
  }

  /** An edit that everybody is to see at once. */
  priced(price: number): void {
    this.#price = price;
    this.#priceAtMs = Date.now();
    this.changed();
  }
}

function notTaken(what: string, status: number): LabError {
  return new LabError('E_ROOM_KNOBS', `${what} of a process of the store answered ${status}`, {
    hint: 'nothing was changed; try again, or start the workshop anew',
  });
}

/** The clock of all journals. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
