import { randomStream } from '../random.ts';
import { fillByAlias, zipfTable } from './alias.ts';
import type { CompleteDescription } from './parameters.ts';

/** A burst of the mix is of one sort. */
const MIX_BURST = 4096;
const ZIPF_SHARE = 0.7;
const LOOP_SHARE = 0.25;

/** Which object each read asks for. */
export interface Popularity {
  /** Raw numbers are below this; with Zipf's law a raw number is the rank, from 0. */
  readonly objects: number;
  /** Writes raw numbers from `ids[from]` to the end. */
  drawInto(ids: Int32Array, from: number): void;
}

const isScan = (draw: number): boolean => draw >= ZIPF_SHARE + LOOP_SHARE;

/** What a description says about which objects are asked for. */
export function popularityOf(description: CompleteDescription): Popularity {
  const { kind, requests, seed, objects = requests, exponent = 1 } = description;
  const random = randomStream(seed, 'objects');
  switch (kind) {
    case 'zipf':
    case 'stores':
      return {
        objects,
        drawInto: (ids, from) =>
          fillByAlias(zipfTable(objects, exponent), random, ids, from, ids.length),
      };
    case 'uniform':
      return {
        objects,
        drawInto(ids, from) {
          for (let at = from; at < ids.length; at += 1) ids[at] = Math.floor(random() * objects);
        },
      };
    case 'loop':
    case 'scan':
      return {
        objects,
        drawInto(ids, from) {
          for (let at = from; at < ids.length; at += 1) ids[at] = (at - from) % objects;
        },
      };
    case 'shifting':
      return shifting(description, random);
    case 'mix':
      return mix(description, random);
    default:
      return kind satisfies never;
  }
}

function shifting(description: CompleteDescription, random: () => number): Popularity {
  const { objects = 1, hot = 1, hotShare = 1, every = 1 } = description;
  return {
    objects,
    drawInto(ids, from) {
      for (let at = from; at < ids.length; at += 1) {
        const first = Math.floor((at - from) / every);
        ids[at] =
          random() < hotShare
            ? (first + Math.floor(random() * hot)) % objects
            : Math.floor(random() * objects);
      }
    },
  };
}

/** Its three sorts have objects of their own: Zipf's from 0, then the loop's, then the scan's, which is never over. */
function mix(description: CompleteDescription, random: () => number): Popularity {
  const { requests, seed, objects = 1, exponent = 1, loop = 1 } = description;
  const sorts = randomStream(seed, 'bursts of the mix');
  const bursts = Float64Array.from({ length: Math.ceil(requests / MIX_BURST) }, sorts);
  return {
    objects: objects + loop + MIX_BURST * bursts.filter(isScan).length,
    drawInto(ids, start) {
      const table = zipfTable(objects, exponent);
      let looped = 0;
      let scanned = objects + loop;
      for (let burst = 0; burst < bursts.length; burst += 1) {
        const from = start + burst * MIX_BURST;
        const to = Math.min(from + MIX_BURST, ids.length);
        const draw = bursts[burst]!;
        if (draw < ZIPF_SHARE) fillByAlias(table, random, ids, from, to);
        else if (isScan(draw)) for (let at = from; at < to; at += 1) ids[at] = scanned++;
        else for (let at = from; at < to; at += 1) ids[at] = objects + (looped++ % loop);
      }
    },
  };
}
