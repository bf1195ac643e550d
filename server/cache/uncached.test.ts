import { expect, test } from 'vitest';
import { countingLoad, strategyContract } from './strategy.contract.ts';
import { uncached } from './uncached.ts';

strategyContract('uncached', () => uncached({ now: Date.now }));

test('5 reads are 5 loads, all of them past the cache', async () => {
  const strategy = uncached({ now: Date.now });
  const { load, loads } = countingLoad();
  for (let read = 0; read < 5; read += 1)
    expect((await strategy.get('key', load)).outcome).toBe('bypass');
  expect(loads()).toBe(5);
});
