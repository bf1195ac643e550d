import { randomStream } from '../random.ts';
import type { Trace } from '../trace.ts';
import { OP } from '../trace.ts';
import { arrivalsOf, updatesOf } from './arrivals.ts';
import type { CompleteDescription, TraceDescription } from './parameters.ts';
import { complete } from './parameters.ts';
import { popularityOf } from './popularity.ts';

const MAX_TICK = 2 ** 32 - 1;
const MAX_REQUESTS = 2 ** 31 - 2;

/**
 * Generates a trace: the same description gives the same bytes. Times are in ticks of 1 ms from the beginning, not from the
 * first request. Besides the result it needs up to 4 bytes for each object, and 20 with Zipf’s law.
 * @throws RangeError with every problem of the description at once, each with its value and what is allowed.
 */
export function generate(description: TraceDescription): Trace {
  const filled = complete(description);
  const { requests, rate, size } = filled;
  const popularity = popularityOf(filled);
  const writes = countWrites(filled, popularity.objects);
  const ids = new Int32Array(requests + writes);
  const ops = writes === 0 ? null : new Uint8Array(ids.length);
  const ticks = rate === undefined ? null : new Uint32Array(ids.length);
  popularity.drawInto(ids, writes);
  if (ticks !== null) fillTimes(filled, popularity.objects, ids, ticks, ops);
  const objects = renumber(ids, popularity.objects);
  const bytes = size === undefined ? null : sizesOf(filled, size, objects);
  return { ids, objects, ticks, tickMs: rate === undefined ? 1000 : 1, bytes, ops };
}

const updatedOf = ({ updated }: CompleteDescription, raw: number): number =>
  Math.min(updated ?? raw, raw);

/** Writes until the last read. */
function countWrites(description: CompleteDescription, raw: number): number {
  const { requests, updates = 0 } = description;
  if (updates === 0) return 0;
  const arrival = arrivalsOf(description);
  let endMs = 0;
  for (let read = 0; read < requests; read += 1) endMs = arrival();
  const expected = ((updates * endMs) / 1000) * updatedOf(description, raw);
  if (requests + 1.1 * expected > MAX_REQUESTS)
    throw new RangeError(
      `updates=${updates}: about ${Math.round(expected)} writes beside ${requests} reads; a trace has at most ${MAX_REQUESTS} requests`,
    );
  const update = updatesOf(description, updatedOf(description, raw));
  let writes = 0;
  while (update() < endMs) writes += 1;
  return writes;
}

/**
 * Gives each read its time, and puts the writes between them. The reads lie at the end of `ids`, so that merging forward never
 * overtakes them.
 */
function fillTimes(
  description: CompleteDescription,
  raw: number,
  ids: Int32Array,
  ticks: Uint32Array,
  ops: Uint8Array | null,
): void {
  const arrival = arrivalsOf(description);
  const objects = updatedOf(description, raw);
  const update = ops === null ? () => Number.POSITIVE_INFINITY : updatesOf(description, objects);
  const random = randomStream(description.seed, 'updated objects');
  let at = 0;
  let writeMs = update();
  for (let read = ids.length - description.requests; read < ids.length; read += 1) {
    const readMs = arrival();
    if (readMs > MAX_TICK) throw tooLong(description);
    for (; writeMs < readMs; writeMs = update()) {
      ids[at] = Math.floor(random() * objects);
      ops![at] = OP.write;
      ticks[at] = writeMs;
      at += 1;
    }
    ids[at] = ids[read]!;
    ticks[at] = readMs;
    at += 1;
  }
}

function tooLong({ requests, rate }: CompleteDescription): RangeError {
  return new RangeError(
    `rate=${rate}: ${requests} requests take longer than 49.7 days, the most that a trace in ms holds; give a higher rate or fewer requests`,
  );
}

/** Numbers the objects in the order of their first requests. @returns How many there are. */
function renumber(ids: Int32Array, raw: number): number {
  // Number of each raw object plus one: 0 is not yet seen.
  const numbers = new Int32Array(raw);
  let seen = 0;
  for (let at = 0; at < ids.length; at += 1) {
    const object = ids[at]!;
    let number = numbers[object]!;
    if (number === 0) numbers[object] = number = ++seen;
    ids[at] = number - 1;
  }
  return seen;
}

/** Bytes of each object from a lognormal distribution (normal draws by Box and Muller), whatever its popularity. */
function sizesOf(
  { seed, sigma = 1 }: CompleteDescription,
  median: number,
  objects: number,
): Uint32Array {
  const random = randomStream(seed, 'sizes');
  const bytes = new Uint32Array(objects);
  for (let id = 0; id < objects; id += 1) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    bytes[id] = Math.min(MAX_TICK, Math.max(1, Math.round(median * Math.exp(sigma * normal))));
  }
  return bytes;
}
