import { expect, test } from 'vitest';
import { staticBytes } from './static-bytes.ts';
import { countingLoad, strategyContract } from './strategy.contract.ts';

strategyContract('static', () => staticBytes({ now: Date.now }));

test('the first bytes are sent for ever, also a year later and after a write', async () => {
  let nowMs = 0;
  const strategy = staticBytes({ now: () => nowMs });
  const { load, loads } = countingLoad();
  await strategy.get('key', load);
  nowMs += 365 * 86_400_000;
  expect(await strategy.afterWrite('key')).toBe(false);
  expect(await strategy.get('key', load)).toMatchObject({ outcome: 'hit', loaded: null });
  expect(loads()).toBe(1);
});
