/** Wakes one waiter. A ring while nobody waits is kept, once: several make one. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until the next ring, `maxMs`, or the end of `signal`. */
  async wait(signal: AbortSignal, maxMs?: number): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (maxMs !== undefined) timer = setTimeout(resolve, maxMs);
      });
      clearTimeout(timer);
      this.#wake = null;
    }
    this.#rung = false;
  }
}
