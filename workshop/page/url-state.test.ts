import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_KNOBS, type Knobs } from '../contract.ts';
import { differences, hashOf, knobsOf } from './url-state.ts';

const knobs = fc.record<Knobs>({
  preset: fc.constantFrom('uncached', 'lock+single-flight', 'l1'),
  ttlSeconds: fc.option(fc.integer({ min: 1, max: 3600 })),
  jitter: fc.option(fc.constantFrom(0, 0.1, 0.5)),
  coalesce: fc.constantFrom(null, 'none', 'process'),
  gate: fc.constantFrom(null, 'none', 'lock', 'lock-naive', 'lease'),
  invalidate: fc.constantFrom(null, 'none', 'delete', 'outbox'),
  maxmemoryMb: fc.option(fc.integer({ min: 1, max: 512 })),
  maxmemoryPolicy: fc.constantFrom('noeviction', 'allkeys-lfu'),
  readsPerSecond: fc.integer({ min: 0, max: 200 }),
  writesPerMinute: fc.integer({ min: 0, max: 600 }),
  otherStoresShare: fc.constantFrom(0, 0.25, 1),
  dbLatencyMs: fc.constantFrom(0, 7.5, 50),
});

describe('the state in the link', () => {
  test('a link gives back the very knobs that it was made of', () => {
    fc.assert(
      fc.property(knobs, (given) => {
        const hash = hashOf(given);
        expect(knobsOf(`#${hash}`) ?? FIRST_KNOBS).toEqual(given);
      }),
    );
  });

  test('the room as it opens has an empty link', () => {
    expect(hashOf(FIRST_KNOBS)).toBe('');
    expect(knobsOf('')).toBeNull();
  });

  test.each([
    '#ttlSeconds=3601',
    '#ttlSeconds=',
    '#readsPerSecond=1e9',
    '#readsPerSecond=null',
    '#gate=<img src=x>',
    '#preset="><script>',
    '#toString=1',
    '#look',
  ])('what no room knows is left out: %s', (hash) => {
    expect(knobsOf(hash)).toBeNull();
  });

  test('a plus in a link that was typed by hand is a plus', () => {
    expect(knobsOf('#preset=lock+single-flight')?.preset).toBe('lock+single-flight');
  });

  test('only the knobs that differ from the room are offered', () => {
    const wanted = { ...FIRST_KNOBS, preset: 'cached', ttlSeconds: 60 };
    const present = { ...FIRST_KNOBS, preset: 'cached', readsPerSecond: 20 };
    expect(differences(wanted, present)).toEqual({ ttlSeconds: 60, readsPerSecond: 5 });
  });
});
