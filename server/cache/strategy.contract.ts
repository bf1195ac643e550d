import { describe, expect, test } from 'vitest';
import { plainBody } from './entry.ts';
import type { Load, Strategy } from './strategy.ts';

/** A loader that counts: each load gives the next version. */
export function countingLoad(): { load: Load; loads: () => number } {
  let loads = 0;
  const load: Load = () => {
    loads += 1;
    const body = Buffer.from(JSON.stringify({ version: loads, name: '老张餐馆' }));
    return Promise.resolve({ body, menuVersion: loads, queries: [{}], micros: 1 });
  };
  return { load, loads: () => loads };
}

let keys = 0;

function newKey(): string {
  keys += 1;
  return `contract:${process.pid}:${keys}`;
}

/** What every strategy promises, whatever it keeps. @param make - A new strategy; may share its store with others. */
export function strategyContract(title: string, make: () => Promise<Strategy> | Strategy): void {
  describe(title, () => {
    test('the first read loads once and gives the loaded bytes and version', async () => {
      const strategy = await make();
      const { load, loads } = countingLoad();
      const read = await strategy.get(newKey(), load);
      expect(loads()).toBe(1);
      expect(read.entry?.menuVersion).toBe(1);
      expect(read.entry && plainBody(read.entry).toString()).toBe(
        '{"version":1,"name":"老张餐馆"}',
      );
      expect(read.loaded?.queries).toHaveLength(1);
    });

    test('a read that says hit loaded nothing, and its bytes are those of the load', async () => {
      const strategy = await make();
      const { load, loads } = countingLoad();
      const key = newKey();
      const first = await strategy.get(key, load);
      const second = await strategy.get(key, load);
      expect(loads()).toBe(second.outcome === 'hit' ? 1 : 2);
      expect(second.loaded === null).toBe(second.outcome === 'hit');
      if (second.outcome === 'hit') expect(second.entry?.bytes).toEqual(first.entry?.bytes);
    });

    test('keys do not see each other', async () => {
      const strategy = await make();
      const { load, loads } = countingLoad();
      await strategy.get(newKey(), load);
      const other = await strategy.get(newKey(), load);
      expect(loads()).toBe(2);
      expect(other.entry?.menuVersion).toBe(2);
    });

    test('what does not exist is null, and known as such or asked for again', async () => {
      const strategy = await make();
      const key = newKey();
      const read = await strategy.get(key, () => Promise.resolve(null));
      expect(read).toMatchObject({ entry: null, loaded: null });
      const { load } = countingLoad();
      const next = await strategy.get(key, load);
      expect(next.outcome === 'negative').toBe(read.stored);
      expect(next.entry?.menuVersion).toBe(read.stored ? undefined : 1);
    });

    test('a load that fails fails the read, and the next one loads again', async () => {
      const strategy = await make();
      const key = newKey();
      const failure = new Error('no connection');
      await expect(strategy.get(key, () => Promise.reject(failure))).rejects.toBe(failure);
      const { load, loads } = countingLoad();
      await strategy.get(key, load);
      expect(loads()).toBe(1);
    });

    test('getMany gives each key its own value in the order of the keys', async () => {
      const strategy = await make();
      const [a, b, c] = [newKey(), newKey(), newKey()];
      const load = (key: string): ReturnType<Load> =>
        Promise.resolve(
          key === b ? null : { body: Buffer.from(key), menuVersion: 1, queries: [], micros: 1 },
        );
      for (const round of ['cold', 'warm']) {
        const reads = await strategy.getMany([a, b, c], load);
        const bodies = reads.map(({ entry }) => entry && plainBody(entry).toString());
        expect(bodies, round).toEqual([a, null, c]);
      }
    });

    test('fill loads even where a copy exists', async () => {
      const strategy = await make();
      const { load, loads } = countingLoad();
      const key = newKey();
      await strategy.get(key, load);
      const filled = await strategy.fill(key, load);
      expect(loads()).toBe(2);
      expect(filled.entry?.menuVersion).toBe(2);
      expect((await strategy.get(key, load)).entry?.menuVersion).toBe(filled.stored ? 2 : 3);
    });

    test('afterWrite is true only if the next read loads', async () => {
      const strategy = await make();
      const { load, loads } = countingLoad();
      const key = newKey();
      await strategy.get(key, load);
      const invalidated = await strategy.afterWrite(key);
      await strategy.get(key, load);
      expect(loads()).toBe(invalidated ? 2 : 1);
    });
  });
}
