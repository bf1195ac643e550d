import { expect, test } from 'vitest';
import { openSource, parseColumns } from './source.ts';

const OPTIONS = {
  ...{
    trace: null,
    format: null,
    columns: null,
    sample: 1,
    limit: null,
    maxBad: null,
    keyBytes: null,
    seed: 3,
  },
};
const NEEDS = { times: true, sizes: false, writes: true };

test('columns are named by number or by header, and a map without a key is refused', () => {
  expect(parseColumns('time=1, key=2')).toEqual({ time: 1, key: 2 });
  expect(parseColumns('key=path,time=ts')).toEqual({ key: 'path', time: 'ts' });
  for (const bad of ['time=1', 'key', 'key=', 'price=3,key=1'])
    expect(() => parseColumns(bad)).toThrow(/must map time, key, size, op, count/);
});

test('a description becomes a trace, and --seed is its seed unless it names one', async () => {
  const open = async (generate: string, seed: number) =>
    (await openSource({ ...OPTIONS, generate, seed }, NEEDS)).trace.ids.join();
  const text = 'zipf:objects=100,requests=500,rate=50';
  expect(await open(text, 3)).toBe(await open(text, 3));
  expect(await open(text, 3)).not.toBe(await open(text, 4));
  expect(await open(`${text},seed=9`, 3)).toBe(await open(`${text},seed=9`, 4));
});

test('with --key-bytes 10 an object of 500 bytes takes the 568 of Redis', async () => {
  const sized = { ...OPTIONS, generate: 'loop:objects=2,requests=4,size=500,sigma=0' };
  const bytesOf = async (keyBytes: number | null) => {
    const { trace } = await openSource({ ...sized, keyBytes }, { ...NEEDS, sizes: true });
    return [...trace.bytes!];
  };
  expect(await bytesOf(null)).toEqual([500, 500]);
  expect(await bytesOf(10)).toEqual([568, 568]);
});

test('a description out of range is told with its value and an example', async () => {
  await expect(openSource({ ...OPTIONS, generate: 'zipf:objects=0' }, NEEDS)).rejects.toThrow(
    /--generate zipf:objects=0: .*objects/,
  );
});
