import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallTraces } from '../fixtures/traces.ts';
import type { Cache, CacheSetting } from './policy.ts';
import { infinite } from './infinite.ts';
import { POLICIES } from './registry.ts';

/** What every policy promises, whatever it evicts. */
describe.each(POLICIES)('$name', (policy) => {
  const made = (setting: Partial<CacheSetting> & { capacity: number; objects: number }): Cache =>
    policy.create({ bytes: null, seed: 1, tickMs: 1000, ...setting });
  const ticksOf = (ids: Int32Array): Uint32Array => Uint32Array.from(ids, (_, at) => at >> 2);
  /** What it may hold: only the infinite cache ignores its capacity. */
  const limit = (capacity: number): number => (policy === infinite ? Infinity : capacity);
  const residents = (cache: Cache, objects: number): number =>
    Array.from({ length: objects }, (_, id) => id).filter((id) => cache.has(id)).length;

  test('never holds more than its capacity, and counts what it holds', () => {
    fc.assert(
      fc.property(smallTraces, ({ ids, objects, capacity }) => {
        const cache = made({ capacity, objects });
        const ticks = ticksOf(ids);
        let most = 0;
        for (let at = 0; at < ids.length; at += 1) {
          cache.run(ids, at, at + 1, ticks);
          most = Math.max(most, cache.used);
        }
        expect(most).toBeLessThanOrEqual(limit(capacity));
        expect(cache.used).toBe(residents(cache, objects));
      }),
    );
  });

  test('a request hits if and only if its object was resident', () => {
    fc.assert(
      fc.property(smallTraces, ({ ids, objects, capacity }) => {
        const cache = made({ capacity, objects });
        const ticks = ticksOf(ids);
        const resident: boolean[] = [];
        const hit: boolean[] = [];
        for (let at = 0; at < ids.length; at += 1) {
          resident.push(cache.has(ids[at]!));
          hit.push(cache.run(ids, at, at + 1, ticks) === 1);
        }
        expect(hit).toEqual(resident);
      }),
    );
  });

  test('blocks of any length give the hits of one long run', () => {
    fc.assert(
      fc.property(smallTraces, fc.integer({ min: 1, max: 50 }), (trace, block) => {
        const { ids, objects, capacity } = trace;
        const ticks = ticksOf(ids);
        const whole = made({ capacity, objects }).run(ids, 0, ids.length, ticks);
        const cache = made({ capacity, objects });
        let hits = 0;
        for (let at = 0; at < ids.length; at += block)
          hits += cache.run(ids, at, Math.min(ids.length, at + block), ticks);
        expect(hits).toBe(whole);
      }),
    );
  });

  test('with room for all objects only their first requests miss', () => {
    fc.assert(
      fc.property(smallTraces, ({ ids, objects }) => {
        const cache = made({ capacity: objects, objects });
        expect(cache.run(ids, 0, ids.length, ticksOf(ids))).toBe(ids.length - objects);
      }),
    );
  });

  test('a removed object misses once, and its room is free', () => {
    fc.assert(
      fc.property(smallTraces, fc.nat(), ({ ids, objects, capacity }, drawn) => {
        const cache = made({ capacity, objects });
        cache.run(ids, 0, ids.length, ticksOf(ids));
        const gone = drawn % objects;
        const before = cache.used;
        const resident = cache.has(gone);
        cache.remove(gone);
        expect(cache.has(gone)).toBe(false);
        expect(cache.used).toBe(before - (resident ? 1 : 0));
        const again = Int32Array.from([...ids, gone]);
        expect(cache.run(again, ids.length, again.length, ticksOf(again))).toBe(0);
        expect(cache.used).toBeLessThanOrEqual(limit(capacity));
      }),
    );
  });

  test('sizes in bytes are kept to the byte, and an object larger than the cache is never admitted', () => {
    const sizes = fc.array(fc.nat({ max: 9 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(smallTraces, sizes, ({ ids, objects, capacity }, drawn) => {
        const bytes = Uint32Array.from(drawn.slice(0, objects));
        const cache = made({ capacity, objects, bytes });
        const ticks = ticksOf(ids);
        const used: number[] = [];
        const held: number[] = [];
        for (let at = 0; at < ids.length; at += 1) {
          cache.run(ids, at, at + 1, ticks);
          used.push(cache.used);
          held.push(
            bytes.reduce((sum, size, id) => sum + (cache.has(id) ? Math.max(1, size) : 0), 0),
          );
        }
        expect(used).toEqual(held);
        expect(Math.max(...used)).toBeLessThanOrEqual(limit(capacity));
      }),
    );
  });

  test('requests and removals in any order leave the count right, and only what was requested since is there', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 15 })), {
      maxLength: 100,
      size: 'max',
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 16 }), (drawn, capacity) => {
        const cache = made({ capacity, objects: 16 });
        const requested = new Set<number>();
        const ticks = Uint32Array.of(0);
        const used: number[] = [];
        const held: number[] = [];
        for (const [removed, id] of drawn) {
          if (removed) {
            cache.remove(id);
            requested.delete(id);
          } else {
            const hits = cache.run(Int32Array.of(id), 0, 1, ticks);
            if (!requested.has(id)) expect(hits).toBe(0);
            requested.add(id);
          }
          used.push(cache.used);
          held.push(residents(cache, 16));
        }
        expect(used).toEqual(held);
        expect(Math.max(0, ...used)).toBeLessThanOrEqual(limit(capacity));
      }),
    );
  });

  test('says which variant it is and where it was described', () => {
    expect(policy.source.url).toMatch(/^https:\/\//);
    expect(policy.variant.length).toBeGreaterThan(20);
  });
});

test('no two policies share a name', () => {
  const names = POLICIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
