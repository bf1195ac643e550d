import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readsOf } from '../../sim/trace.ts';
import type { Trace } from '../../sim/trace.ts';
import { LabError } from '../errors.ts';
import { denseTrace } from './dense.ts';
import { readTrace } from './read.ts';
import type { ReadOptions } from './read.ts';
import { writeOracleGeneral } from './write.ts';

/** Two frames of the zstd program: 1, 2, 1, 3 with a checksum, then 300 times key:1 to key:6, key:0, one a line. */
const ZSTD =
  'KLUv/QRYQQAAMQoyCjEKMwprGza8KLUv/QRoTQEAosIHDOBtUyRAq8juDgYRAoSeT+v5rJ5P6vmcnk/p+YyeHwEA2rb9qgwh8ISs';
/** More than two chunks of a plain file, and a rest. */
const ids = Int32Array.from({ length: 140_000 }, (_, at) =>
  at < 5000 ? at : (Math.imul(at, 0x9e37_79b1) >>> 8) % 5000,
);
const TRACE = {
  ...readsOf(ids, 5000),
  ticks: Uint32Array.from(ids, (_, at) => at >> 5),
  bytes: new Uint32Array(5000).fill(7),
};

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cachelab-traces-'));
  await writeOracleGeneral(at('t.oracleGeneral'), TRACE);
});
afterAll(() => rm(folder, { recursive: true }));

/** The same as `toEqual`, which takes seconds for columns of this length. */
function expectSame(actual: Trace, expected: Trace): void {
  const bytes = (column: Trace['ids' | 'ticks' | 'bytes' | 'ops']): Uint8Array | null =>
    column && new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  for (const name of ['ids', 'ticks', 'bytes', 'ops'] as const) {
    const [ours, theirs] = [bytes(actual[name]), bytes(expected[name])];
    expect(ours === null, name).toBe(theirs === null);
    if (ours !== null && theirs !== null) expect(Buffer.compare(ours, theirs), name).toBe(0);
  }
  expect([actual.objects, actual.tickMs]).toEqual([expected.objects, expected.tickMs]);
}

async function put(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(at(name), content);
  return at(name);
}

async function refusal(path: string, options: ReadOptions = {}): Promise<string> {
  const error: unknown = await readTrace(path, options).catch((caught: unknown) => caught);
  if (!(error instanceof LabError)) throw error;
  expect(error.hint).toBeTruthy();
  return `${error.code} ${error.message.replaceAll(folder, '')}`;
}

describe('reading a trace', () => {
  test('gives back what was written, in shared memory, and a report of it', async () => {
    const options = { times: true, sizes: true, ops: true };
    const { trace, report } = await readTrace(at('t.oracleGeneral'), options);
    expectSame(trace, TRACE);
    expect(trace.ids.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(trace.ids.buffer.byteLength).toBe(560_000);
    expect(report).toMatchObject({
      ...{ format: 'oracleGeneral', requests: 140_000, objects: 5000, badLines: 0 },
      ...{ spanSeconds: 4374, objectsResized: 0, objectsUnsized: 0 },
    });
  });

  test('goes by keys where the file chains its requests wrongly, and when it is told to', async () => {
    const records = await readFile(at('t.oracleGeneral'));
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    // From the middle on each request says that its object comes next where the one after it does.
    for (let record = 70_000; record < 139_999; record += 1)
      view.setUint32(24 * record + 16, view.getUint32(24 * record + 40, true), true);
    const wrong = await put('wrong-chains.oracleGeneral', records);
    const all = { times: true, sizes: true };
    expectSame((await readTrace(wrong, all)).trace, TRACE);
    expectSame((await readTrace(at('t.oracleGeneral'), { ...all, chains: false })).trace, TRACE);
  });

  test('keeps nothing but ids unless it is asked, and stops at a limit', async () => {
    const { trace, report } = await readTrace(at('t.oracleGeneral'), { limit: 70_000 });
    expectSame(trace, readsOf(ids.slice(0, 70_000), 5000));
    expect(report).toMatchObject({ objectsResized: null, spanSeconds: 2187 });
  });

  test('reads gzip by its first bytes, whatever the name', async () => {
    const path = await put('odd.name', gzipSync(await readFile(at('t.oracleGeneral'))));
    expectSame((await readTrace(path)).trace, readsOf(ids, 5000));
  });

  test('reads zstd of several frames, and refuses it at whatever place it is cut off', async () => {
    const packed = Buffer.from(ZSTD, 'base64');
    const { trace } = await readTrace(await put('t.zst', packed));
    const expected = Array.from({ length: 300 }, (_, i) => 3 + (i % 7));
    expect([...trace.ids]).toEqual([0, 1, 0, 2, ...expected]);
    for (let length = 4; length < packed.length; length += 1) {
      // Between the frames the file is whole.
      if (length === packed.indexOf(packed.subarray(0, 4), 4)) continue;
      const path = await put('cut.zst', packed.subarray(0, length));
      expect(await refusal(path)).toMatch(/^E_TRACE_(TRUNCATED|COMPRESSION) \/cut\.zst cannot/);
    }
  });

  test('a csv is read by its map of columns', async () => {
    const path = await put('t.csv', '7,a\n8,b\n9,a\n');
    const { trace } = await readTrace(path, { columns: { time: 1, key: 2 }, times: true });
    expect([[...trace.ids], [...trace.ticks!]]).toEqual([
      [0, 1, 0],
      [0, 1, 2],
    ]);
  });

  test('101 bad lines of 1,000 are too many by default and few enough when they are allowed', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) =>
      i < 101 ? `${i},?` : `${i},k,1,1,1,get,0`,
    );
    const path = await put('t.twitter', lines.toReversed().join('\n'));
    expect(await refusal(path)).toBe(
      'E_TRACE_BAD_LINES 101 of 1000 lines of /t.twitter are no requests, allowed are 100; line 900: fewer than 7 fields ("100,?"); line 901: fewer than 7 fields ("99,?"); line 902: fewer than 7 fields ("98,?")',
    );
    const { report } = await readTrace(path, { maxBad: 101 });
    expect(report).toMatchObject({ requests: 899, badLines: 101 });
    expect(report.firstBadLines).toHaveLength(10);
    expect(await refusal(path, { maxBad: 100 })).toContain('allowed are 100');
  });
});

describe('a file that is no trace is refused with its reason and a next step', () => {
  test.each<[string, string | Uint8Array, ReadOptions, RegExp]>([
    ['empty', '', {}, /^E_TRACE_EMPTY \/empty holds no requests: the file has 0 bytes$/],
    ['blank', '\n\n', {}, /^E_TRACE_FORMAT/],
    ['prose', 'Dear all,\nhere is the trace.\n', {}, /^E_TRACE_FORMAT the form of \/prose is not/],
    [
      'garbage',
      new Uint8Array(960).map((_, i) => Math.imul(i, 0x9e37_79b1) >>> 24),
      {},
      /^E_TRACE_FORMAT/,
    ],
    ['ids', '1\n2\n', { format: 'oracleGeneral' }, /^E_TRACE_FORMAT .* it looks like ids$/],
    ['ids', '1\n2\n', { format: 'lcs' }, /^E_TRACE_FORMAT format is "lcs"$/],
    ['ids', '1\n2\n', { format: 'csv' }, /^E_TRACE_COLUMNS .*got none$/],
    ['ids', '1\n2\n', { sample: 2 }, /^E_TRACE_OPTIONS .*sample is 2/],
    ['ids', '1\n2\n', { sample: 1e-9 }, /^E_TRACE_EMPTY .*none of 2 lies in the sample of 1e-9$/],
    ['writes', '1,k,1,1,1,set,0\n', {}, /^E_TRACE_EMPTY .*all 1 are writes/],
    [
      'bad.zst',
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 8, 9, 9, 9, 9, 9),
      {},
      /^E_TRACE_(COMPRESSION|TRUNCATED)/,
    ],
  ])('%s %j with %j', async (name, content, options, expected) => {
    expect(await refusal(await put(name, content), options)).toMatch(expected);
  });

  test('cut off inside a record, inside gzip, or not there at all', async () => {
    const whole = await readFile(at('t.oracleGeneral'));
    const cut = await put('cut', whole.subarray(0, 2405));
    expect(await refusal(cut)).toBe(
      'E_TRACE_TRUNCATED /cut ends inside a record: 2405 bytes are 100 records of 24 and 5 bytes',
    );
    const packed = gzipSync(whole);
    const half = await put('half.gz', packed.subarray(0, packed.length - 9));
    expect(await refusal(half)).toMatch(/^E_TRACE_TRUNCATED \/half\.gz cannot be decompressed/);
    const rest = await put('rest.gz', gzipSync(whole.subarray(0, 2405)));
    expect(await refusal(rest)).toMatch(/^E_TRACE_TRUNCATED \/rest\.gz ends inside a record: 2405/);
    expect(await refusal(at('nowhere'))).toMatch(/^E_TRACE_MISSING/);
    expect(await refusal(folder)).toMatch(/^E_TRACE_MISSING .*not a regular file/);
  });
});

describe('the dense file', () => {
  const keep = { times: true, sizes: true };

  test('answers the second question alone, and has the same columns', async () => {
    const dense = at('dense-1');
    const first = await denseTrace(at('t.oracleGeneral'), keep, dense);
    const second = await denseTrace(at('t.oracleGeneral'), { sizes: true, times: true }, dense);
    expect([first.fromDense, second.fromDense]).toEqual([false, true]);
    expectSame(second.trace, first.trace);
    expect(second.trace.ids.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(second.report).toEqual(first.report);
    expect((await denseTrace(at('t.oracleGeneral'), {}, dense)).fromDense).toBe(false);
    expect((await readdir(dense)).filter((name) => !name.endsWith('.dense'))).toEqual([]);
  });

  test('is made anew when its source changes, in place of the old one', async () => {
    const dense = at('dense-2');
    const path = await put('changing', '1\n2\n');
    await denseTrace(path, {}, dense);
    await put('changing', '1\n1\n');
    await utimes(path, 1, 1);
    const { trace, fromDense } = await denseTrace(path, {}, dense);
    expect([fromDense, [...trace.ids]]).toEqual([false, [0, 0]]);
    expect(await readdir(dense)).toHaveLength(1);
  });

  test.each([
    [
      'a flipped bit',
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === 8192 + 77 ? byte ^ 4 : byte)),
    ],
    ['a missing end', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 4)],
    ['a byte too many', (bytes: Uint8Array) => new Uint8Array([...bytes, 0])],
    [
      'another version',
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === 21 ? byte + 1 : byte)),
    ],
    ['nothing in it', () => new Uint8Array(0)],
  ])('is not believed with %s', async (_, spoil) => {
    const dense = at('dense-3');
    const path = await put('small', Array.from({ length: 50 }, (__, i) => `${i % 9}\n`).join(''));
    const { trace } = await denseTrace(path, {}, dense);
    const [name = ''] = await readdir(dense);
    await writeFile(join(dense, name), spoil(await readFile(join(dense, name))));
    const again = await denseTrace(path, {}, dense);
    expect(again.fromDense).toBe(false);
    expectSame(again.trace, trace);
    expect((await denseTrace(path, {}, dense)).fromDense).toBe(true);
  });
});
