import { describe, expect, test } from 'vitest';
import { FIRST_KNOBS, type Knobs } from '../contract.ts';
import {
  changes,
  latencyRange,
  longestLifeMs,
  policyRequest,
  refusedPolicy,
  shapesDiffer,
  turned,
} from './knobs.ts';
import { RefusalError } from './refusal.ts';

function refusal(patch: unknown): RefusalError {
  try {
    turned(FIRST_KNOBS, patch);
  } catch (error) {
    if (error instanceof RefusalError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a turn of knobs', () => {
  test.each<[Partial<Knobs>]>([
    [{ ttlSeconds: 1, jitter: 0.5 }],
    [{ ttlSeconds: null, gate: 'lease', invalidate: null }],
    [{ readsPerSecond: 0, writesPerMinute: 600, otherStoresShare: 1 }],
    [{ maxmemoryMb: 512, maxmemoryPolicy: 'allkeys-lfu', dbLatencyMs: 0 }],
    [{}],
  ])('with %j is taken as it is, and the others stay', (patch) => {
    expect(turned(FIRST_KNOBS, patch)).toEqual({ ...FIRST_KNOBS, ...patch });
  });

  test.each([
    ['ttlSeconds', 0, 'a number from 1 to 3600, or null'],
    ['ttlSeconds', 3601, 'a number from 1 to 3600'],
    ['jitter', 0.51, 'a number from 0 to 0.5'],
    ['maxmemoryMb', '64', 'a number from 1 to 512, or null for no limit'],
    ['readsPerSecond', null, 'a number from 0 to 200:'],
    ['readsPerSecond', 0.05, '0 or 0.1 to 200'],
    ['readsPerSecond', Number.NaN, 'a number from 0 to 200'],
    ['dbLatencyMs', -1, 'a number from 0 to 50'],
    ['gate', 'mutex', 'one of none, lock, lock-naive, lease, or null'],
    ['preset', 'toString', 'one of uncached, joined, cached'],
    ['maxmemoryPolicy', null, 'one of noeviction'],
  ])(
    'that sets %s to %j is refused by a sentence with the value and what is allowed',
    (name, value, allowed) => {
      const { error, about, status } = refusal({ [name]: value });
      expect(error).toContain(`${name} is ${JSON.stringify(value)}; allowed is ${allowed}`);
      expect({ about, status }).toEqual({ about: name, status: 400 });
    },
  );

  test('names every wrong value, and a knob that there is not; with one wrong value none is taken', () => {
    const { error, about } = refusal({ ttlSeconds: 10, jitter: 7, constructor: 1 });
    expect(error).toContain('jitter is 7');
    expect(error).toContain('There is no knob "constructor": turn one of preset, ttlSeconds');
    expect(about).toBe('jitter');
  });

  test.each([[null], [[]], ['x'], [3]])('that is %j, no object, is refused', (patch) => {
    expect(refusal(patch).error).toContain('it has to be an object with knobs');
  });
});

describe('the policy that the servers are asked for', () => {
  const of = (patch: Partial<Knobs>): Record<string, unknown> =>
    policyRequest({ ...FIRST_KNOBS, ...patch }).overrides;

  test('is the preset alone while no knob is turned away from its own', () => {
    expect(policyRequest({ ...FIRST_KNOBS, preset: 'lease' })).toEqual({
      preset: 'lease',
      overrides: {},
    });
  });

  test('has what a gate needs, and loses what it leaves without use', () => {
    expect(of({ preset: 'cached', gate: 'lease' })).toEqual({
      gate: 'lease',
      lockTtlMs: 10_000,
      lockWaitMs: 5000,
    });
    expect(of({ preset: 'cached', gate: 'lock-naive' })).toEqual({
      gate: 'lock-naive',
      lockTtlMs: 10_000,
    });
    expect(of({ preset: 'hardened', gate: 'none' })).toEqual({
      gate: 'none',
      lockTtlMs: null,
      lockWaitMs: null,
      onLockTimeout: 'load',
    });
    expect(of({ preset: 'lock', gate: 'lease' })).toEqual({ gate: 'lease' });
  });

  test('deletes a second time after 500 ms, and never without double-delete', () => {
    expect(of({ preset: 'cached', invalidate: 'double-delete' })).toEqual({
      invalidate: 'double-delete',
      doubleDeleteMs: 500,
    });
    expect(of({ preset: 'double-delete', invalidate: 'delete' })).toEqual({
      invalidate: 'delete',
      doubleDeleteMs: null,
    });
  });

  test('has lives in whole milliseconds', () => {
    expect(of({ preset: 'cached', ttlSeconds: 1.0004 })).toEqual({ ttlMs: 1000 });
  });

  test('that is refused says which knob it is about, why, and that nothing was changed', () => {
    const before = { ...FIRST_KNOBS, ttlSeconds: 10 };
    const after: Knobs = { ...before, gate: 'lock' };
    const { error, about } = refusedPolicy(['gate "lock" needs store "redis"'], before, after);
    expect(about).toBe('gate');
    expect(error).toBe(
      'Preset uncached does not go with ttlSeconds 10, gate lock: gate "lock" needs store "redis". Nothing was changed: set ttlSeconds, gate back to the preset’s own (null), or choose another preset.',
    );
  });
});

test('a latency of 7.5 ms is the 5 to 10 ms of the story; 0 adds nothing', () => {
  expect(latencyRange(7.5)).toEqual({ minMs: 5, maxMs: 10 });
  expect(latencyRange(0)).toEqual({ minMs: 0, maxMs: 0 });
});

test('copies are thrown away when their life changes, not when their gate does', () => {
  const settings = { store: 'redis', ttlMs: 1000, jitter: 0, gate: 'none' };
  expect(shapesDiffer(settings, { ...settings, ttlMs: 2000 })).toBe(true);
  expect(shapesDiffer(settings, { ...settings, gate: 'lock' })).toBe(false);
});

test('the longest life of a copy counts its jitter, its windows and the notes of absent stores', () => {
  expect(longestLifeMs({ ttlMs: null, jitter: 0 })).toBe(0);
  expect(longestLifeMs({ ttlMs: 1000, jitter: 0.5, staleIfErrorMs: 600 })).toBe(2100);
  expect(longestLifeMs({ ttlMs: 1000, jitter: 0, negativeTtlMs: 300_000 })).toBe(300_000);
});

test('a mark tells what was turned: null is the preset’s own, and no limit of memory', () => {
  const after: Knobs = { ...FIRST_KNOBS, preset: 'lease', readsPerSecond: 20 };
  expect(changes(FIRST_KNOBS, after)).toEqual({
    names: ['preset', 'readsPerSecond'],
    detail: 'preset=lease, readsPerSecond=20',
  });
  const limited = { ...FIRST_KNOBS, maxmemoryMb: 3, ttlSeconds: 4 };
  expect(changes(limited, FIRST_KNOBS).detail).toBe('ttlSeconds=own, maxmemoryMb=none');
});
