import { describe, expect, test } from 'vitest';
import { PolicyError, resolvePolicy } from './policy.ts';
import { PRESETS } from './presets.ts';

function reasons(input: unknown): string[] {
  try {
    resolvePolicy(input);
  } catch (error) {
    if (error instanceof PolicyError) return error.reasons;
    throw error;
  }
  return [];
}

describe('presets', () => {
  test.each(PRESETS)('$name resolves, and says what a write does', ({ name }) => {
    const policy = resolvePolicy(name);
    expect(policy).toMatchObject({ name, preset: name });
    expect(policy.invalidation).toMatch(/\w.*\.$/);
  });

  test('names are unique and fit into a URL', () => {
    const names = PRESETS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9+-]+$/);
  });
});

describe('a policy that is asked for', () => {
  test('a preset with overrides is named after both', () => {
    const policy = resolvePolicy({ preset: 'cached', overrides: { ttlMs: 60_000 } });
    expect(policy.name).toBe('cached(ttlMs=60000)');
    expect(policy.settings).toMatchObject({
      store: 'redis',
      ttlMs: 60_000,
      invalidate: 'none',
      query: 'naive',
    });
  });

  test('an unknown preset is refused with the names that exist', () => {
    expect(reasons('cachd').join()).toMatch(/"cachd" is unknown; known: uncached, joined, cached/);
  });

  test('every wrong setting is reported at once', () => {
    const overrides = { ttlMs: 5, store: 'disk', colour: 'red' };
    const found = reasons({ preset: 'cached', overrides });
    expect(found).toHaveLength(3);
    expect(found.join('\n')).toMatch(/colour[^]*store[^]*ttlMs/);
  });

  test('every combination that makes no sense is reported at once', () => {
    const found = reasons({ preset: 'uncached', overrides: { ttlMs: 500, invalidate: 'delete' } });
    expect(found).toHaveLength(2);
    expect(found.join('\n')).toMatch(/needs store "redis"[^]*has no effect with store "none"/);
  });

  const lock = { lockTtlMs: 1000, lockWaitMs: 1000 };
  test.each([
    ['uncached', { jitter: 0.1 }, ['jitter 0.1 needs store']],
    ['uncached', { staleWhileRevalidateMs: 5 }, ['staleWhileRevalidateMs 5 needs store']],
    ['uncached', { staleIfErrorMs: 5 }, ['staleIfErrorMs 5 needs store']],
    ['uncached', { refreshAhead: 0.5 }, ['refreshAhead 0.5 needs store']],
    ['uncached', { xfetchBeta: 1 }, ['xfetchBeta 1 needs store']],
    ['uncached', { coalesce: 'process' }, ['coalesce "process" needs store']],
    ['uncached', { gate: 'lock', ...lock }, ['gate "lock" needs store']],
    ['static', { fence: 'version-key' }, ['fence "version-key" needs store']],
    ['cached', { gate: 'lease' }, ['needs lockTtlMs', 'needs lockWaitMs']],
    ['cached', { gate: 'lock-naive' }, ['needs lockTtlMs']],
    ['cached', lock, ['lockTtlMs 1000 has no effect', 'lockWaitMs 1000 has no effect']],
    ['lock', { lockTtlMs: 99 }, ['lockTtlMs: from 100']],
    ['lock', { onLockTimeout: 'stale' }, ['else no old page is kept']],
    ['lock-naive', { onLockTimeout: 'fail' }, ['needs gate "lock" or "lease"']],
    ['refresh-ahead', { xfetchBeta: 1 }, ['both refresh early: choose one']],
    ['refresh-ahead', { refreshAhead: 0.05 }, ['refreshAhead: ']],
    ['invalidated', { invalidate: 'double-delete' }, ['needs doubleDeleteMs']],
    ['invalidated', { doubleDeleteMs: 500 }, ['has no effect with invalidate "delete"']],
    ['invalidated', { invalidate: 'soft-purge' }, ['needs staleWhileRevalidateMs']],
    ['cached', { fence: 'floor' }, ['only they raise the floor']],
    ['lease', { fence: 'floor' }, ['do the same: choose one']],
    ['invalidated', { fence: 'version-key' }, ['each version has a key of its own']],
    ['jitter', { jitter: 1.5 }, ['jitter: ']],
    ['uncached', { body: 'identity' }, ['body "identity" needs store']],
    ['joined', { isolation: 'read-committed' }, ['needs query "naive"']],
    ['uncached', { negativeTtlMs: 300_000 }, ['negativeTtlMs 300000 needs store']],
    ['negative', { ttlMs: 60_000 }, ['negativeTtlMs 300000 is longer than ttlMs 60000']],
    ['static', { l1TtlMs: 1000 }, ['l1TtlMs 1000 needs store']],
    ['l1', { ttlMs: 500 }, ['l1TtlMs 1000 is longer than ttlMs 500']],
    ['l1', { l1TtlMs: null }, ['needs l1TtlMs: there is nothing to evict']],
    ['l1', { invalidate: 'none' }, ['nothing would be published']],
    ['version-key', { l1TtlMs: 1000 }, ['skips the version']],
    [
      'bloom',
      { admission: { filter: 'bloom', capacity: 0, falsePositiveRate: 0.01 } },
      ['capacity'],
    ],
  ])('%s with %j is refused', (preset, overrides, expected) => {
    const found = reasons({ preset, overrides });
    expect(found).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text);
  });

  test('a Redis cache without a TTL is refused: it would leak', () => {
    expect(reasons({ preset: 'cached', overrides: { ttlMs: null } })).toHaveLength(1);
  });

  test.each([[undefined], [null], [7], [[]], [{}], [{ preset: 'cached', more: 1 }]])(
    '%j is refused',
    (input) => {
      expect(reasons(input).length).toBeGreaterThan(0);
    },
  );

  test('names from Object.prototype are no settings', () => {
    const overrides: unknown = JSON.parse('{"constructor": 1, "__proto__": 2}');
    expect(reasons({ preset: 'cached', overrides }).join()).toMatch(/"constructor" is unknown/);
  });
});
