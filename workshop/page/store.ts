import type { Mark, Measured, RoomState, Sample, StreamEvents } from '../contract.ts';

/** What is kept for scrubbing back; the control server replays as much. */
export const KEPT_MS = 120_000;

export type Connection = 'connecting' | 'live' | 'lost';

interface Changes {
  sample: Sample;
  mark: Mark;
  state: RoomState;
  measured: Measured;
  connection: Connection;
  /** Another room answers now: nothing of the one before holds. */
  forgotten: null;
  /** The language changed: write every text again. */
  language: null;
}

/** What the page knows of the room. Everything that shows something listens here; nothing else holds the room's state. */
export class Store {
  samples: Sample[] = [];
  marks: Mark[] = [];
  state: RoomState | null = null;
  connection: Connection = 'connecting';
  #listeners = new Map<keyof Changes, ((value: never) => void)[]>();

  on<Kind extends keyof Changes>(kind: Kind, listener: (value: Changes[Kind]) => void): void {
    const listeners = this.#listeners.get(kind) ?? [];
    listeners.push(listener);
    this.#listeners.set(kind, listeners);
  }

  #tell<Kind extends keyof Changes>(kind: Kind, value: Changes[Kind]): void {
    for (const listener of this.#listeners.get(kind) ?? [])
      (listener as (value: Changes[Kind]) => void)(value);
  }

  hello({ samples, marks, state }: StreamEvents['hello']): void {
    // Another room at the same address: a workshop that was started again counts from 1.
    if (this.state !== null && this.state.openedAtMs !== state.openedAtMs) this.#forget();
    for (const sample of samples) this.sample(sample);
    for (const mark of marks) this.mark(mark);
    this.stateIs(state);
  }

  /** Samples that are known already, or older than the last one, are left out: a replay may repeat some. */
  sample(sample: Sample): void {
    const last = this.samples.at(-1);
    if (last !== undefined && sample.id <= last.id) return;
    this.samples.push(sample);
    const oldestMs = sample.atMs - KEPT_MS;
    // Cut in lots: shifting an array four times a second is not worth its cost.
    if ((this.samples[0]?.atMs ?? 0) < oldestMs - 5000)
      this.samples = this.samples.filter(({ atMs }) => atMs >= oldestMs);
    this.#tell('sample', sample);
  }

  mark(mark: Mark): void {
    if (this.marks.some(({ id }) => id === mark.id)) return;
    this.marks.push(mark);
    this.marks.sort((a, b) => a.id - b.id);
    if (this.marks.length > 400) this.marks = this.marks.slice(-200);
    this.#tell('mark', mark);
  }

  /** An answer that was overtaken by a newer state on the stream changes nothing. */
  stateIs(state: RoomState): void {
    const known = this.state;
    if (known !== null && known.openedAtMs === state.openedAtMs && state.version < known.version)
      return;
    this.state = state;
    this.#tell('state', state);
  }

  measured(measured: Measured): void {
    this.#tell('measured', measured);
  }

  connectionIs(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.#tell('connection', connection);
  }

  languageChanged(): void {
    this.#tell('language', null);
  }

  #forget(): void {
    this.samples = [];
    this.marks = [];
    this.state = null;
    this.#tell('forgotten', null);
  }
}
