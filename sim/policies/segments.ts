import { roomOf } from './policy.ts';

/** In no segment, of no use as a segment's number. */
export const NOWHERE = 0;

/** No object: the segment is empty, or ends here. */
export const NO_OBJECT = -1;

/**
 * Several lists of objects from oldest to newest, for policies that hold more than one; an object lies in at most one of them,
 * as resident or as ghost: that is the policy's affair. All are rings in one array: `links[2·id]` leads to the next older
 * object, `links[2·id + 1]` to the next newer, as positions in `links`; the heads of the rings follow after the last object.
 */
export class Segments {
  /** The segment of each object, `NOWHERE` when in none. */
  readonly of: Uint8Array;
  /** Room taken in each segment, in objects or in bytes. */
  readonly used: Float64Array;
  readonly #links: Int32Array;
  readonly #objects: number;
  readonly #bytes: Uint32Array | null;

  /** @param segments - How many; their numbers begin at 1. */
  constructor(objects: number, bytes: Uint32Array | null, segments: number) {
    this.#objects = objects;
    this.#bytes = bytes;
    this.of = new Uint8Array(objects);
    this.used = new Float64Array(segments + 1);
    this.#links = new Int32Array(2 * (objects + segments + 1));
    for (let at = 2 * objects; at < this.#links.length; at += 1) this.#links[at] = at & ~1;
  }

  /** Puts an object at the newest end, wherever it was. */
  put(segment: number, id: number): void {
    if (this.of[id] !== NOWHERE) this.take(id);
    this.of[id] = segment;
    this.used[segment]! += roomOf(this.#bytes, id);
    this.#link(segment, id);
  }

  /** Takes an object out of its segment. It must be in one. */
  take(id: number): void {
    this.used[this.of[id]!]! -= roomOf(this.#bytes, id);
    this.of[id] = NOWHERE;
    this.#unlink(id);
  }

  /** Moves an object to the newest end of its own segment. It must be in one. */
  renew(id: number): void {
    this.#unlink(id);
    this.#link(this.of[id]!, id);
  }

  /** @returns `NO_OBJECT` when the segment is empty. */
  oldest(segment: number): number {
    return this.#objectAt(this.#links[2 * (this.#objects + segment) + 1]!);
  }

  /** @returns The next newer object of the same segment, `NO_OBJECT` after the newest. */
  newer(id: number): number {
    return this.#objectAt(this.#links[2 * id + 1]!);
  }

  #objectAt(at: number): number {
    return at < 2 * this.#objects ? at >> 1 : NO_OBJECT;
  }

  #link(segment: number, id: number): void {
    const links = this.#links;
    const head = 2 * (this.#objects + segment);
    const at = 2 * id;
    const newest = links[head]!;
    links[at] = newest;
    links[at + 1] = head;
    links[newest + 1] = at;
    links[head] = at;
  }

  #unlink(id: number): void {
    const links = this.#links;
    const older = links[2 * id]!;
    const newer = links[2 * id + 1]!;
    links[newer] = older;
    links[older + 1] = newer;
  }
}
