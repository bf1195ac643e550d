import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OP, readsOf } from '../trace.ts';
import type { Trace } from '../trace.ts';
import { Collector } from './collect.ts';
import type { Collected, Keep } from './collect.ts';
import { Lines } from './format.ts';
import type { FormatOptions } from './format.ts';
import { hashKey } from './hash.ts';
import { oracleGeneralRecords } from './oracle-general.ts';
import { detectFormat, FORMATS } from './registry.ts';

/** One small file of each form, with what it means: ids, ticks, bytes by object, ops. */
const SMALL: Record<
  string,
  FormatOptions & {
    text: string;
    name?: string;
    ids: number[];
    ticks?: number[];
    bytes?: number[];
    ops?: number[];
  }
> = {
  twitter: {
    text: '0,a,b,3,100,7,get,0\n1,a,b,3,100,7,set,60\r\n3,c,1,5,7,gets,0\n3,c,1,9,7,delete,0\n',
    ...{ ids: [0, 0, 1, 1], ticks: [0, 1, 3, 3], bytes: [100, 5] },
    ops: [OP.read, OP.write, OP.read, OP.write],
  },
  meta: {
    text: 'key,op,size,op_count,key_size\nx,GET,7,2,1\n"y,z",SET,8,1,1\n',
    ...{ ids: [0, 0, 1], ticks: [0, 0, 0], bytes: [7, 8], ops: [0, 0, 1] },
  },
  csv: {
    text: 'when;id;len\n10.5;k1;3\n11;k2;4\n12;"k1";3\n',
    ...{ columns: { time: 'when', key: 'id', size: 'len' }, delimiter: ';' },
    ...{ ids: [0, 1, 0], ticks: [0, 0, 1], bytes: [3, 4], ops: [0, 0, 0] },
  },
  ids: { text: '17\nabc\n\n17', ids: [0, 1, 0], bytes: [0, 0] },
  monitor: {
    text: [
      'OK',
      '1700000000.100000 [0 127.0.0.1:6000] "GET" "a b\\""',
      '1700000000.102000 [0 127.0.0.1:6000] "set" "a b\\"" "1\\x0034" "EX" "5"',
      '1700000000.200000 [1 lua] "MGET" "a b\\"" "c"',
      '1700000000.300000 [0 unix:/x] "DEL" "c"',
      '1700000000.400000 [0 unix:/x] "EXPIRE" "c" "4"\n',
    ].join('\n'),
    ...{ ids: [0, 0, 1, 2, 3], ticks: [0, 2, 100, 100, 200], bytes: [4, 0, 0, 0] },
    ops: [0, 1, 0, 0, 1],
  },
  access: {
    text: [
      '::1 - - [10/Oct/2026:13:55:36 +0200] "GET /a?x=1 HTTP/1.1" 200 12',
      '::1 - bob [10/Oct/2026:11:55:38 +0000] "GET /a HTTP/1.1" 304 - "-" "curl \\"8\\""',
      '::1 - - [10/Oct/2026:11:55:39 +0000] "OPTIONS * HTTP/1.1" 204 0',
      '::1 - - [10/Oct/2026:11:55:40 +0000] "POST /b HTTP/1.1" 201 5\n',
    ].join('\n'),
    ...{ ids: [0, 0, 1], ticks: [0, 2, 4], bytes: [12, 0], ops: [0, 0, 1] },
  },
  pino: {
    text: [
      '{"level":30,"time":1000,"req":{"method":"GET","url":"/a"},"res":{"headers":{"content-length":"9"}}}',
      '{"level":30,"time":1005,"port":3000,"msg":"listening"}',
      '{"level":40,"time":1010,"what":"lao-zhang","milliseconds":900,"msg":"slow request"}',
      '{"level":30,"time":1020,"req":{"method":"PUT","url":"/a"}}\n',
    ].join('\n'),
    ...{ ids: [0, 1, 0], ticks: [0, 10, 20], bytes: [9, 0], ops: [0, 0, 1] },
  },
};

const ALL: Keep = { times: true, sizes: true, ops: true };

function collect(
  name: string,
  bytes: Uint8Array,
  { keep = ALL, cuts = [], ...options }: FormatOptions & { keep?: Keep; cuts?: number[] } = {},
): Collected & { lines: Lines; left: number } {
  const format = FORMATS.find((candidate) => candidate.name === name)!;
  const lines = new Lines();
  const source = { ops: format.ops, tickMs: format.tickMs(options), expected: 0 };
  const collector = new Collector(keep, source);
  const parser = format.parser(options, (words, count) => collector.add(words, count), lines);
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    // Each part at an address of its own, as odd as the cut.
    parser.push(new Uint8Array([0, ...bytes.subarray(from, cut)]).subarray(1));
    from = Math.max(from, cut);
  }
  parser.push(bytes.slice(from));
  const left = parser.end();
  return { ...collector.finish(), lines, left };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = ({ ids, objects, ticks, bytes, ops, tickMs }: Trace): unknown => ({
  ids: [...ids],
  ...{ objects, tickMs },
  ticks: ticks && [...ticks],
  bytes: bytes && [...bytes],
  ops: ops && [...ops],
});
const joined = (trace: Trace, each?: number): Uint8Array =>
  new Uint8Array(Buffer.concat([...oracleGeneralRecords(trace, each)]));

describe.each(Object.entries(SMALL))('a small file of form %s', (name, small) => {
  const { text, ids, ticks = null, bytes = null, ops = null, ...options } = small;

  test('gives its requests, times, sizes and operations, and no bad line', () => {
    const { trace, lines } = collect(name, bytesOf(text), options);
    expect(plain(trace)).toMatchObject({ ids, ticks, bytes, ops });
    expect(lines.first).toEqual([]);
  });

  test('gives the same however it is cut into chunks', () => {
    const whole = plain(collect(name, bytesOf(text), options).trace);
    const cut = fc.array(fc.nat({ max: text.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cut, (cuts) => {
        expect(plain(collect(name, bytesOf(text), { ...options, cuts }).trace)).toEqual(whole);
      }),
    );
  });

  test('is recognised by its content, unless it is a csv whose columns say nothing', () => {
    const found = detectFormat('trace.txt', bytesOf(text))?.format.name;
    expect(found).toBe(name === 'csv' ? undefined : name);
  });

  test('garbage is counted line by line, with number and reason, and breaks nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        const tail = bytesOf(`\n${text.split('\n').at(-2)}\n`);
        const start = bytesOf(`${text.split('\n')[0]}\n`);
        const mixed = new Uint8Array(Buffer.concat([start, garbage, tail]));
        const { lines, trace } = collect(name, mixed, options);
        expect(lines.bad).toBeLessThanOrEqual(lines.seen);
        expect(lines.first.length).toBe(Math.min(10, lines.bad));
        expect(trace.ids.every((id) => id >= 0 && id < trace.objects)).toBe(true);
      }),
    );
  });
});

describe('oracleGeneral', () => {
  const traces = fc
    .array(fc.record({ id: fc.nat({ max: 9 }), gap: fc.nat({ max: 3 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    .map((requests): Trace => {
      const dense = new Map<number, number>();
      let tick = 0;
      const ids = requests.map(({ id }) => dense.get(id) ?? dense.set(id, dense.size).size - 1);
      const ticks = requests.map(({ gap }, at) => (tick += at === 0 ? 0 : gap));
      const bytes = Uint32Array.from({ length: dense.size }, (_, id) => 4_000_000_000 - id);
      return {
        ...readsOf(Int32Array.from(ids), dense.size),
        ticks: Uint32Array.from(ticks),
        bytes,
      };
    });

  test('what was written is read, however it is cut', () => {
    const cuts = fc.array(fc.nat({ max: 1440 }), { maxLength: 12 });
    fc.assert(
      fc.property(traces, cuts, fc.integer({ min: 1, max: 70 }), (trace, at, each) => {
        const bytes = joined(trace, each);
        const inside = at.map((cut) => Math.min(cut, bytes.length));
        const { trace: read, left } = collect('oracleGeneral', bytes, { cuts: inside });
        expect(plain(read)).toEqual(plain(trace));
        expect(left).toBe(0);
      }),
    );
  });

  test('a record is time, object, size and the position of the next request, −1 for the last', () => {
    const view = new DataView(joined(readsOf(Int32Array.of(0, 1, 0), 2)).buffer);
    expect(view.byteLength).toBe(72);
    expect([0, 24, 48].map((at) => view.getBigInt64(at + 16, true))).toEqual([2n, -1n, -1n]);
    expect([0, 24, 48].map((at) => view.getBigUint64(at + 4, true))).toEqual([0n, 1n, 0n]);
    expect(view.getUint32(12 + 4, true)).toBe(2);
  });

  test('records are told from random bytes, and a rest of 5 bytes is reported', () => {
    const ids = Int32Array.from({ length: 200 }, (_, at) => at % 50);
    const bytes = joined(readsOf(ids, 50));
    expect(detectFormat('x', bytes)?.format.name).toBe('oracleGeneral');
    const random = Uint8Array.from(
      { length: 4800 },
      (_, at) => Math.imul(at + 1, 0x9e37_79b1) >>> 24,
    );
    expect(detectFormat('x', random)).toBeNull();
    expect(collect('oracleGeneral', bytes.subarray(0, 4781)).left).toBe(5);
  });
});

describe('collecting', () => {
  const ids = Int32Array.from({ length: 40_000 }, (_, at) => (at < 20_000 ? at : at % 1000));
  const bytes = joined(readsOf(ids, 20_000));

  test('a sample keeps all requests of 1 in 10 objects, and none of the others', () => {
    const { trace, read } = collect('oracleGeneral', bytes, { keep: { sample: 0.1, sizes: true } });
    expect(read).toBe(40_000);
    expect(trace.objects).toBeGreaterThan(1800);
    expect(trace.objects).toBeLessThan(2200);
    const counts = new Int32Array(trace.objects);
    for (const id of trace.ids) counts[id]! += 1;
    // Objects 0 to 999 came 21 times, the others once.
    expect(new Set(counts)).toEqual(new Set([1, 21]));
  });

  test('a limit of 12,345 requests is exact', () => {
    const keep = { limit: 12_345 };
    const { trace } = collect('oracleGeneral', bytes, { keep });
    expect(Buffer.compare(Buffer.from(trace.ids), Buffer.from(ids.slice(0, 12_345)))).toBe(0);
    expect(trace.ids).toHaveLength(12_345);
  });

  test('a limit or a sample out of range is refused with its range', () => {
    expect(() => collect('ids', bytes, { keep: { sample: 0 } })).toThrow('(0, 1]');
    expect(() => collect('ids', bytes, { keep: { limit: 0.5 } })).toThrow('2147483646');
  });

  test('a SET up to 1 s after a GET of its key is a fill; later, or after another SET, it is a write', () => {
    const at = (seconds: string, command: string): string => `${seconds} [0 a:1] ${command}`;
    const log = [
      at('10.000', '"GET" "k"'),
      at('11.000', '"SET" "k" "vv"'),
      at('11.001', '"SET" "k" "v"'),
      at('20.000', '"GET" "k"'),
      at('21.001', '"SET" "k" "v"'),
    ].join('\n');
    const filled = collect('monitor', bytesOf(log), { keep: { ...ALL, fillWithinMs: 1000 } });
    expect([...filled.trace.ops!]).toEqual([0, 1, 0, 1]);
    expect([...filled.trace.ticks!]).toEqual([0, 1001, 10_000, 11_001]);
    expect(filled).toMatchObject({ fills: 1, writes: 3, resized: 1, lastTick: 11_001 });
    const all = collect('monitor', bytesOf(log), { keep: { ops: true, fillWithinMs: null } });
    expect([...all.trace.ops!]).toEqual([0, 1, 1, 0, 1]);
    const reads = collect('monitor', bytesOf(log), { keep: { sizes: true } });
    expect(reads).toMatchObject({ writes: 3, unsized: 0, trace: { ops: null } });
    expect([[...reads.trace.ids], [...reads.trace.bytes!]]).toEqual([[0, 0], [2]]);
  });

  test('a time that falls is held at the one before, and counted', () => {
    const text = '5,k,1,1,1,get,0\n9,k,1,1,1,get,0\n7,k,1,1,1,get,0\n2,k,1,1,1,get,0\n';
    const { trace, timesHeld } = collect('twitter', bytesOf(text));
    expect([...trace.ticks!]).toEqual([0, 4, 4, 4]);
    expect(timesHeld).toBe(2);
  });
});

test.each([
  ['twitter', 'x,k,1,1,1,get,0', 'time is "x", not seconds'],
  ['twitter', '1,k,1,1,1,fly,0', 'operation is "fly"'],
  ['twitter', '1,k,1,-1,1,get,0', 'sizes are "1,-1", not bytes'],
  ['twitter', '1,2,3', 'fewer than 7 fields'],
  ['monitor', '1.0 [0 a:1] "GET" "k', 'an argument has no closing quote'],
  ['monitor', '1.0 [0 a:1] "GET"', 'a command without its key'],
  ['monitor', 'GET k', 'no command in quotes'],
  ['access', '::1 - - [10/Okt/2026:13:55:36 +0200] "GET /a" 200 1', 'month is "Okt"'],
  ['pino', '{"time":1,', 'not JSON'],
  ['pino', '{"key":"a"}', 'time is missing'],
])('%s: the line %s is bad because: %s', (name, text, reason) => {
  const { lines } = collect(name, bytesOf(`\n${text}\n`));
  expect(lines.first).toEqual([{ line: 2, reason, text }]);
});

test('a csv whose columns are not there says which are', () => {
  const read = (columns: FormatOptions['columns']): unknown =>
    collect('csv', bytesOf('a,b\n1,2\n'), columns === undefined ? {} : { columns });
  expect(() => read({ key: 'id' })).toThrow('no column "id" in the header line: a, b');
  expect(() => read({ key: 0 })).toThrow('column of key is 0, allowed are 1 to 256');
  expect(() => read(undefined)).toThrow('needs a map of its columns');
  const { lines } = collect('csv', bytesOf('a,b\n1,2\n'), { columns: { key: 3 } });
  expect(lines.first[0]?.reason).toBe('2 fields, and column 3 is asked for');
});

test('a header line with a key names the columns of a csv', () => {
  expect(detectFormat('x.csv', bytesOf('timestamp,obj_id,bytes\n1,a,2\n'))).toMatchObject({
    format: { name: 'csv' },
    columns: { time: 'timestamp', key: 'obj_id', size: 'bytes' },
  });
});

test('a line of more than 1 MiB is bad and its file goes on', () => {
  const text = `a\n${'x'.repeat(1_100_000)}\nb\n`;
  for (const cuts of [[], [500_000, 600_000, 1_090_000]]) {
    const { lines, trace } = collect('ids', bytesOf(text), { cuts });
    expect([lines.bad, trace.ids.length]).toEqual([1, 2]);
    expect(lines.first[0]).toMatchObject({ line: 2, reason: 'longer than 1048576 bytes' });
  }
});

test('keys are hashed as MurmurHash3 x86_128 does it, to its first 64 bits', () => {
  const into = new Int32Array(2);
  const hex = (text: string, seed: number): string => {
    hashKey(bytesOf(text), 0, bytesOf(text).length, seed, into);
    return [...into].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  };
  expect(hex('', 0)).toBe('0000000000000000');
  expect(hex('The quick brown fox jumps over the lazy dog', 0)).toBe('2f1583c3ecee2c67');
  expect(hex('a', 1)).not.toBe(hex('a', 0));
});
