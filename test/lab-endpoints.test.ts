import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabView, TakenJournal } from '../lab/server-protocol.ts';
import { openStore, type TestStore } from './store.ts';

let store: TestStore;

beforeAll(async () => {
  store = await openStore({ stores: 0 });
});

afterAll(() => store.close());

async function take(): Promise<TakenJournal> {
  return (await (await store.post('/lab/journal/take')).json()) as TakenJournal;
}

function putLatency(body: unknown): Promise<Response> {
  return fetch(`${store.url}/lab/db-latency`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

test('a journal that is taken while 60 pages are read has each of them once, and the SELECTs as they are sent', async () => {
  await store.setPolicy('joined');
  const before = await take();
  const left = { readers: 4 };
  const reading = Array.from({ length: left.readers }, async () => {
    for (let page = 0; page < 15; page += 1)
      await (await store.get('/stores/lao-zhang/catalog')).arrayBuffer();
    left.readers -= 1;
  });
  const parts: TakenJournal[] = [];
  while (left.readers > 0) parts.push(await take());
  await Promise.all(reading);
  parts.push(await take());
  expect(parts.reduce((sum, part) => sum + part.journal.reads.slug.length, 0)).toBe(60);
  expect(parts.filter((part) => part.journal.reads.slug.length > 0).length).toBeGreaterThan(1);
  expect(parts.at(-1)!.selects - before.selects).toBe(60);
  expect(parts.at(-1)!.pool).toEqual({ inUse: 0, waiting: 0 });
  expect(parts.at(-1)!.redis).toEqual({ state: 'up', circuit: 'closed', opened: 0 });
});

describe('the latency of the database', () => {
  test('is turned while the server runs: the next page waits for it, once a round trip', async () => {
    expect(await (await putLatency({ minMs: 3, maxMs: 3 })).json()).toEqual({ minMs: 3, maxMs: 3 });
    expect(await (await store.get('/lab/db-latency')).json()).toEqual({ minMs: 3, maxMs: 3 });
    await store.setPolicy('uncached');
    const view = (await (await store.get('/lab/view/lao-zhang')).json()) as LabView;
    expect(view.totalMs).toBeGreaterThan(114 * 3);
    await putLatency({ minMs: 0, maxMs: 0 });
  });

  test.each([
    [{ minMs: 5 }, 'body.maxMs is missing; allowed: milliseconds from 0 to 1000'],
    [{ minMs: -1, maxMs: 2000 }, 'body.minMs is -1; allowed: milliseconds from 0 to 1000'],
    [{ minMs: 10, maxMs: 5 }, 'minMs is at most maxMs'],
    [{ minMs: 1, maxMs: 2, x: 3 }, 'allowed: a JSON object'],
  ])('is not turned by %j', async (body, reason) => {
    const response = await putLatency(body);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain(reason);
    expect(await (await store.get('/lab/db-latency')).json()).toEqual({ minMs: 0, maxMs: 0 });
  });
});

describe('a view', () => {
  test('of a page that had to be built has its 114 queries; of its copy none, and its age', async () => {
    await store.setPolicy('cached');
    await store.post('/lab/cache/clear');
    await take();
    const built = (await (await store.get('/lab/view/lao-zhang')).json()) as LabView;
    expect(built).toMatchObject({ outcome: 'miss', ageMs: null, menuVersion: 1 });
    expect(built.queries).toHaveLength(114);
    store.advance(5000);
    const copy = (await (await store.get('/lab/view/lao-zhang')).json()) as LabView;
    expect(copy).toMatchObject({ outcome: 'hit', queries: [], page: built.page });
    expect(copy.ageMs).toBeGreaterThanOrEqual(5000);
    const { reads, loads } = (await take()).journal;
    expect(reads.version).toEqual([1, 1]);
    expect(loads.selects).toEqual([114]);
  });

  test('of a store that does not exist is a 404, in the journal too, as is that of its storefront', async () => {
    await take();
    expect((await store.get('/lab/view/no-such-store')).status).toBe(404);
    expect((await store.get('/stores/no-such-store')).status).toBe(404);
    const { reads } = (await take()).journal;
    expect(reads).toMatchObject({ status: [404, 404], version: [0, 0] });
  });
});
