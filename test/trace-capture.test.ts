import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Captured, CaptureOptions } from '../lab/traces-capture/capture.ts';
import { captureTrace } from '../lab/traces-capture/capture.ts';
import { testStack } from './stack.ts';

let redisUrl = '';
let redis: Redis;
let folder = '';
let out = '';

beforeAll(async () => {
  ({ redisUrl } = await testStack());
  redis = new Redis(redisUrl);
});
afterAll(() => redis.disconnect());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachelab-capture-'));
  out = join(folder, 'trace.csv');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Captures while `work` runs, which begins when MONITOR has. */
async function captured(
  work: () => Promise<unknown>,
  options: Partial<CaptureOptions> = {},
): Promise<Captured> {
  await monitoring(false);
  const capture = captureTrace({
    ...{ redisUrl, seconds: 2, maxBytes: 1e6, hashKeys: false, out },
    ...options,
  });
  // A refusal is for the caller, who awaits it below.
  const ended = capture.then(
    () => true,
    () => true,
  );
  await Promise.race([monitoring(true), ended]);
  await work();
  return capture;
}

/** Waits until the server has, or no longer has, a client that monitors. */
async function monitoring(wanted: boolean): Promise<void> {
  await vi.waitUntil(
    async () => {
      const clients = String(await redis.client('LIST')).split('\n');
      return clients.some((line) => / flags=\w*O/.test(line)) === wanted;
    },
    { timeout: 5000, interval: 20 },
  );
}

const rowsOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

test('200 commands appear in their order with key and op, and no value is in the file', async () => {
  const wanted = Array.from({ length: 200 }, (_, at) => [
    `capture:${at % 40}`,
    at % 4 === 0 ? 'set' : 'get',
  ]);
  const done = await captured(async () => {
    for (const [key = '', op] of wanted) {
      if (op === 'set') await redis.set(key, 's3cret "quoted" ', 'EX', 60);
      else await redis.get(key);
    }
  });
  const [header, ...rows] = rowsOf(out);
  expect(header).toEqual(['time_s', 'key', 'op']);
  expect(rows.map(([, key, op]) => [key, op])).toEqual(wanted);
  const times = rows.map(([time]) => Number(time));
  expect(times[0]).toBe(0);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(readFileSync(out, 'utf8')).not.toContain('s3cret');
  expect(done).toMatchObject({ rows: 200, endedBy: 'time', bytes: statSync(out).size });
  await monitoring(false);
});

test('each key of MGET, MSET and DEL is a row; scripts show their inner commands, AUTH and ECHO nothing', async () => {
  const done = await captured(async () => {
    await redis.mset('capture:a', 's3cret', 'capture:b', 's3cret');
    await redis.mget('capture:a', 'capture:b');
    await redis.echo('s3cret');
    await redis.call('AUTH', 'default', 's3cret').catch(() => {});
    await redis.eval("return redis.call('GET', KEYS[1])", 1, 'capture:a');
    await redis.del('capture:a', 'capture:b');
  });
  const text = readFileSync(out, 'utf8');
  expect(text).not.toContain('s3cret');
  expect(
    rowsOf(out)
      .slice(1)
      .map(([, key, op]) => `${op} ${key}`),
  ).toEqual([
    ...['mset capture:a', 'mset capture:b', 'mget capture:a', 'mget capture:b'],
    ...['get capture:a', 'del capture:a', 'del capture:b'],
  ]);
  expect(done.leftOut.withoutKeys).toBeGreaterThanOrEqual(2);
});

test('hashed keys tell which requests are for one object, in no other capture and never by name', async () => {
  const work = async (): Promise<void> => {
    for (const key of ['capture:x', 'capture:y', 'capture:x']) await redis.get(key);
  };
  await captured(work, { hashKeys: true, seconds: 1 });
  const second = join(folder, 'second.csv');
  await captured(work, { hashKeys: true, seconds: 1, out: second });
  const [x, y, again] = rowsOf(out)
    .slice(1)
    .map(([, key]) => key);
  expect(x).toMatch(/^[0-9a-f]{16}$/);
  expect(again).toBe(x);
  expect(y).not.toBe(x);
  expect(rowsOf(second)[1]![1]).not.toBe(x);
});

test('a bound of 1,000 bytes ends the capture long before its 60 s', async () => {
  const done = await captured(
    async () => {
      for (let at = 0; at < 100; at += 1) await redis.get('capture:long');
    },
    { maxBytes: 1000, seconds: 60 },
  );
  expect(done.endedBy).toBe('size');
  expect(statSync(out).size).toBeLessThanOrEqual(1000);
  expect(statSync(out).size).toBeGreaterThan(960);
  await monitoring(false);
});

test('a capture that begins and ends amid 4 busy clients has all that lies between', async () => {
  const over = new AbortController();
  const clients = Array.from({ length: 4 }, async (_, client) => {
    const own = new Redis(redisUrl);
    for (let count = 0; !over.signal.aborted; ) {
      const batch = own.pipeline();
      for (let one = 0; one < 100; one += 1) batch.get(`busy:${client}:${count++}`);
      await batch.exec();
    }
    own.disconnect();
  });
  try {
    for (let round = 0; round < 3; round += 1) {
      rmSync(out, { force: true });
      await captured(() => Promise.resolve(), { seconds: 0.3 });
      const next = new Map<string, number>();
      for (const [, key = ''] of rowsOf(out).slice(1)) {
        const [, client = '', count] = key.split(':');
        expect(Number(count)).toBe(next.get(client) ?? Number(count));
        next.set(client, Number(count) + 1);
      }
      expect(next.size).toBe(4);
    }
  } finally {
    over.abort();
    await Promise.all(clients);
  }
});

test('a file that exists is not overwritten', async () => {
  await captured(() => redis.get('capture:once'), { seconds: 0.5 });
  const before = readFileSync(out, 'utf8');
  await expect(captured(() => redis.get('capture:twice'), { seconds: 0.5 })).rejects.toMatchObject({
    code: 'E_CAPTURE_EXISTS',
    exitCode: 2,
  });
  expect(readFileSync(out, 'utf8')).toBe(before);
});

test('0 seconds and 10 bytes are refused at once, both in one message', async () => {
  await expect(captured(() => Promise.resolve(), { seconds: 0, maxBytes: 10 })).rejects.toThrow(
    /from 0\.1 to 3600, not 0\n.*from 1000, not 10/,
  );
});

test('an interruption ends MONITOR and leaves no file', async () => {
  const abort = new AbortController();
  const capture = captured(
    async () => {
      await redis.get('capture:cut');
      abort.abort();
    },
    { seconds: 60, interrupted: abort.signal },
  );
  await expect(capture).rejects.toMatchObject({ code: 'E_INTERRUPTED', exitCode: 130 });
  await monitoring(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('a connection that is cut, and a server that is not there, are errors without a file', async () => {
  const cut = captured(
    async () => {
      const line = String(await redis.client('LIST'))
        .split('\n')
        .find((one) => / flags=\w*O/.test(one));
      await redis.client('KILL', 'ID', /id=(\d+)/.exec(line ?? '')![1]!);
    },
    { seconds: 60 },
  );
  await expect(cut).rejects.toMatchObject({ code: 'E_CAPTURE_REDIS', exitCode: 69 });
  await expect(
    captureTrace({
      redisUrl: 'redis://127.0.0.1:1',
      seconds: 1,
      maxBytes: 1e6,
      hashKeys: false,
      out,
    }),
  ).rejects.toMatchObject({ code: 'E_CAPTURE_REDIS', exitCode: 69 });
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});
