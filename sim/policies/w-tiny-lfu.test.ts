import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { randomStream } from '../random.ts';
import { wTinyLfu } from './w-tiny-lfu.ts';

/** Four rows of plain numbers; the hash in exact integers. */
function plainSketch(held: number): { count: (id: number) => number; add: (id: number) => void } {
  let columns = 16;
  while (columns < 4 * held) columns *= 2;
  const rows = [0, 1, 2, 3].map(() => Array.from({ length: columns }, () => 0));
  const random = randomStream(1, 'count-min');
  const word = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
  const salt = word();
  const factors = rows.map(() => word() | 1n);
  const columnOf = (id: number, row: number): number => {
    const product = ((BigInt(id) ^ salt) * 0x9e37_79b1n) % 2n ** 32n;
    const mixed = product ^ (product >> 15n);
    return Number((((mixed * factors[row]!) % 2n ** 32n) * BigInt(columns)) >> 32n);
  };
  const count = (id: number): number =>
    Math.min(...rows.map((row, index) => row[columnOf(id, index)]!));
  let sample = 0;
  const add = (id: number): void => {
    const least = count(id);
    rows.forEach((row, index) => {
      const column = columnOf(id, index);
      if (row[column] === least && least < 15) row[column] = least + 1;
    });
    sample += 1;
    if (sample < 10 * held) return;
    for (const row of rows) row.forEach((value, column) => (row[column] = Math.floor(value / 2)));
    sample = Math.floor(sample / 2);
  };
  return { count, add };
}

test('W-TinyLFU hits where a window, two lists and a table of counts hit', () => {
  expectAgreement(wTinyLfu, (capacity, roomOf) => {
    // Without sizes every number has room 1; with sizes those that are no objects have none.
    const rooms = Array.from({ length: 24 }, (_, id) => roomOf(id)).filter(Number.isFinite);
    const mean = rooms.reduce((sum, room) => sum + room, 0) / rooms.length;
    const held = Math.max(1, Math.min(rooms.length, Math.round(capacity / mean)));
    const sketch = plainSketch(held);
    const windowRoom = Math.max(1, Math.floor(0.01 * capacity));
    const mainRoom = capacity - windowRoom;
    const protectedRoom = Math.floor(0.8 * mainRoom);
    // Newest first.
    let inWindow: number[] = [];
    let onProbation: number[] = [];
    let isProtected: number[] = [];
    const total = (list: number[]): number => list.reduce((sum, id) => sum + roomOf(id), 0);
    const toMain = (candidate: number): void => {
      if (roomOf(candidate) > mainRoom) return;
      const oldestFirst = [...onProbation.toReversed(), ...isProtected.toReversed()];
      const victims: number[] = [];
      while (total(oldestFirst) - total(victims) + roomOf(candidate) > mainRoom)
        victims.push(oldestFirst[victims.length]!);
      const theirs = victims.reduce((sum, id) => sum + sketch.count(id), 0);
      if (victims.length > 0 && sketch.count(candidate) <= theirs) return;
      isProtected = isProtected.filter((id) => !victims.includes(id));
      onProbation = [candidate, ...onProbation.filter((id) => !victims.includes(id))];
    };
    return (id) => {
      sketch.add(id);
      const without = (list: number[]): number[] => list.filter((other) => other !== id);
      if (inWindow.includes(id)) {
        inWindow = [id, ...without(inWindow)];
        return true;
      }
      if (onProbation.includes(id) || isProtected.includes(id)) {
        onProbation = without(onProbation);
        isProtected = without(isProtected);
        if (roomOf(id) > protectedRoom) onProbation.unshift(id);
        else isProtected.unshift(id);
        while (total(isProtected) > protectedRoom) onProbation.unshift(isProtected.pop()!);
        return true;
      }
      if (roomOf(id) > windowRoom) toMain(id);
      else inWindow.unshift(id);
      while (total(inWindow) > windowRoom) toMain(inWindow.pop()!);
      return false;
    };
  });
});

test('of a hot set of 50 among 10,000 scanned once, a cache of 100 loses at most one object', () => {
  const hot = Array.from({ length: 20 * 50 }, (_, at) => at % 50);
  const scan = Array.from({ length: 10_000 }, (_, at) => 50 + at);
  const ids = Int32Array.from([...hot, ...scan]);
  const setting = { capacity: 100, objects: 10_050, bytes: null, seed: 1, tickMs: 1000 };
  const cache = wTinyLfu.create(setting);
  // The scan is ten samples long: each counter is halved many times, and still no scanned object beats one of the hot.
  cache.run(ids, 0, ids.length, null);
  const kept = Array.from({ length: 50 }, (_, id) => id).filter((id) => cache.has(id));
  expect(kept.length).toBeGreaterThanOrEqual(49);
});

test('another seed moves the collisions: hits differ a little, not much', () => {
  const random = randomStream(5, 'trace');
  const ids = Int32Array.from({ length: 20_000 }, () => Math.floor(1000 * random() ** 3));
  const hits = [1, 1, 2, 3, 4].map((seed) =>
    wTinyLfu
      .create({ capacity: 50, objects: 1000, bytes: null, seed, tickMs: 1000 })
      .run(ids, 0, ids.length, null),
  );
  expect(hits[1]).toBe(hits[0]);
  expect(new Set(hits).size).toBeGreaterThan(2);
  expect(Math.max(...hits) - Math.min(...hits)).toBeLessThan(400);
});
