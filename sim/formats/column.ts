type Numbers =
  | Int32Array<SharedArrayBuffer>
  | Uint32Array<SharedArrayBuffer>
  | Uint8Array<SharedArrayBuffer>;

/**
 * An array that grows. Its memory is shared, so that worker threads can take it as it is; the system gives memory to what is
 * written only, so that room to spare costs nothing.
 */
export class Column<T extends Numbers> {
  #array: T;
  readonly #make: (length: number) => T;

  /** @param expected - Numbers to make room for at once: a good guess spares copies. */
  constructor(make: (length: number) => T, expected: number) {
    this.#make = make;
    this.#array = make(Math.max(1024, expected));
  }

  /** The array, with room for this many. Earlier arrays of this column are stale after it. */
  upTo(length: number): T {
    if (length > this.#array.length) {
      const larger = this.#make(Math.max(length, Math.ceil(1.5 * this.#array.length)));
      larger.set(this.#array);
      this.#array = larger;
    }
    return this.#array;
  }

  /** Its first numbers, when it is done. */
  first(length: number): T {
    return this.upTo(length).subarray(0, length) as T;
  }
}

export const int32 = (length: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * length));
export const uint32 = (length: number): Uint32Array<SharedArrayBuffer> =>
  new Uint32Array(new SharedArrayBuffer(4 * length));
export const uint8 = (length: number): Uint8Array<SharedArrayBuffer> =>
  new Uint8Array(new SharedArrayBuffer(length));
