import { expect, test } from 'vitest';
import { ARMS } from '../../scenarios/failure-matrix/arms.ts';
import { type MadeUpArm, madeUpRun } from '../fixtures/runs.ts';
import { judgeMatrix } from './failure-matrix.ts';

function found(lost: number, repairMs: number[]): MadeUpArm {
  return {
    p50Ms: [1],
    findings: {
      totals: { reads: 400, staleReads: 9, writes: 5, lost },
      samples: { repairMs, openMs: [], longestAgeMs: [300] },
      series: [],
      notes: [],
    },
  };
}

/** Ours repair within 200 ms, the control loses all. */
const good = Object.fromEntries([
  ...ARMS.filter((arm) => arm.policy === 'outbox' || arm.policy === 'hardened').map((arm) => [
    arm.name,
    found(0, [0, 200]),
  ]),
  ['event-driven-listener-killed', found(5, [])],
]);
const passed = (arms: Record<string, MadeUpArm>): boolean => judgeMatrix(madeUpRun(arms)).passed;

test('26 rows of ours within 1200 ms pass beside a control that loses its changes', () => {
  const { lines } = judgeMatrix(madeUpRun(good));
  expect(lines).toHaveLength(27);
  expect(lines.join('\n')).toContain(
    'outbox, old-snapshot: 0 of 5 changes lost, others gone within 200 ms of change and heal (bound 1200 ms: kept; n = 1)',
  );
  expect(passed(good)).toBe(true);
});

test('one change lost, one repair of 1201 ms, a row without a trial, or a control that loses none: failed', () => {
  expect(passed({ ...good, 'outbox-redis-frozen': found(1, [0]) })).toBe(false);
  expect(passed({ ...good, 'hardened-app-killed': found(0, [1201]) })).toBe(false);
  const { 'outbox-none': _missing, ...rest } = good;
  expect(passed(rest)).toBe(false);
  expect(passed({ ...good, 'event-driven-listener-killed': found(0, [10]) })).toBe(false);
});
