import { z } from 'zod';
import { leaseGate } from './lease.ts';
import { lockGate } from './lock.ts';
import { naiveLockGate } from './lock-naive.ts';
import type { Part } from './part.ts';
import type { PolicySettings } from './registry.ts';

/** Which of all processes may load a page that is missing, and how long the others wait. */

export const gate: Part<'none' | 'lock-naive' | 'lock' | 'lease'> = {
  about:
    'who may load, of all processes: all, the holder of a lock (as often published, or done right), or of a lease',
  schema: z.enum(['none', 'lock-naive', 'lock', 'lease']),
  fallback: 'none',
  conflicts(settings) {
    const { gate: kind, store, lockTtlMs: life, lockWaitMs: wait } = settings;
    if (kind === 'none') return [];
    const problems: string[] = [];
    if (store !== 'redis') problems.push(`gate "${kind}" needs store "redis", not "${store}"`);
    if (life === null) problems.push(`gate "${kind}" needs lockTtlMs, e.g. 10000`);
    if (wait === null && kind !== 'lock-naive')
      problems.push(`gate "${kind}" needs lockWaitMs, e.g. 5000: nobody is to wait for ever`);
    return problems;
  },
  tune(slots, settings, services) {
    const { gate: kind } = settings;
    if (kind !== 'none') slots.names.push(kind);
    if (kind === 'lock-naive') naiveLockGate(slots, settings, services);
    if (kind === 'lock') lockGate(slots, settings, services);
    if (kind === 'lease') leaseGate(slots, settings, services);
  },
};

const withoutGate = (name: 'lockTtlMs' | 'lockWaitMs', settings: PolicySettings): string[] =>
  settings.gate === 'none' && settings[name] !== null
    ? [`${name} ${settings[name]} has no effect with gate "none"`]
    : [];

export const lockTtlMs: Part<number | null> = {
  about: 'after how many ms a lock or lease ends by itself, from 100',
  schema: z
    .number('a number from 100 to 600000')
    .int()
    .min(100, 'from 100: a shorter one ends before any load')
    .max(600_000)
    .nullable(),
  fallback: null,
  conflicts: (settings) => withoutGate('lockTtlMs', settings),
};

export const lockPollMs: Part<number> = {
  about: 'how often those who wait look again, in ms',
  schema: z.number().int().min(1).max(10_000),
  fallback: 50,
};

export const lockWaitMs: Part<number | null> = {
  about: 'longest wait for the load of another, in ms; null: no end (gate "lock-naive" only)',
  schema: z.number().int().min(0).max(600_000).nullable(),
  fallback: null,
  conflicts: (settings) => withoutGate('lockWaitMs', settings),
};

export const onLockTimeout: Part<'load' | 'stale' | 'fail'> = {
  about:
    'after that wait: load oneself, send the old page (or load if there is none), or answer 503',
  schema: z.enum(['load', 'stale', 'fail']),
  fallback: 'load',
  conflicts(settings) {
    const { onLockTimeout: value, gate: kind } = settings;
    if (value === 'load') return [];
    if (kind === 'none' || kind === 'lock-naive')
      return [`onLockTimeout "${value}" needs gate "lock" or "lease", not "${kind}"`];
    const windows = settings.staleWhileRevalidateMs !== null || settings.staleIfErrorMs !== null;
    if (value === 'stale' && kind === 'lock' && !windows)
      return [
        'onLockTimeout "stale" with gate "lock" needs staleWhileRevalidateMs or staleIfErrorMs: else no old page is kept',
      ];
    return [];
  },
};
