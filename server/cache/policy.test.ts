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
