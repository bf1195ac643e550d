import { expect, test } from 'vitest';
import { ARMS } from '../../scenarios/degradation/arms.ts';
import { type MadeUpArm, madeUpRun } from '../fixtures/runs.ts';
import { judgeDegradation } from './degradation.ts';

/** 1,000 undisturbed pages of 20 ms, 1,000 during the fault. */
function found(one: {
  answered?: number;
  failed?: number;
  faultMs?: number;
  recovery?: number;
}): MadeUpArm {
  const { answered = 1000, failed = 0, faultMs = 150, recovery = 1 } = one;
  return {
    p50Ms: [1],
    findings: {
      totals: {
        ...{ quietPages: 1000, quietAnswered: 1000, quietFailed: 0 },
        ...{ faultPages: 1000, faultAnswered: answered, faultFailed: failed },
        ...{ afterPages: 1000, afterAnswered: 1000 },
      },
      samples: {
        quietMs: Array.from({ length: 1000 }, () => 20),
        faultMs: Array.from({ length: 1000 - failed }, () => faultMs),
        recoverySeconds: [recovery],
      },
      series: [],
      notes: [],
    },
  };
}

const bare = { answered: 300, faultMs: 4000 };
const good = Object.fromEntries(
  ARMS.filter(({ name }) => /^(full|none)-/.test(name)).map(({ name }) => [
    name,
    found(name.startsWith('none') ? bare : {}),
  ]),
);
const passed = (changes: Record<string, MadeUpArm>): boolean =>
  judgeDegradation(madeUpRun({ ...good, ...changes })).passed;

test('10 faults with full protection that hold, beside bare ones that do not, pass', () => {
  const { lines, passed: all } = judgeDegradation(madeUpRun(good));
  expect(lines.filter((line) => line.endsWith(': holds'))).toHaveLength(10);
  expect(lines.join('\n')).toContain(
    'full, redis-frozen: 2000 of 2000 pages within 2 s, 100.00 % (99.85 % to 100.00 %, at least 99.90 %); p99 130 ms longer than 20 ms (at most 150); well again after 1.0 s (at most 5); n = 1 trials: holds',
  );
  expect(all).toBe(true);
});

test('3 pages of 2,000 lost, 161 ms longer, 5.1 s until well: each fails', () => {
  expect(passed({ 'full-redis-killed': found({ answered: 998 }) })).toBe(true);
  expect(passed({ 'full-redis-killed': found({ answered: 997 }) })).toBe(false);
  expect(passed({ 'full-redis-killed': found({ faultMs: 180 }) })).toBe(true);
  expect(passed({ 'full-redis-killed': found({ faultMs: 181 }) })).toBe(false);
  expect(passed({ 'full-redis-killed': found({ recovery: 5.1 }) })).toBe(false);
});

test('2 % of the pages without an answer have no p99, so the promise is broken there', () => {
  const { lines } = judgeDegradation(
    madeUpRun({ ...good, 'full-redis-killed': found({ answered: 980, failed: 20 }) }),
  );
  expect(lines.find((line) => line.startsWith('full, redis-killed'))).toMatch(
    /p99 without an answer.*breaks availability, extra latency$/,
  );
});

test('a fault without a trial, or a bare store that feels nothing, fails', () => {
  const { 'full-both-away': _missing, ...rest } = good;
  expect(judgeDegradation(madeUpRun(rest)).passed).toBe(false);
  expect(passed({ 'none-redis-frozen': found({}) })).toBe(false);
});
