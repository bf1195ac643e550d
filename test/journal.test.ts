import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Journal } from '../lab/server-protocol.ts';
import { OUTCOMES } from '../lab/result.ts';
import { OUTCOMES as SERVER_OUTCOMES } from '../server/cache/strategy.ts';
import { openStore, type TestStore } from './store.ts';

let store: TestStore;

beforeAll(async () => {
  store = await openStore({ stores: 1 });
});

afterAll(() => store.close());

async function journal(): Promise<Journal> {
  const response = await store.get('/lab/journal');
  return (await response.json()) as Journal;
}

test('the journal has a miss, its load, a price change with its version, and a stale hit, in the order of one clock', async () => {
  await store.setPolicy('cached');
  await store.post('/lab/journal/reset');
  const asMeasured = { 'x-lab-phase': 'measure', 'x-lab-session': '7' };
  await store.get('/stores/lao-zhang/catalog', asMeasured);
  await store.post('/stores/lao-zhang/products/1/update-price', { price: 120 });
  await store.get('/stores/lao-zhang/catalog', asMeasured);
  const { slugs, reads, loads, writes } = await journal();
  expect(slugs).toEqual(['lao-zhang']);
  expect(reads).toMatchObject({
    slug: [0, 0],
    status: [200, 200],
    outcome: [3, 0],
    version: [1, 1],
    session: [7, 7],
    measured: [1, 1],
  });
  expect(loads).toMatchObject({ selects: [114], version: [1], dishes: [[]] });
  expect(writes).toMatchObject({ product: [1], version: [2], session: [0] });
  // The second read began after the change was acknowledged, and shows the copy of the first.
  expect(reads.startUs[1]).toBeGreaterThan(writes.ackUs[0]!);
  expect(writes.ackUs[0]).toBeGreaterThan(reads.endUs[0]!);
  expect(reads.loadedAtMs[1]).toBe(reads.loadedAtMs[0]);
  // Two looks at one clock as the load begins: on a busy machine ms may lie between, but no load.
  const loadMs = (loads.endUs[0]! - loads.startUs[0]!) / 1000;
  expect(Math.abs(loads.startedAtMs[0]! - reads.loadedAtMs[0]!)).toBeLessThan(loadMs);
});

test('a load after a change lists the changed dish with its version; a failed read has outcome -1', async () => {
  await store.setPolicy('uncached');
  await store.post('/lab/journal/reset');
  await store.get('/stores/lao-zhang/catalog');
  await store.get('/stores/no-such-store/catalog');
  const { slugs, reads, loads } = await journal();
  expect(slugs).toEqual(['lao-zhang', 'no-such-store']);
  expect(loads.dishes).toEqual([[[1, 2]], []]);
  expect(loads.version).toEqual([2, 0]);
  expect(reads).toMatchObject({ status: [200, 404], outcome: [7, 7], version: [2, 0] });
});

test('server and lab number the outcomes alike', () => {
  expect(SERVER_OUTCOMES).toEqual(OUTCOMES);
});
