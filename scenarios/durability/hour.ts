import type { Redis } from 'ioredis';
import type { Hands } from '../../lab/protocol.ts';
import { zipfShares } from '../lib/stores.ts';
import { type Node, startNode } from './node.ts';
import { argumentsOf, type Depth, HOUR, type Mode } from './plan.ts';

const STEP_MS = 10;

/** Requests and page loads by minute; the minute 0 begins with the restart. */
export interface Hour {
  minutes: { minute: number; requests: number; loads: number }[];
  /** Real time without Redis: the hour's clock stands still meanwhile. */
  awayMs: number;
  /** Copies that were there after the restart. */
  kept: number;
}

/**
 * Page views by Zipf's law on a real Redis which is killed and comes back. An hour takes `hourSeconds`: TTLs are shorter by the
 * same factor and requests come that much faster, so each copy is asked for as often in its life as in a whole hour.
 */
export async function coldHour(hands: Hands, mode: Mode, depth: Depth): Promise<Hour> {
  const folder = hands.folder(`hour-${mode}`);
  const args = argumentsOf(mode, depth);
  const scale = HOUR.ttlSeconds / depth.hourSeconds;
  const views = viewsOf(hands.random, scale);
  const ttlMs = (HOUR.ttlSeconds * 1000) / scale;
  const minutes = new Map<number, { requests: number; loads: number }>();
  let node = await startNode(hands, { folder, args });
  await settle(node.client, hands.random, ttlMs);
  await view(hands, node, -HOUR.minutesBefore, 0);
  const goneMs = performance.now();
  await node.kill();
  hands.event('fault', 'kill -9');
  node = await startNode(hands, { folder, args });
  hands.event('heal', 'Redis is back');
  const awayMs = performance.now() - goneMs;
  const kept = await node.client.dbsize();
  await view(hands, node, 0, HOUR.minutesAfter);
  await node.kill();
  return {
    minutes: [...minutes]
      .map(([minute, counts]) => ({ minute, ...counts }))
      .toSorted((a, b) => a.minute - b.minute),
    awayMs,
    kept,
  };

  async function view(owner: Hands, { client }: Node, from: number, to: number): Promise<void> {
    const startMs = performance.now();
    const minuteMs = 60_000 / scale;
    for (let servedMs = 0; servedMs < (to - from) * minuteMs; ) {
      await owner.sleep(STEP_MS);
      const untilMs = Math.min(performance.now() - startMs, (to - from) * minuteMs);
      const asked = views(untilMs - servedMs);
      const loaded = await serve(client, asked, ttlMs);
      const minute = from + Math.min(to - from - 1, Math.floor(servedMs / minuteMs));
      const counts = minutes.get(minute) ?? { requests: 0, loads: 0 };
      minutes.set(minute, {
        requests: counts.requests + asked.length,
        loads: counts.loads + loaded,
      });
      servedMs = untilMs;
    }
  }
}

/** A Poisson stream of views. @returns Gives the stores that are asked for in the next stretch of real time. */
function viewsOf(random: () => number, scale: number): (stretchMs: number) => number[] {
  const sums: number[] = [];
  for (const share of zipfShares(HOUR.stores, 1)) sums.push((sums.at(-1) ?? 0) + share);
  const perMs = (HOUR.requestsPerSecond * scale) / 1000;
  let untilNextMs = -Math.log(1 - random()) / perMs;
  return (stretchMs) => {
    const stores: number[] = [];
    let leftMs = stretchMs;
    for (; untilNextMs <= leftMs; untilNextMs = -Math.log(1 - random()) / perMs) {
      leftMs -= untilNextMs;
      const draw = random();
      stores.push(
        Math.max(
          0,
          sums.findIndex((sum) => sum > draw),
        ),
      );
    }
    untilNextMs -= leftMs;
    return stores;
  };
}

/** Copies as they are after hours of such views: each with the share of its time that it is there, at any age. */
async function settle(client: Redis, random: () => number, ttlMs: number): Promise<void> {
  const pipeline = client.pipeline();
  for (const [store, share] of zipfShares(HOUR.stores, 1).entries()) {
    const requests = share * HOUR.requestsPerSecond * HOUR.ttlSeconds;
    const lifeMs = Math.ceil(random() * ttlMs);
    if (random() < requests / (1 + requests)) pipeline.set(`page:${store}`, 'page', 'PX', lifeMs);
  }
  await pipeline.exec();
}

/** Views of one step: a miss loads the page and keeps it; who comes in the same step finds it. @returns Pages loaded. */
async function serve(client: Redis, stores: readonly number[], ttlMs: number): Promise<number> {
  const asked = [...new Set(stores)];
  if (asked.length === 0) return 0;
  const found = await client.mget(asked.map((store) => `page:${store}`));
  const missing = asked.filter((_store, index) => found[index] === null);
  if (missing.length === 0) return 0;
  const pipeline = client.pipeline();
  for (const store of missing) pipeline.set(`page:${store}`, 'page', 'PX', Math.round(ttlMs));
  await pipeline.exec();
  return missing.length;
}
