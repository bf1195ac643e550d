import { expect, test } from 'vitest';
import { LabError } from '../errors.ts';
import { parseRecommendOptions } from './recommend-options.ts';
import { openRequests, recommendFor } from './recommend.ts';

async function ask(flags: Record<string, string>) {
  const options = parseRecommendOptions({ threads: '1', ...flags });
  return recommendFor(await openRequests(options), options);
}

const PAGES = 'stores:objects=200,requests=3000,rate=50,size=40000,updates=0.01';

test('a team that cannot invalidate gets the longest TTL that keeps its promise, with all that goes with it', async () => {
  const asked = { generate: PAGES, maxStale: '12s', memory: '16mb', loadMs: '200' };
  const { chosen, policy, redisConf, stampede, avalanche, invalidation, source } = await ask(asked);
  // (12,000 − 200) / 1.1 = 10,727.
  expect(chosen).toMatchObject({ way: 'cached', ttlMs: 10_000, boundMs: 11_200 });
  // The hottest of 200 pages by Zipf's law has a sixth of 50 reads a second.
  expect(stampede.defence).toBe('single-flight');
  expect(stampede.loadsPerExpiry).toBeGreaterThan(2.3);
  expect(policy).toEqual({
    preset: 'cached',
    overrides: { ttlMs: 10_000, jitter: 0.1, coalesce: 'process' },
  });
  expect(redisConf.slice(0, 3)).toEqual([
    'maxmemory 16mb',
    `maxmemory-policy ${chosen!.policy}`,
    'maxmemory-samples 5',
  ]);
  // K / (2·j·ttl) with 10 s ± 10 %.
  expect(avalanche!.perSecond).toBeCloseTo(avalanche!.copies / 2, 9);
  expect(invalidation).toMatch(/^None: an old page/);
  expect(source.notes.join(' ')).not.toMatch(/no sizes|Nothing changes/);
});

test('a team that can invalidate gets a preset that deletes, and lives as long as the trace', async () => {
  const asked = { generate: PAGES, maxStale: '1s', memory: '64mb', loadMs: '200' };
  const { chosen, bindings, policy } = await ask({ ...asked, invalidation: 'yes' });
  expect(['fence', 'lease', 'outbox']).toContain(chosen!.way);
  expect(chosen!.ttlMs).toBeGreaterThan(50_000);
  expect(chosen!.boundMs).toBeLessThanOrEqual(1000);
  expect(policy!.preset).toBe(chosen!.way);
  expect(bindings).toEqual([]);
});

test('where nothing will do it says which constraint binds', async () => {
  const asked = { generate: PAGES, maxStale: '12s', memory: '16mb', loadMs: '200', dbRps: '5' };
  const { chosen, bindings, policy, redisConf, byWay } = await ask(asked);
  expect([chosen, policy, redisConf]).toEqual([null, null, []]);
  expect(bindings.map(({ constraint }) => constraint)).toEqual(['db-rps']);
  expect(bindings[0]!.needed % 114).toBe(0);
  expect(byWay).toHaveLength(4);
});

test('a trace without sizes or changes is told so, one without times is refused', async () => {
  const bare = 'zipf:objects=100,requests=500';
  const asked = { maxStale: '5s', memory: '16mb' };
  const { source } = await ask({ ...asked, generate: `${bare},rate=50`, valueBytes: '700' });
  expect(source.notes.join(' ')).toMatch(/each value is taken for 700 bytes.*Nothing changes/);
  const refused = ask({ ...asked, generate: bare });
  await expect(refused).rejects.toThrow(/no times/);
  await expect(refused).rejects.toBeInstanceOf(LabError);
});
