import type { Redis } from 'ioredis';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import { bytesOf, microsPerCall, quantumOf, usageOf } from './bytes.ts';
import { readCatalog } from './catalog.ts';
import {
  cellName,
  FIELDS_PER_CELL,
  fieldName,
  hashKey,
  isPacked,
  LINES,
  type Shape,
  stringKey,
} from './grid.ts';
import { LAYOUTS, writeFrames } from './layouts.ts';
import { layoutProblems } from './proof.ts';
import { placesOf, timeLayouts, timingSamples } from './timings.ts';
import { Trips } from './trips.ts';

const SLUG = 'lao-zhang';
/** Copies of the page under keys of their own, so that what a server takes once does not count. */
export const COPIES = 20;
/** Commands in one pipeline while a cell is filled. */
const PIPELINE = 512;
/** Writing and weighing all layouts, and the cells of all curves; measured on 2 cores. */
const WEIGHING_SECONDS = { layouts: 8, listpack: 12 };

export const protocol: Protocol = {
  seconds: (arm, { warmSeconds, measureSeconds }) =>
    arm.name === 'listpack'
      ? WEIGHING_SECONDS.listpack
      : WEIGHING_SECONDS.layouts + warmSeconds + measureSeconds,
  async run(hands) {
    const found = hands.arm.name === 'listpack' ? await weighCells(hands) : await compare(hands);
    const { samples, totals = {}, problems } = found;
    return { load: null, findings: { totals, samples, series: [], notes: [] }, problems };
  },
};

interface Found {
  samples: Record<string, number[]>;
  totals?: Record<string, number>;
  problems: string[];
}

const copyKey = (copy: number): string => `store_catalog:${SLUG}-${String(copy).padStart(3, '0')}`;

/** The page in all layouts: what each takes, and what reading and changing it costs. */
async function compare(hands: Hands): Promise<Found> {
  const { redis, design } = hands;
  const catalog = await readCatalog(await hands.connect(), SLUG);
  const dishes = placesOf(catalog).length;
  const samples: Record<string, number[]> = {};
  const problems: string[] = [];
  const perCopy = (write: (trips: Trips, key: string) => Promise<void>): Promise<number> =>
    weigh(hands, COPIES, (trips, copy) => write(trips, copyKey(copy)));
  const frames = await perCopy((trips, key) => writeFrames(trips, key, catalog));
  for (const layout of LAYOUTS) {
    const bytes = await perCopy((trips, key) => layout.write(trips, key, catalog));
    samples[`${layout.name}/bytes`] = [bytes];
    samples[`${layout.name}/dishBytes`] = [(bytes - frames) / dishes];
    const keys = await redis.keys(`${copyKey(0)}*`);
    samples[`${layout.name}/keys`] = [keys.length];
    samples[`${layout.name}/usageBytes`] = [await usageOf(new Trips(redis), keys)];
    problems.push(...(await layoutProblems(redis, layout, copyKey(0), catalog)));
  }

  await redis.flushall('SYNC');
  const keyOf = (layout: { name: string }): string => `store_catalog:${layout.name}`;
  for (const layout of LAYOUTS) await layout.write(new Trips(redis), keyOf(layout), catalog);
  const phase = (seconds: number): ReturnType<typeof timeLayouts> => {
    const endUs = hands.nowUs() + seconds * 1e6;
    const until = (): boolean => hands.nowUs() >= endUs;
    return timeLayouts(redis, LAYOUTS, { catalog, keyOf, random: hands.random, until });
  };
  await phase(design.warmSeconds);
  const timings = await phase(design.measureSeconds);
  for (const { layout, operation, trips } of timings) {
    samples[`${layout}/${operation}Trips`] = [...trips];
    if (trips.size !== 1)
      problems.push(`${layout}, ${operation}: not always the same number of round trips`);
  }
  return {
    samples: { ...samples, ...timingSamples(timings) },
    totals: {
      ...{ pageBytes: Buffer.byteLength(JSON.stringify(catalog)), dishes },
      repetitions: timings[0]?.histogram.totalCount ?? 0,
    },
    problems,
  };
}

/** Memory of one of so many copies. */
async function weigh(
  hands: Hands,
  copies: number,
  write: (trips: Trips, copy: number) => Promise<void>,
): Promise<number> {
  const { redis } = hands;
  const bytes = await bytesOf(
    redis,
    () => redis.duplicate(),
    hands.sleep,
    async (writer) => {
      const trips = new Trips(writer);
      for (let copy = 0; copy < copies; copy += 1) await write(trips, copy);
    },
  );
  return bytes / copies;
}

/** Hashes of many shapes, and the Strings that hold the same fields: memory a field, and time of a look-up inside the server. */
async function weighCells(hands: Hands): Promise<Found> {
  const { redis } = hands;
  const samples: Record<string, number[]> = {};
  const problems: string[] = [];
  const quantum = await quantumOf(redis);
  if (quantum !== null) samples['quantumBytes'] = [quantum];
  const strings = new Map<number, number>();
  for (const line of LINES) {
    for (const shape of line.shapes) {
      const cell = cellName(line, shape);
      const text = 'v'.repeat(shape.valueBytes);
      if (!strings.has(shape.valueBytes))
        strings.set(shape.valueBytes, await weighStrings(hands, text));
      const hash = await weighHashes(hands, shape, text);
      if (hash.packed !== isPacked(shape))
        problems.push(`${cell}: a Hash of this shape is not kept as its limits say`);
      samples[`${cell}/stringBytes`] = [strings.get(shape.valueBytes)!];
      samples[`${cell}/hashBytes`] = [hash.bytes];
      samples[`${cell}/hgetMicros`] = [hash.hgetMicros];
    }
  }
  return { samples, problems };
}

async function weighStrings(hands: Hands, text: string): Promise<number> {
  const { redis } = hands;
  const cells = Array.from({ length: FIELDS_PER_CELL }, (_, field) => stringKey(0, field));
  return (
    (await bytesOf(
      redis,
      () => redis.duplicate(),
      hands.sleep,
      (writer) => inPipelines(writer, cells, (pipeline, key) => pipeline.set(key, text)),
    )) / FIELDS_PER_CELL
  );
}

async function weighHashes(
  hands: Hands,
  shape: Shape,
  text: string,
): Promise<{ bytes: number; hgetMicros: number; packed: boolean }> {
  const { redis } = hands;
  const { fields, limits } = shape;
  await redis.config('SET', 'hash-max-listpack-entries', limits.entries);
  await redis.config('SET', 'hash-max-listpack-value', limits.valueBytes);
  const hashes = Math.floor(FIELDS_PER_CELL / fields);
  const names = Array.from({ length: fields }, (_, field) => fieldName(field));
  const keys = Array.from({ length: hashes }, (_, hash) => hashKey(hash));
  const content = names.flatMap((name) => [name, text]);
  const bytes = await bytesOf(
    redis,
    () => redis.duplicate(),
    hands.sleep,
    (writer) => inPipelines(writer, keys, (pipeline, key) => pipeline.hset(key, ...content)),
  );
  await redis.config('RESETSTAT');
  const all = keys.flatMap((key) => names.map((name): [string, string] => [key, name]));
  await inPipelines(redis, all, (pipeline, [key, name]) => pipeline.hget(key, name));
  return {
    bytes: bytes / (hashes * fields),
    hgetMicros: await microsPerCall(redis, 'hget'),
    packed: (await redis.object('ENCODING', hashKey(0))) === 'listpack',
  };
}

/** One command for each item, many at once. */
async function inPipelines<T>(
  redis: Redis,
  items: readonly T[],
  add: (pipeline: ReturnType<Redis['pipeline']>, item: T) => unknown,
): Promise<void> {
  const trips = new Trips(redis);
  for (let from = 0; from < items.length; from += PIPELINE) {
    await trips.together((pipeline) => {
      for (const item of items.slice(from, from + PIPELINE)) add(pipeline, item);
    });
  }
}
