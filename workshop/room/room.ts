import { RESTAURANT } from '../../lab/bench-context.ts';
import type { Supervisor } from '../../lab/provision/supervisor.ts';
import type { LabView } from '../../lab/server-protocol.ts';
import {
  type ActionName,
  ACTIONS,
  type Evidence,
  type Knobs,
  type Mark,
  type PredictionInput,
  type Question,
  type QuestionId,
  type RoomState,
  type Sample,
  type SentenceInput,
  type StreamEvents,
  type View,
} from '../contract.ts';
import type { Session } from '../takehome/session.ts';
import { act, isAction } from './actions.ts';
import { Core } from './core.ts';
import { changes, turned } from './knobs.ts';
import { DISH } from './load.ts';
import { measure } from './measure.ts';
import { Questions } from './questions.ts';
import { RefusalError } from './refusal.ts';
import { SentLog } from './sent.ts';
import { PROCESSES, SEED, startServices } from './services.ts';
import type { PolicyInForce } from './store.ts';

/** What happened in the room, for whoever shows it: the events of the stream, save `hello`. */
export type RoomEvent = {
  [Kind in Exclude<keyof StreamEvents, 'hello'>]: { kind: Kind; data: StreamEvents[Kind] };
}[Exclude<keyof StreamEvents, 'hello'>];

export interface RoomOptions {
  /** The checkout. */
  root: string;
  supervisor: Supervisor;
  /** One line per step of the start, for people. */
  onEvent?: (line: string) => void;
  /** Generated stores beside the restaurant. Default 200. */
  stores?: number;
  /** Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
}

/**
 * The running services of a workshop: Postgres, a Redis that may be killed, two processes of the store, the invalidator and k6.
 * What changes them is done one after the other, so all who ask at once see one truth. Every method that is asked for
 * something impossible throws `RefusalError`; nothing is half done then.
 */
export interface Room {
  /** Where the services listen, for who looks behind the room; that of Postgres has its password. */
  readonly urls: { stores: readonly string[]; redis: string; postgres: string };
  state(): RoomState;
  /**
   * Turns knobs, all or none. An empty patch changes nothing.
   * @returns The state once the services have taken it.
   */
  turn(patch: Partial<Knobs>): Promise<RoomState>;
  /** Does it, sees that it is done, and marks it. */
  act(name: ActionName): Promise<Mark>;
  /** Of the restaurant's page, as JSON; processes take turns. */
  view(): Promise<View>;
  /** The restaurant's page for people; `headers` are those of the store, lower case, its own CSP among them. */
  storefront(): Promise<{ status: number; html: string; headers: Record<string, string> }>;
  /** Asks a question; predictions of the one before are kept for the take-home. */
  ask(id: QuestionId): Question;
  /** A prediction of the question that is asked; of one `who` the last one counts. */
  predict(input: PredictionInput): Question;
  /** Begins to do what was asked about and to measure it. @returns The question as `running`; the answer comes as event `state`. */
  reveal(id: QuestionId): Question;
  /** Begins a real run of a sentence's setting, 10 to 20 s; its end comes as event `measured`, its failure as mark of kind `run`. */
  measure(input: SentenceInput): void;
  evidence(): Promise<Evidence>;
  /** Everything since the room opened, for the take-home: at most 4 h at one sample a second. */
  session(): Session;
  /** Samples and marks of the last 120 s, oldest first. */
  recent(): { samples: Sample[]; marks: Mark[] };
  /** Pages connected, for `state().people`. */
  people(count: number): void;
  /** @returns Ends the listening. */
  on(listener: (event: RoomEvent) => void): () => void;
  /** Ends k6, the invalidator, both servers, Redis and Postgres. */
  close(): Promise<void>;
}

/**
 * Starts the services of a room and waits until they answer.
 * @throws LabError of the service that is missing or does not start; what had started is ended then.
 */
export async function openRoom(options: RoomOptions): Promise<Room> {
  const log = new SentLog();
  let told: (() => void) | null = null;
  const services = await startServices(options, log, () => told?.());
  try {
    const { text } = await services.stores[0]!.call('GET', '/lab/policy');
    const core = new Core(services, log, JSON.parse(text) as PolicyInForce);
    told = () => core.changed();
    await core.begin();
    await services.load.set(core.knobs);
    return roomOf(core);
  } catch (error) {
    await services.close();
    throw error;
  }
}

function roomOf(core: Core): Room {
  const { services, history, log } = core;
  const questions = new Questions(core);
  let closing: Promise<void> | null = null;
  /** Of the last view that loaded. */
  let sql: Evidence['sql'] = [];

  return {
    urls: {
      stores: services.stores.map(({ baseUrl }) => baseUrl),
      redis: services.redis.url,
      postgres: services.postgresUrl,
    },
    state: () => core.state(),
    async turn(patch) {
      core.mustBeIdle(null);
      await core.inTurn(async () => {
        const next = turned(core.knobs, patch);
        const { names, detail } = changes(core.knobs, next);
        if (names.length === 0) return;
        await core.apply(next);
        history.turned(core.knobs, core.policy.title);
        core.changed();
        core.mark({ kind: 'knobs', what: names.join(','), detail });
      });
      // Not in turn: k6 takes a second to start, and of several wishes only the last one counts.
      await services.load.set(core.knobs);
      return core.state();
    },
    async act(name) {
      if (!isAction(name)) {
        const names = ACTIONS.map((action) => action.name).join(', ');
        throw new RefusalError(
          `There is no action ${JSON.stringify(name)}: choose one of ${names}.`,
        );
      }
      core.mustBeIdle(name);
      return core.inTurn(async () => {
        const detail = await act(core, name);
        core.changed();
        return core.mark({ kind: 'action', what: name, detail });
      });
    },
    async view() {
      const startedMs = performance.now();
      const answer = await core.nextStore().say('GET', `/lab/view/${RESTAURANT}`);
      const totalMs = Math.round((performance.now() - startedMs) * 100) / 100;
      const { status } = answer;
      const none = { outcome: null, ageMs: null, menuVersion: null, price: null, queries: [] };
      if (status !== 200) return { atMs: Date.now(), status, totalMs, ...none };
      const view = JSON.parse(answer.text) as LabView;
      if (view.queries.length > 0) sql = shapesOf(view.queries);
      const dishes = view.page.categories.flatMap(({ products }) => products);
      return {
        atMs: Date.now(),
        status,
        outcome: view.outcome,
        totalMs,
        ageMs: view.ageMs,
        menuVersion: view.menuVersion,
        price: dishes.find(({ id }) => id === DISH)?.price ?? null,
        queries: view.queries.map(({ table, micros }) => ({ table, micros })),
      };
    },
    async storefront() {
      const answer = await core.nextStore().call('GET', `/stores/${RESTAURANT}`);
      return { status: answer.status, html: answer.text, headers: answer.headers };
    },
    ask: (id) => questions.ask(id),
    predict: (input) => questions.predict(input),
    reveal: (id) => questions.reveal(id),
    measure: (input) => measure(core, input),
    async evidence() {
      const monitor = await services.redis.monitor();
      return { requests: log.requests(), sql, monitor, k6: services.load.evidence() };
    },
    session: () => ({
      openedAtMs: core.state().openedAtMs,
      endedAtMs: Date.now(),
      ...history.all(core.question),
      environment: services.environment,
      seed: SEED,
      stores: services.generated,
      processes: PROCESSES,
    }),
    recent: () => history.recent(),
    people(count) {
      core.people = count;
      core.changed();
    },
    on: (listener) => core.on(listener),
    close() {
      closing ??= core.end().then(() => services.close());
      return closing;
    },
  };
}

function shapesOf(queries: LabView['queries']): Evidence['sql'] {
  const counts = new Map<string, number>();
  for (const { shape } of queries) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  return [...counts].map(([shape, count]) => ({ shape, count }));
}
