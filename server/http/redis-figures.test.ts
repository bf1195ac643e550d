import { expect, test } from 'vitest';
import type { NodeReport } from '../redis.ts';
import { combined, createRedisReader, readFigures } from './redis-figures.ts';

/** INFO of a primary with two replicas, shortened. */
const PRIMARY = {
  uptime_in_seconds: '612',
  used_memory: '916832',
  used_memory_rss: '12148736',
  maxmemory: '0',
  mem_fragmentation_ratio: '13.87',
  connected_clients: '7',
  maxclients: '10000',
  total_commands_processed: '90',
  keyspace_hits: '30',
  keyspace_misses: '10',
  expired_keys: '4',
  evicted_keys: '2',
  role: 'master',
  connected_slaves: '2',
  slave0: 'ip=127.0.0.1,port=20002,state=online,offset=900,lag=0',
  slave1: 'ip=127.0.0.1,port=20003,state=online,offset=640,lag=3',
  master_repl_offset: '1000',
  db0: 'keys=3,expires=2,avg_ttl=5000',
  db5: 'keys=10,expires=10,avg_ttl=1',
};

test('figures of a primary: the lag is that of the replica furthest behind, keys those of all databases', () => {
  expect(readFigures(PRIMARY, { length: 5, logged: 40 }, 99)).toEqual({
    sampled_at_ms: 99,
    uptime_seconds: 612,
    used_memory_bytes: 916_832,
    max_memory_bytes: 0,
    rss_bytes: 12_148_736,
    fragmentation_ratio: 13.87,
    connected_clients: 7,
    max_clients: 10_000,
    commands_processed: 90,
    keyspace_hits: 30,
    keyspace_misses: 10,
    hit_ratio: 0.75,
    expired_keys: 4,
    evicted_keys: 2,
    db_keys: 13,
    db_keys_with_ttl: 12,
    slowlog_length: 5,
    slowlog_logged: 40,
    connected_replicas: 2,
    replication_lag_bytes: 360,
    replication_lag_seconds: 3,
  });
});

test('a primary without replicas has no lag, however much it wrote', () => {
  const alone = { role: 'master', connected_slaves: '0', master_repl_offset: '123456' };
  expect(readFigures(alone, null, 0)).toMatchObject({
    connected_replicas: 0,
    replication_lag_bytes: 0,
    replication_lag_seconds: 0,
  });
});

test.each([
  ['a connected replica lags by what it has not applied and its primary’s silence', 'up', 20, 2],
  ['a replica that lost its primary lags by the time since then', 'down', 20, 45],
])('%s', (_, link, bytes, seconds) => {
  const info = {
    role: 'slave',
    master_link_status: link,
    master_last_io_seconds_ago: '2',
    master_link_down_since_seconds: '45',
    slave_read_repl_offset: '120',
    slave_repl_offset: '100',
  };
  expect(readFigures(info, null, 0)).toMatchObject({
    replication_lag_bytes: bytes,
    replication_lag_seconds: seconds,
  });
});

test('figures that a server does not tell are null, not 0, and no lookup is no hit ratio', () => {
  expect(readFigures({ keyspace_hits: '0', keyspace_misses: '0' }, null, 0)).toMatchObject({
    used_memory_bytes: null,
    evicted_keys: null,
    slowlog_length: null,
    hit_ratio: null,
    db_keys: 0,
  });
});

test('three primaries of a cluster are one: sums, the youngest age, the worst fragmentation and lag', () => {
  const nodes = [
    { ...PRIMARY, maxmemory: '1000' },
    { ...PRIMARY, maxmemory: '500', uptime_in_seconds: '5', keyspace_misses: '50' },
    { ...PRIMARY, maxmemory: '500', mem_fragmentation_ratio: '20', master_repl_offset: '2000' },
  ];
  const figures = nodes.map((info) => readFigures(info, { length: 1, logged: 2 }, 99));
  expect(combined(figures)).toMatchObject({
    uptime_seconds: 5,
    used_memory_bytes: 3 * 916_832,
    max_memory_bytes: 2000,
    fragmentation_ratio: 20,
    keyspace_hits: 90,
    hit_ratio: 90 / 160,
    db_keys: 39,
    slowlog_length: 3,
    slowlog_logged: 6,
    connected_replicas: 6,
    replication_lag_bytes: 1360,
    replication_lag_seconds: 3,
  });
  const unlimited = readFigures(PRIMARY, null, 99);
  expect(combined([...figures, unlimited])?.max_memory_bytes).toBe(0);
  expect(combined([unlimited, unlimited])?.slowlog_length).toBeNull();
  expect(combined([])).toBeNull();
});

/** A Redis that counts how often it is asked. */
function counting(answers: { logged?: (number | null)[]; fails?: boolean } = {}): {
  asked: () => number;
  reports: () => Promise<NodeReport[]>;
} {
  let asked = 0;
  return {
    asked: () => asked,
    reports: () => {
      asked += 1;
      if (answers.fails === true) return Promise.reject(new Error('away'));
      const logged = answers.logged?.[asked - 1] ?? null;
      return Promise.resolve([
        { info: { run_id: 'a', used_memory: String(asked) }, slowlog: { length: 0, logged } },
      ]);
    },
  };
}

test('100 readers within 0.9 s ask Redis once, the first one after it again', async () => {
  const redis = counting();
  let nowMs = 5;
  const read = createRedisReader(
    redis,
    () => nowMs,
    () => 0,
  );
  await Promise.all(Array.from({ length: 100 }, read));
  nowMs = 904;
  expect((await read())?.used_memory_bytes).toBe(1);
  nowMs = 905;
  expect((await read())?.used_memory_bytes).toBe(2);
  expect(redis.asked()).toBe(2);
});

test('a Redis without an answer is no figures, and is not asked more often for it', async () => {
  const redis = counting({ fails: true });
  const read = createRedisReader(
    redis,
    () => 0,
    () => 0,
  );
  expect(await Promise.all([read(), read()])).toEqual([null, null]);
  expect(redis.asked()).toBe(1);
});

test('SLOWLOG RESET takes nothing back from the slow commands that were logged', async () => {
  const redis = counting({ logged: [7, null, 9] });
  let nowMs = 0;
  const read = createRedisReader(
    redis,
    () => nowMs,
    () => 0,
  );
  const seen: unknown[] = [];
  for (; nowMs < 2700; nowMs += 900) seen.push((await read())?.slowlog_logged);
  expect(seen).toEqual([7, 7, 9]);
});

test('a server that refuses SLOWLOG tells the rest', async () => {
  const redis = { reports: () => Promise.resolve([{ info: { used_memory: '1' }, slowlog: null }]) };
  const figures = await createRedisReader(
    redis,
    () => 0,
    () => 0,
  )();
  expect(figures).toMatchObject({
    used_memory_bytes: 1,
    slowlog_length: null,
    slowlog_logged: null,
  });
});

test('a Redis that never answers is no figures after the longest wait, here 5 ms', async () => {
  const hangs = { reports: () => new Promise<NodeReport[]>(() => {}) };
  expect(
    await createRedisReader(
      hangs,
      () => 0,
      () => 0,
      5,
    )(),
  ).toBeNull();
});
