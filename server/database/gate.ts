/** No connection came free in time, or too many callers were already waiting for one. */
export class PoolExhaustedError extends Error {
  readonly waitedMs: number;
  constructor(waitedMs: number, waiting: number) {
    super(`no database connection after ${Math.round(waitedMs)} ms, ${waiting} others waiting`);
    this.name = 'PoolExhaustedError';
    this.waitedMs = waitedMs;
  }
}

export interface GateOptions {
  /** Callers inside at once. */
  size: number;
  /** Longest wait in ms; null waits for ever, in a queue without bound. */
  maxWaitMs: number | null;
  /** Callers that may wait at once; only used when `maxWaitMs` is a number. */
  maxWaiting: number;
}

/**
 * Lets `size` callers in at a time; the others wait in order of arrival, for a bounded time.
 * In front of the pool, because pg's own queue has no length limit and tells "none came free" and
 * "the server did not answer" apart by message only.
 */
export class Gate {
  /** Callers turned away since the last `reset`. */
  shed = 0;
  /** Longest queue since the last `reset`. */
  maxWaiting = 0;
  private inside = 0;
  private readonly options: GateOptions;
  /** Oldest first. Calling one lets its owner in. */
  private readonly queue = new Set<() => void>();

  constructor(options: GateOptions) {
    this.options = options;
  }

  get waiting(): number {
    return this.queue.size;
  }

  reset(): void {
    this.shed = 0;
    this.maxWaiting = this.queue.size;
  }

  /**
   * Resolves when the caller is inside; it then owes one `leave`.
   * @throws PoolExhaustedError after `maxWaitMs`, or at once if the queue is full.
   * @throws the signal's reason when it aborts first; the place in the queue is given up.
   */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.inside < this.options.size) {
      this.inside += 1;
      return;
    }
    const { maxWaitMs, maxWaiting } = this.options;
    if (maxWaitMs !== null && this.queue.size >= maxWaiting) {
      this.shed += 1;
      throw new PoolExhaustedError(0, this.queue.size);
    }
    await this.waitForTurn(maxWaitMs, signal);
  }

  /** Frees a place. It goes to the caller that has waited longest, who is then inside already. */
  leave(): void {
    const [next] = this.queue;
    if (next === undefined) this.inside -= 1;
    else next();
  }

  private waitForTurn(maxWaitMs: number | null, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.queue.delete(admit);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const admit = (): void => {
        finish();
        resolve();
      };
      const abort = (): void => {
        finish();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const giveUp = (): void => {
        finish();
        this.shed += 1;
        reject(new PoolExhaustedError(maxWaitMs ?? 0, this.queue.size));
      };
      const timer = maxWaitMs === null ? undefined : setTimeout(giveUp, maxWaitMs);
      signal?.addEventListener('abort', abort);
      this.queue.add(admit);
      this.maxWaiting = Math.max(this.maxWaiting, this.queue.size);
    });
  }
}
