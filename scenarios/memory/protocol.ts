import type { Redis } from 'ioredis';
import type { Hands, Protocol } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { bytesOf, microsPerCall, quantumOf, usageOf } from './bytes.ts';
import { type Catalog, readCatalog } from './catalog.ts';
import { cellName, FIELDS_PER_CELL, fieldName, hashKey, LINES, stringKey } from './grid.ts';
import type { Shape } from './grid.ts';
import { type Layout, LAYOUTS, writeFrames } from './layouts.ts';
import { layoutProblems } from './proof.ts';
import { placesOf, timeLayouts, timingSamples } from './timings.ts';
import { Trips } from './trips.ts';

const SLUG = 'lao-zhang';
/** Copies of the page under names of their own, so that the server's fixed costs do not count. */
export const COPIES = 20;
/** Commands in one pipeline while a cell is filled. */
const PIPELINE = 512;
/** Writing and weighing the copies of all layouts, and the cells of all curves; measured on 2 cores. */
const WEIGHING_SECONDS = { layouts: 7, listpack: 11 };

export const protocol: Protocol = {
  seconds: (arm, { warmSeconds, measureSeconds }) =>
    arm.name === 'listpack'
      ? WEIGHING_SECONDS.listpack
      : WEIGHING_SECONDS.layouts + warmSeconds + measureSeconds,
  async run(hands) {
    const problems: string[] = [];
    const findings: Findings = { totals: {}, samples: {}, series: [], notes: [] };
    const quantum = await quantumOf(hands.redis);
    if (quantum !== null) findings.samples['quantumBytes'] = [quantum];
    if (hands.arm.name === 'listpack') await weighCells(hands, findings, problems);
    else await compareLayouts(hands, findings, problems);
    return { load: null, findings, problems };
  },
};

const keyOf = (layout: Layout, copy: number): string =>
  `store_catalog:${SLUG}-${String(copy).padStart(3, '0')}${layout.name === '' ? '' : ''}`;

async function compareLayouts(
  hands: Hands,
  { samples, totals, notes }: Findings,
  problems: string[],
): Promise<void> {
  const catalog = await readCatalog(await hands.connect(), SLUG);
  totals['pageBytes'] = Buffer.byteLength(JSON.stringify(catalog));
  const frames = await bytesPerCopy(hands, (trips, key) => writeFrames(trips, key, catalog));
  for (const layout of LAYOUTS) {
    const bytes = await bytesPerCopy(hands, (trips, key) => layout.write(trips, key, catalog));
    samples[`${layout.name}/bytes`] = [bytes];
    if (layout.name.endsWith('-per-dish') || layout.name.endsWith('-per-field'))
      samples[`${layout.name}/dishBytes`] = [(bytes - frames) / placesOf(catalog).length];
    const keys = await hands.redis.keys(`${copyKey(0)}*`);
    samples[`${layout.name}/keys`] = [keys.length];
    samples[`${layout.name}/usageBytes`] = [await usageOf(new Trips(hands.redis), keys)];
    problems.push(...(await layoutProblems(hands.redis, layout, copyKey(0), catalog)));
  }
  void notes;
}
