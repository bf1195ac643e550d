import type { Supervisor } from '../../lab/provision/supervisor.ts';
import type {
  ActionName,
  Evidence,
  Knobs,
  Mark,
  PredictionInput,
  Question,
  QuestionId,
  RoomState,
  Sample,
  SentenceInput,
  StreamEvents,
  View,
} from '../contract.ts';
import type { Session } from '../takehome/session.ts';

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
  throw new Error(`not yet there: ${options.root}`);
}
