import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSupervisor, type Supervisor } from '../lab/provision/supervisor.ts';
import { resolvePolicy } from '../server/cache/policy.ts';
import { PRESETS } from '../server/cache/presets.ts';
import {
  FIRST_KNOBS,
  type Knobs,
  KNOB_CHOICES,
  type Sample,
  type SentenceInput,
} from '../workshop/contract.ts';
import { policyRequest } from '../workshop/room/knobs.ts';
import { RefusalError } from '../workshop/room/refusal.ts';
import { openRoom, type Room, type RoomEvent } from '../workshop/room/room.ts';
import { testStack } from './stack.ts';

const COPY = 'store_catalog:lao-zhang';
const LISTENERS = `SELECT count(*)::int AS count FROM pg_stat_activity
  WHERE application_name = 'cachelab-invalidator' AND datname = current_database()`;

let supervisor: Supervisor;
let room: Room;
let redis: Redis;
let database: Client;

beforeAll(async () => {
  const { root } = await testStack();
  supervisor = createSupervisor({ root, label: 'test workshop', handleSignals: false });
  room = await openRoom({ root, supervisor, stores: 20 });
  redis = new Redis(room.urls.redis, { commandTimeout: 2000, retryStrategy: () => 20 });
  redis.on('error', () => {});
  database = new Client({ connectionString: room.urls.postgres });
  database.on('error', () => {}); // the room's end is its end
  await database.connect();
});

afterAll(async () => {
  redis?.disconnect();
  await database?.end();
  await room?.close();
  await supervisor?.stopAll();
});

const turn = (patch: Partial<Knobs>): Promise<unknown> => room.turn(patch);

/** What a process of the store says of itself. */
async function ask<T>(store: string, path: string): Promise<T> {
  return (await fetch(store + path)).json() as Promise<T>;
}

async function askAll<T>(path: string): Promise<T[]> {
  return Promise.all(room.urls.stores.map((store) => ask<T>(store, path)));
}

async function refused(asked: Promise<unknown> | (() => unknown)): Promise<RefusalError> {
  const error: unknown = await Promise.resolve()
    .then(() => (typeof asked === 'function' ? asked() : asked))
    .catch((reason: unknown) => reason);
  if (error instanceof RefusalError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

type EventData = { [One in RoomEvent as One['kind']]: One['data'] };

/** The next event of this kind for which `isIt` holds. */
function event<Kind extends keyof EventData>(
  kind: Kind,
  isIt: (data: EventData[Kind]) => boolean,
): Promise<EventData[Kind]> {
  return new Promise((resolve) => {
    const off = room.on((one) => {
      if (one.kind !== kind) return;
      const data = one.data as EventData[Kind];
      if (!isIt(data)) return;
      off();
      resolve(data);
    });
  });
}

const sample = (isIt: (data: Sample) => boolean): Promise<Sample> => event('sample', isIt);

/** A k6 that was told to end may send for a moment yet; it is killed 1 s later, and a second has four samples at most. */
async function loadIsGone(): Promise<void> {
  const { id } = room.recent().samples.at(-1)!;
  await sample((next) => next.id > id + 5);
}

async function count(sql: string): Promise<number> {
  return (await database.query<{ count: number }>(sql)).rows[0]?.count ?? -1;
}

async function price(): Promise<number> {
  const sql = 'SELECT price::int AS count FROM cachelab.products WHERE id = 1';
  return count(sql);
}

function refusesConnections(url: string): Promise<boolean> {
  const { port } = new URL(url);
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  return once(socket, 'connect').then(
    () => {
      socket.destroy();
      return false;
    },
    () => true,
  );
}

test('the room opens with the first knobs, everything up, and k6 asking for pages that nobody caches', async () => {
  const { knobs, services, price: shown, policy } = room.state();
  expect(knobs).toEqual(FIRST_KNOBS);
  expect(services).toEqual({
    ...{ app: 'up', redis: 'up', postgres: 'up', listener: 'unused', load: 'up' },
  });
  expect(shown).toBe(await price());
  expect(policy.name).toBe('uncached');
  const seen = await sample(
    // On a busy machine a look may come without Redis's figures.
    ({ requests, selectsPerSecond, redis: figures }) =>
      requests > 0 && selectsPerSecond > 0 && figures !== null,
  );
  expect(seen.p50Ms).toBeGreaterThan(500); // 114 round trips of 5 to 10 ms
  expect(seen.hitRatio).toBe(0);
  expect(seen.redis?.keys).toBe(0);
});

describe('a turn of knobs', () => {
  test('is in force on both processes when it is answered, and is marked', async () => {
    await turn({ readsPerSecond: 0 });
    await loadIsGone(); // one of its reads would leave the view below a copy
    const marked = event('mark', ({ kind }) => kind === 'knobs');
    await turn({ preset: 'cached', ttlSeconds: 20, jitter: 0.2, gate: 'lease', dbLatencyMs: 1.5 });
    for (const { name } of await askAll<{ name: string }>('/lab/policy'))
      expect(name).toBe(
        'cached(ttlMs=20000, jitter=0.2, gate=lease, lockTtlMs=10000, lockWaitMs=5000)',
      );
    for (const range of await askAll('/lab/db-latency'))
      expect(range).toEqual({ minMs: 1, maxMs: 2 });
    expect(await marked).toMatchObject({
      what: 'preset,ttlSeconds,jitter,gate,dbLatencyMs',
      detail: 'preset=cached, ttlSeconds=20, jitter=0.2, gate=lease, dbLatencyMs=1.5',
    });
    expect(room.state().policy.title).toBe('Cache-aside, 1 h');
    const { queries } = await room.view();
    expect(queries).toHaveLength(114);
    const total = queries.reduce((sum, { micros }) => sum + micros, 0) / 1000;
    expect(total).toBeGreaterThan(114); // 1 ms at least for each
  });

  test('that the servers turn down changes nothing on either, and says which knob it is about', async () => {
    const before = room.state();
    const { error, about } = await refused(turn({ preset: 'uncached', readsPerSecond: 50 }));
    expect(error).toContain('Preset uncached does not go with ttlSeconds 20');
    expect(error).toContain('Nothing was changed');
    expect(about).toBe('ttlSeconds');
    expect(room.state()).toEqual(before);
    for (const { name } of await askAll<{ name: string }>('/lab/policy'))
      expect(name).toContain('gate=lease');
  });

  test('with one wrong value among right ones is refused as a whole', async () => {
    const { error } = await refused(turn({ ttlSeconds: 30, jitter: 3 }));
    expect(error).toContain('jitter is 3; allowed is a number from 0 to 0.5');
    expect(room.state().knobs.ttlSeconds).toBe(20);
  });

  test('by two at once comes to one truth with both in it', async () => {
    await Promise.all([turn({ ttlSeconds: 40 }), turn({ gate: 'lock' }), turn({ jitter: null })]);
    expect(room.state().knobs).toMatchObject({ ttlSeconds: 40, gate: 'lock', jitter: null });
    const names = await askAll<{ name: string }>('/lab/policy');
    expect(new Set(names.map(({ name }) => name)).size).toBe(1);
    expect(names[0]?.name).toContain('ttlMs=40000, gate=lock');
  });

  test('of the gate keeps the copies, one of the TTL throws them away', async () => {
    await room.view();
    await turn({ gate: null });
    expect(await redis.exists(COPY)).toBe(1);
    await turn({ ttlSeconds: null });
    expect(await redis.exists(COPY)).toBe(0);
  });

  test('of the TTL throws away what a load under way brings after it, with the TTL of before', async () => {
    await turn({ dbLatencyMs: 7.5 });
    await room.act('expire-now');
    const under = sample(({ loadsInFlight }) => loadsInFlight > 0);
    const view = room.view();
    await under;
    await turn({ ttlSeconds: 30, dbLatencyMs: 0 });
    await view;
    await vi.waitFor(async () => expect(await redis.pttl(COPY)).toBeLessThanOrEqual(30_000), 8000);
    await turn({ ttlSeconds: null });
  });

  test('of the memory reaches Redis, and pages that do not fit are evicted', async () => {
    await turn({ maxmemoryMb: 4, maxmemoryPolicy: 'allkeys-lru' });
    expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', String(4 * 2 ** 20)]);
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'allkeys-lru',
    ]);
    await turn({ maxmemoryMb: null, maxmemoryPolicy: 'noeviction' });
    expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '0']);
  });
});

test('every gate and every invalidation goes with every preset that keeps plain copies in Redis', () => {
  const plain = PRESETS.filter(
    ({ settings: { store, l1TtlMs, fence } }) =>
      store === 'redis' && l1TtlMs === undefined && fence === undefined,
  );
  for (const { name: preset } of plain)
    for (const gate of KNOB_CHOICES.gate)
      for (const invalidate of KNOB_CHOICES.invalidate) {
        const request = policyRequest({ ...FIRST_KNOBS, preset, gate, invalidate });
        expect(() => resolvePolicy(request), `${preset} ${gate} ${invalidate}`).not.toThrow();
      }
});

describe('the load', () => {
  test('goes from 40 to 60 reads a second without a hole, by another k6', async () => {
    await turn({ preset: 'cached', readsPerSecond: 40, dbLatencyMs: 0 });
    await sample(({ requests, hitRatio }) => requests > 4 && hitRatio !== null && hitRatio > 0.9);
    const before = room.recent().samples.at(-1)?.id ?? 0;
    await turn({ readsPerSecond: 60 });
    await sample(({ id }) => id >= before + 12);
    const { samples } = room.recent();
    const counts = samples.filter(({ id }) => id > before).map(({ requests }) => requests);
    // At 40 a second 30 in three samples; a k6 needs longer than half a second to begin.
    const threes = counts.slice(2).map((last, at) => counts[at]! + counts[at + 1]! + last);
    expect(Math.min(...threes), counts.join(' ')).toBeGreaterThan(8);
    expect(room.state().services.load).toBe('up');
  });

  test('of a share for the other stores reads their pages; without reads the price changes go on', async () => {
    await turn({ otherStoresShare: 1 });
    await vi.waitFor(async () => expect(await redis.dbsize()).toBeGreaterThan(3), 10_000);
    await turn({ readsPerSecond: 0, writesPerMinute: 600, otherStoresShare: 0 });
    const version =
      "SELECT menu_version::int AS count FROM cachelab.stores WHERE slug = 'lao-zhang'";
    const before = await count(version);
    await vi.waitFor(async () => expect(await count(version)).toBeGreaterThan(before + 2), 10_000);
    await turn({ writesPerMinute: 0 });
    expect(room.state().services.load).toBe('unused');
    await loadIsGone(); // one of its writes would change the price under the next test
  });
});

describe('an action', () => {
  test('edit-price changes the price through a server, edit-behind past all of them: the second leaves an old page', async () => {
    await turn({ preset: 'invalidated' });
    await room.view();
    const before = await price();
    const { detail } = await room.act('edit-price');
    const edited = await price();
    expect(detail).toBe(`${before}→${edited}`);
    expect(before + edited).toBe(120 + 150);
    expect(room.state().price).toBe(edited);
    expect(await redis.exists(COPY)).toBe(0);

    await room.view();
    await room.act('edit-behind');
    expect(await price()).toBe(before);
    const old = sample(({ staleShare }) => (staleShare ?? 0) > 0);
    expect(await room.view()).toMatchObject({ outcome: 'hit', price: edited, queries: [] });
    expect((await old).stalestMs).toBeGreaterThan(0);
  });

  test('expire-now takes the copy away: the next view loads it', async () => {
    expect(await redis.exists(COPY)).toBe(1);
    await room.act('expire-now');
    expect(await redis.exists(COPY)).toBe(0);
    expect((await room.view()).queries).toHaveLength(114);
  });

  test('expire-now empties the memory of both processes too', async () => {
    await turn({ preset: 'static' });
    await Promise.all([room.view(), room.view()]);
    expect(await room.view()).toMatchObject({ outcome: 'hit' });
    await room.act('expire-now');
    expect((await room.view()).outcome).not.toBe('hit');
  });

  test('ask-missing asks for a store that there is not', async () => {
    expect((await room.act('ask-missing')).detail).toBe('404, 1 SELECT');
  });

  test('flood floods: some 100 requests a second, and no second flood beside it', async () => {
    await turn({ preset: 'cached' });
    await room.act('flood');
    const { error } = await refused(room.act('flood'));
    expect(error).toContain('A flood is under way');
    // Not of the first sample with so many: the flood may have begun in the middle of a long one.
    await sample(({ requests, selectsPerSecond }) => requests >= 15 && selectsPerSecond > 40);
  });

  test('that makes no sense now is refused, with what to do', async () => {
    const sentences = await Promise.all(
      (['bring-redis-back', 'drop-listener', 'bring-listener-back'] as const).map(
        async (name) => (await refused(room.act(name))).error,
      ),
    );
    expect(sentences).toEqual([
      'Redis is up: there is nothing to bring back; key 3 kills it, key 5 freezes it.',
      'Policy cached has no listener: choose event-driven or outbox first.',
      'Policy cached has no listener: choose event-driven or outbox first.',
    ]);
    await turn({ preset: 'uncached' });
    expect((await refused(room.act('expire-now'))).error).toContain('keeps no copy');
  });
});

describe('Redis', () => {
  test('killed refuses connections and pages still come; memory that is turned meanwhile is its own when it is back', async () => {
    await turn({ preset: 'cached' });
    await room.act('kill-redis');
    expect(await refusesConnections(room.urls.redis)).toBe(true);
    expect(room.state().services.redis).toBe('down');
    expect((await refused(room.act('kill-redis'))).error).toContain('bring it back first (key 4)');
    expect(await room.view()).toMatchObject({ status: 200, outcome: 'bypass' });
    await turn({ maxmemoryMb: 8 });
    expect((await sample(() => true)).redis).toBeNull();

    await room.act('bring-redis-back');
    expect(room.state().services.redis).toBe('up');
    expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', String(8 * 2 ** 20)]);
  });

  test('frozen answers nobody and nothing in the room hangs; thawed it has its keys, unless their form was changed', async () => {
    await redis.set('beside', '1');
    await room.act('freeze-redis');
    await expect(redis.ping()).rejects.toThrow();
    expect(room.state().services.redis).toBe('frozen');
    expect((await refused(room.act('expire-now'))).error).toContain('Redis is frozen');
    expect((await room.evidence()).monitor).toEqual([]);
    await turn({ ttlSeconds: 60 });
    await room.act('bring-redis-back');
    await vi.waitFor(async () => expect(await redis.get('beside')).toBe('1'), 10_000);
    expect(room.state().services.redis).toBe('up');
  });
});

describe('the listener', () => {
  test('comes with its policy and deletes the copy of a change past the servers; dropped, it misses one', async () => {
    await turn({ preset: 'event-driven', ttlSeconds: null, maxmemoryMb: null });
    expect(room.state().services.listener).toBe('up');
    expect(await count(LISTENERS)).toBe(1);
    await room.view();
    await room.act('edit-behind');
    await vi.waitFor(async () => expect(await redis.exists(COPY)).toBe(0), 10_000);

    await room.act('drop-listener');
    expect(await count(LISTENERS)).toBe(0);
    expect(room.state().services.listener).toBe('down');
    await room.view();
    await room.act('edit-behind');
    expect((await room.view()).outcome).toBe('hit');

    await room.act('bring-listener-back');
    expect(await count(LISTENERS)).toBe(1);
  });

  test('goes with its policy; one that needs Redis is not begun without it, and the policy stays', async () => {
    await turn({ preset: 'cached' });
    // Postgres notices after the end of the process that its connection is gone.
    await vi.waitFor(async () => expect(await count(LISTENERS)).toBe(0), 10_000);
    expect(room.state().services.listener).toBe('unused');
    await room.act('kill-redis');
    const { error } = await refused(turn({ preset: 'outbox' }));
    expect(error).toContain('bring Redis back first (key 4)');
    for (const { name } of await askAll<{ name: string }>('/lab/policy'))
      expect(name).toBe('cached');
    await room.act('bring-redis-back');
  });
});

describe('a question', () => {
  test('takes one prediction of each browser, then is answered by what really happens; meanwhile nothing is turned', async () => {
    // Where a load that began before the edit cannot bring the old page back.
    await turn({ preset: 'fence', readsPerSecond: 20 });
    expect((await refused(() => room.reveal('stale-after-edit'))).error).toContain('is not asked');
    room.ask('stale-after-edit');
    room.predict({ id: 'stale-after-edit', who: 'browser-1', value: 3600 });
    room.predict({ id: 'stale-after-edit', who: 'browser-2', value: 5 });
    room.predict({ id: 'stale-after-edit', who: 'browser-1', value: 1 });
    expect(room.state().question?.predictions).toEqual([1, 5]);
    const wrong = { id: 'stale-after-edit', who: 'browser-3', value: 3601 } as const;
    expect((await refused(() => room.predict(wrong))).error).toContain('from 0.01 to 3600 s');

    const revealed = event('state', ({ question }) => question?.state === 'revealed');
    expect(room.reveal('stale-after-edit').state).toBe('running');
    expect((await refused(turn({ jitter: 0.1 }))).error).toContain('is under way for about');
    expect((await refused(room.act('edit-price'))).status).toBe(409);
    const { question } = await revealed;
    expect(question?.answer).toBeLessThan(3);
    expect(question?.how).toMatch(/^\d+ of \d+ answers showed the old price/);
    expect(room.state().measuring).toBe(false);
  });

  test('is not revealed where the room as it is turned gives no answer', async () => {
    await turn({ readsPerSecond: 0 });
    room.ask('hit-ratio');
    expect((await refused(() => room.reveal('hit-ratio'))).error).toContain(
      'readsPerSecond is 0; at least 0.1 is needed',
    );
    expect(room.state().question?.state).toBe('open');
  });
});

describe('a measured run', () => {
  const input: SentenceInput = {
    ...{ sentence: 'loads-per-expiry', ttlSeconds: 60, readsPerSecond: 20 },
    ...{ editsPerMinute: 0, loadMs: 300 },
  };

  test('of the loads at an expiry finds one under lock and single-flight, as the closed form says, and puts the knobs back', async () => {
    await turn({ preset: 'lock+single-flight', readsPerSecond: 2, dbLatencyMs: 0 });
    const before = room.state().knobs;
    const measured = event('measured', () => true);
    room.measure({ ...input, loadMs: 60 });
    expect((await refused(() => room.measure(input))).error).toContain('is under way');
    expect(await measured).toMatchObject({ predicted: 1, measured: 1, unit: 'loads', n: 6 });
    expect(room.state()).toMatchObject({ knobs: before, measuring: false });
    expect(room.session().measured).toHaveLength(1);
    await turn({ readsPerSecond: 0 });
  });

  test('that no run can show is refused, and one that fails puts the knobs back and says why', async () => {
    expect((await refused(() => room.measure({ ...input, readsPerSecond: 61 }))).error).toContain(
      'readsPerSecond is 61; a run can have 0.5 to 60',
    );
    const slow: SentenceInput = { ...input, sentence: 'hit-ratio', ttlSeconds: 3600 };
    expect((await refused(() => room.measure(slow))).error).toContain(
      'a run of 18 s shows up to 12 s with 20 reads/s and 0 edits/min, all of it 2 times as fast: choose',
    );
    await turn({ preset: 'cached' });
    const before = room.state().knobs;
    const failed = event('mark', ({ detail }) => detail.startsWith('failed'));
    const turnedUp = event('state', ({ knobs }) => knobs.readsPerSecond === 20);
    room.measure(input);
    await turnedUp;
    await redis.shutdown('NOSAVE').catch(() => {}); // its connection ends with it
    expect((await failed).detail).toContain('failed');
    expect(room.state()).toMatchObject({ knobs: before, measuring: false });
    await room.act('bring-redis-back');
  });
});

test('the evidence has what was sent, as it can be repeated in a shell', async () => {
  await turn({ preset: 'cached' });
  await room.view();
  const { requests, sql, k6 } = await room.evidence();
  expect(sql.reduce((sum, shape) => sum + shape.count, 0)).toBe(114);
  expect(k6.script).toContain('export function pageView');
  const [store] = room.urls.stores;
  expect(requests.length).toBeLessThanOrEqual(40);
  const put = requests.findLast(({ line }) => line.startsWith('PUT /lab/policy'));
  expect(put?.command).toContain('-d \'{"preset":"cached"');
  expect(requests.some(({ command }) => command.includes(String(store)))).toBe(true);
});

test('the storefront is the restaurant’s page with its panel', async () => {
  const { status, html, headers } = await room.storefront();
  expect(status).toBe(200);
  expect(html).toContain('id="queries"');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
});

test('the session has all of it for the take-home, and a closed room leaves no process', async () => {
  const { marks, knobs, questions, samples, environment } = room.session();
  expect(marks.map(({ id }) => id)).toEqual(marks.map((_, at) => at + 1));
  expect(knobs[0]).toMatchObject({ knobs: FIRST_KNOBS, policy: 'No cache' });
  expect(questions.map(({ id }) => id)).toEqual(['stale-after-edit', 'hit-ratio']);
  expect(samples.length).toBeGreaterThan(10);
  expect(environment.redis.version).toMatch(/^\d+\.\d+/);
  const { redis: url } = room.urls;
  await room.close();
  expect(await refusesConnections(url)).toBe(true);
  for (const store of room.urls.stores) expect(await refusesConnections(store)).toBe(true);
});
