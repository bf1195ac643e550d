import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseRecommendOptions } from '../lab/sim/recommend-options.ts';
import { openRequests, recommendFor } from '../lab/sim/recommend.ts';
import { policyRequest, waysOf } from '../lab/sim/ways.ts';
import { resolvePolicy } from '../server/cache/policy.ts';
import { SERVER_BYTES } from '../sim/recommend/question.ts';
import { OP, type Trace } from '../sim/trace.ts';
import { openStore, type TestStore } from './store.ts';

let store: TestStore;
let redis: Redis;

beforeAll(async () => {
  store = await openStore({ stores: 29 });
  redis = new Redis(store.redisUrl);
});
afterAll(async () => {
  redis.disconnect();
  await store.close();
});

/** Few and small, so that a busy machine loads them in time. */
const PAGES = 12;
const LOAD_MS = 60;

test('what is recommended for 12 s of traffic is set on Redis and server, and hits as often as was said', async () => {
  const options = parseRecommendOptions({
    generate: `zipf:objects=${PAGES},exponent=1,requests=300,rate=25,updates=0.02`,
    ...{ maxStale: '3s', memory: '64mb', loadMs: String(LOAD_MS), valueBytes: '20000' },
    ...{ threads: '1', warm: '0.25' },
  });
  const opened = await openRequests(options);
  const { chosen, expected, policy, redisConf } = await recommendFor(opened, options);
  // (3,000 − 60) / 1.1.
  expect(chosen).toMatchObject({ way: 'cached', ttlMs: 2600, jitter: 0.1 });

  const restore = await configure(redisConf);
  try {
    await store.setPolicy(policy);
    const outcomes = await replay(opened.trace);
    const counted = outcomes.slice(Math.floor(0.25 * outcomes.length));
    const hits = counted.filter((outcome) => outcome === 'hit').length / counted.length;
    expect(counted.every((outcome) => ['hit', 'miss', 'coalesced'].includes(outcome))).toBe(true);
    const { low, high } = expected!.hitRatio;
    expect(high - low).toBeLessThan(0.2);
    expect(hits).toBeGreaterThan(low);
    expect(hits).toBeLessThan(high);
  } finally {
    await restore();
  }
});

test('every policy that may be recommended is one that the server takes', () => {
  const defences = ['none', 'single-flight', 'lock'] as const;
  for (const defence of defences)
    for (const { name } of waysOf({ canInvalidate: true, defence, loadMs: 870 }))
      for (const jitter of [0, 0.1, 0.5]) {
        const request = policyRequest({ way: name, ttlMs: 26_000, jitter }, defence, 870);
        expect(resolvePolicy(request).settings).toMatchObject({ ttlMs: 26_000, jitter });
      }
});

test('an empty Redis with 50 clients takes less than the 2 MB that are kept for it', async () => {
  const clients = Array.from({ length: 50 }, () => new Redis(store.redisUrl));
  try {
    await Promise.all(clients.map((client) => client.ping()));
    // Other tests have left keys, tables and scripts: what the server began with and what its clients take are told apart.
    // Redis counts a client's memory a while after it came (clientsCron).
    const [atStart, ofClients] = await vi.waitFor(async () => {
      const info = await redis.info('memory');
      const figure = (name: string): number =>
        Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
      expect(figure('mem_clients_normal')).toBeGreaterThan(50_000);
      return [figure('used_memory_startup'), figure('mem_clients_normal')];
    }, 10_000);
    expect(atStart + ofClients).toBeLessThan(SERVER_BYTES);
  } finally {
    for (const client of clients) client.disconnect();
  }
});

/** Sets the lines of a redis.conf on the running server. @returns Puts back what was set before. */
async function configure(lines: readonly string[]): Promise<() => Promise<void>> {
  const before: [string, string][] = [];
  for (const line of lines) {
    const [name = '', value = ''] = line.split(' ');
    const [, old = ''] = await redis.config('GET', name);
    before.push([name, old]);
    await redis.config('SET', name, value);
  }
  return async () => {
    for (const [name, old] of before) await redis.config('SET', name, old);
  };
}

/** Each read at its time, each change as a new price. @returns Outcomes of the reads, in their order. */
async function replay({ ids, ticks, tickMs, ops }: Trace): Promise<string[]> {
  const slugs = await pages();
  const begunMs = performance.now();
  const answers: Promise<string>[] = [];
  const changes: Promise<Response>[] = [];
  for (let at = 0; at < ids.length; at += 1) {
    const { slug, product } = slugs[ids[at]! % slugs.length]!;
    const aheadMs = ticks![at]! * tickMs - (performance.now() - begunMs);
    if (aheadMs > 0) await sleep(aheadMs);
    if (ops !== null && ops[at] === OP.write) {
      const path = `/stores/${slug}/products/${product}/update-price`;
      changes.push(store.post(path, { price: 10 + (at % 90) }));
    } else answers.push(outcomeOf(store.get(`/stores/${slug}/catalog`)));
  }
  const [outcomes, changed] = await Promise.all([Promise.all(answers), Promise.all(changes)]);
  expect(changed.map(({ status }) => status)).toEqual(changes.map(() => 200));
  return outcomes;
}

async function outcomeOf(response: Promise<Response>): Promise<string> {
  const { headers, body } = await response;
  await body?.cancel();
  return headers.get('x-cache-outcome') ?? 'none';
}

/** One product of each store, the smallest stores first: their pages cost fewest statements. */
async function pages(): Promise<{ slug: string; product: number }[]> {
  const client = new Client({ connectionString: store.postgresUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ slug: string; product: number }>(
      `SELECT s.slug, min(p.id)::int AS product FROM cachelab.stores s JOIN cachelab.products p ON p.store_id = s.id
       GROUP BY s.id, s.slug ORDER BY count(*), s.id LIMIT ${PAGES}`,
    );
    return rows;
  } finally {
    await client.end();
  }
}
