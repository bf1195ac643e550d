import type { Redis } from 'ioredis';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import { writeFrames } from './by-dish.ts';
import { inPipelines, microsPerCall, quantumOf, type Scales, scalesOf, usageOf } from './bytes.ts';
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
import { LAYOUTS } from './layouts.ts';
import { layoutProblems } from './proof.ts';
import { placesOf, timeLayouts, timingSamples } from './timings.ts';
import { Trips } from './trips.ts';

const SLUG = 'lao-zhang';
/** Copies of the page under keys of their own, so that what a server takes once does not count. */
export const COPIES = 20;
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

const keyOf = (layout: { name: string }): string => `store_catalog:${layout.name}`;

/** The page in all layouts: what each takes, and what reading and changing it costs. */
async function compare(hands: Hands): Promise<Found> {
  const { redis, design } = hands;
  const catalog = await readCatalog(await hands.connect(), SLUG);
  const dishes = placesOf(catalog).length;
  const samples: Record<string, number[]> = {};
  const problems: string[] = [];
  const weigh = await scalesOf(redis, (ms) => hands.sleep(ms));
  const perCopy = async (write: (trips: Trips, key: string) => Promise<void>): Promise<number> => {
    const bytes = await weigh(async (writer) => {
      const trips = new Trips(writer);
      for (let copy = 0; copy < COPIES; copy += 1) await write(trips, copyKey(copy));
    });
    return bytes / COPIES;
  };
  const frames = await perCopy((trips, key) => writeFrames(trips, key, catalog));
  for (const layout of LAYOUTS) {
    const bytes = await perCopy((trips, key) => layout.write(trips, key, catalog));
    samples[`${layout.name}/bytes`] = [bytes];
    // Its buffers must be gone before the next layout is weighed.
    const prover = redis.duplicate();
    const keys = await prover.keys(`${copyKey(0)}*`);
    samples[`${layout.name}/keys`] = [keys.length];
    samples[`${layout.name}/usageBytes`] = [await usageOf(new Trips(prover), keys)];
    if (layout.byDish === true) samples[`${layout.name}/dishBytes`] = [(bytes - frames) / dishes];
    problems.push(...(await layoutProblems(prover, layout, copyKey(0), catalog)));
    await prover.quit();
  }

  await redis.flushall('SYNC');
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

/** Hashes of many shapes, and the Strings that hold the same fields: memory a field, and time of a look-up inside the server. */
async function weighCells(hands: Hands): Promise<Found> {
  const { redis } = hands;
  const samples: Record<string, number[]> = {};
  const problems: string[] = [];
  const quantum = await quantumOf(redis);
  if (quantum !== null) samples['quantumBytes'] = [quantum];
  const weigh = await scalesOf(redis, (ms) => hands.sleep(ms));
  const strings = new Map<number, number>();
  for (const line of LINES) {
    for (const shape of line.shapes) {
      const cell = cellName(line, shape);
      const text = 'v'.repeat(shape.valueBytes);
      if (!strings.has(shape.valueBytes))
        strings.set(shape.valueBytes, await weighStrings(weigh, text));
      const hash = await weighHashes(redis, weigh, shape, text);
      if (hash.packed !== isPacked(shape))
        problems.push(`${cell}: a Hash of this shape is not kept as its limits say`);
      samples[`${cell}/stringBytes`] = [strings.get(shape.valueBytes)!];
      samples[`${cell}/hashBytes`] = [hash.bytes];
      samples[`${cell}/hgetMicros`] = [hash.hgetMicros];
    }
  }
  return { samples, problems };
}

async function weighStrings(weigh: Scales, text: string): Promise<number> {
  const cells = Array.from({ length: FIELDS_PER_CELL }, (_, field) => stringKey(0, field));
  const bytes = await weigh((writer) =>
    inPipelines(writer, cells, (pipeline, key) => pipeline.set(key, text)),
  );
  return bytes / cells.length;
}

async function weighHashes(
  redis: Redis,
  weigh: Scales,
  { fields, limits }: Shape,
  text: string,
): Promise<{ bytes: number; hgetMicros: number; packed: boolean }> {
  await redis.config('SET', 'hash-max-listpack-entries', limits.entries);
  await redis.config('SET', 'hash-max-listpack-value', limits.valueBytes);
  await redis.config('RESETSTAT');
  const names = Array.from({ length: fields }, (_, field) => fieldName(field));
  const hashes = Math.floor(FIELDS_PER_CELL / fields);
  const keys = Array.from({ length: hashes }, (_, hash) => hashKey(hash));
  const content = names.flatMap((name) => [name, text]);
  const all = keys.flatMap((key) => names.map((name): [string, string] => [key, name]));
  const bytes = await weigh(async (writer) => {
    await inPipelines(writer, keys, (pipeline, key) => pipeline.hset(key, ...content));
    await inPipelines(writer, all, (pipeline, [key, name]) => pipeline.hget(key, name));
  });
  return {
    bytes: bytes / (hashes * fields),
    hgetMicros: await microsPerCall(redis, 'hget'),
    packed: (await redis.object('ENCODING', hashKey(0))) === 'listpack',
  };
}
