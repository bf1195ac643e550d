import { describe, expect, test } from 'vitest';
import { judgeDurability, type Write } from './durability.ts';

/** Writes acknowledged 10 ms apart, from 10 ms on; `!` in front: never acknowledged. */
function journal(...lines: string[]): Write[] {
  return lines.map((line, index) => {
    const [key = '', value] = line.replace('!', '').split('=');
    return { key, value: value ?? null, ackMs: line.startsWith('!') ? null : (index + 1) * 10 };
  });
}

const there = (...entries: string[]): Map<string, string> =>
  new Map(entries.map((entry) => entry.split('=') as [string, string]));

const NOTHING = { lost: 0, missing: 0, old: 0, resurrected: 0, foreign: 0, holes: 0, windowMs: 0 };

describe('acknowledged writes against what is read back', () => {
  test('all three are there: none of 3 is lost', () => {
    expect(judgeDurability(journal('a=1', 'b=2', 'a=3'), there('a=3', 'b=2'), 100)).toEqual({
      ...NOTHING,
      acknowledged: 3,
    });
  });

  test('a key that is gone counts its 2 SETs, and the older was acknowledged 90 ms before the end', () => {
    expect(judgeDurability(journal('a=1', 'a=2', 'b=3'), there('b=3'), 100)).toMatchObject({
      ...{ lost: 2, missing: 1, old: 0, resurrected: 0, windowMs: 90 },
      holes: 2, // although `b`, written later, was kept
    });
  });

  test('an old value is back: the 1 newer write is lost', () => {
    expect(judgeDurability(journal('a=150', 'a=120'), there('a=150'), 100)).toMatchObject({
      ...{ lost: 1, old: 1, missing: 0, holes: 0, windowMs: 80 },
    });
  });

  test('a deleted key is back: its DEL is lost and the key is resurrected', () => {
    expect(judgeDurability(journal('a=150', 'a'), there('a=150'), 100)).toMatchObject({
      ...{ lost: 1, resurrected: 1, old: 0, missing: 0 },
    });
    expect(judgeDurability(journal('a=150', 'a'), there(), 100)).toMatchObject(NOTHING);
  });

  test('a write that was never acknowledged may be there or not', () => {
    const writes = journal('a=1', '!a=2', '!b=3');
    expect(judgeDurability(writes, there('a=1'), 100)).toMatchObject(NOTHING);
    expect(judgeDurability(writes, there('a=2', 'b=3'), 100)).toMatchObject(NOTHING);
  });

  test('a value of another key, and a key that nobody wrote, are foreign', () => {
    const found = judgeDurability(journal('a=1', 'b=2'), there('a=1', 'b=1', 'c=9'), 100);
    expect(found).toMatchObject({ foreign: 2, lost: 1 });
  });

  test('a lost suffix has no holes: 2 of 4 writes, from the third on', () => {
    const found = judgeDurability(journal('a=1', 'b=2', 'a=3', 'c=4'), there('a=1', 'b=2'), 100);
    expect(found).toMatchObject({ acknowledged: 4, lost: 2, holes: 0, windowMs: 70 });
  });

  test('that a deleted key is absent says nothing of when: no hole is seen in a lost first write', () => {
    const found = judgeDurability(journal('a=1', 'b=2', 'b'), there(), 100);
    expect(found).toMatchObject({ lost: 1, missing: 1, holes: 0 });
  });

  test('an absent key counts from its last DEL: in doubt nothing is lost', () => {
    expect(judgeDurability(journal('a=1', 'a', 'a=2', 'a'), there(), 100)).toMatchObject(NOTHING);
  });
});
