import type { Mark, Sample } from '../contract.ts';
import type { Store } from './store.ts';

/** Width of what the charts show. */
export const WINDOW_MS = 60_000;

/** A run that was pinned: its samples lie at the same distance from the left edge as they did then. */
export interface Ghost {
  samples: readonly Sample[];
  startMs: number;
}

/** What all charts show at one moment. */
export interface Frame {
  startMs: number;
  endMs: number;
  /** From `startMs` to `endMs`, and one to the left so that lines reach the edge. */
  samples: readonly Sample[];
  marks: readonly Mark[];
  ghost: Ghost | null;
}

interface Held {
  samples: readonly Sample[];
  marks: readonly Mark[];
}

/** Which minute the charts show: the last one, or, while paused, any of what was kept then. */
export class TimeWindow {
  readonly #store: Store;
  #held: Held | null = null;
  #backMs = 0;
  #ghost: Ghost | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  get paused(): boolean {
    return this.#held !== null;
  }

  get pinned(): boolean {
    return this.#ghost !== null;
  }

  /** How far the right edge lies before the newest sample that is held. */
  get backMs(): number {
    return this.#backMs;
  }

  /** How far it can be scrubbed back. */
  get mostBackMs(): number {
    const { samples } = this.#source();
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined) return 0;
    return Math.max(0, last.atMs - first.atMs - WINDOW_MS);
  }

  /** What is shown stays as it is, however long the pause: the samples of that moment are held apart from the stream. */
  pause(): void {
    this.#held ??= { samples: [...this.#store.samples], marks: [...this.#store.marks] };
  }

  resume(): void {
    this.#held = null;
    this.#backMs = 0;
  }

  /** Pauses, and shows the minute that ended so long before. */
  scrub(backMs: number): void {
    this.pause();
    this.#backMs = Math.min(Math.max(0, backMs), this.mostBackMs);
  }

  /** Keeps the visible minute as the ghost of later ones; once more lets it go. */
  togglePin(): void {
    if (this.#ghost !== null) {
      this.#ghost = null;
      return;
    }
    const { samples, startMs } = this.frame();
    if (samples.length > 1) this.#ghost = { samples, startMs };
  }

  /** By the clock of the room: the newest sample is now, so that a phone with a wrong clock shows the same. */
  frame(): Frame {
    const { samples, marks } = this.#source();
    const endMs = (samples.at(-1)?.atMs ?? 0) - this.#backMs;
    const startMs = endMs - WINDOW_MS;
    const first = samples.findIndex(({ atMs }) => atMs >= startMs);
    return {
      startMs,
      endMs,
      samples: samples.slice(Math.max(0, first - 1)).filter(({ atMs }) => atMs <= endMs),
      marks: marks.filter(({ atMs }) => atMs >= startMs && atMs <= endMs + 250),
      ghost: this.#ghost,
    };
  }

  #source(): Held {
    return this.#held ?? this.#store;
  }
}
