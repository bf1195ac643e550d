import { describe, expect, test } from 'vitest';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis } from '../../lab/result.ts';
import { judgeFailover } from '../../lab/verify/failover.ts';
import { ARMS, cellOf, nameOf } from './arms.ts';
import { longestGapMs, lostWrites } from './figures.ts';
import { answer, claims } from './judgement.ts';
import { bucketPages, recoveryMs } from './pages.ts';
import type { Write } from './writers.ts';

/** 100 writes a second, acknowledged at once but for those sent between two moments, in ms. */
function writes(seconds: number, gap: { fromMs: number; toMs: number }): Write[] {
  return Array.from({ length: seconds * 100 }, (_, index) => {
    const sentUs = index * 10_000;
    const silent = sentUs >= gap.fromMs * 1000 && sentUs < gap.toMs * 1000;
    return { key: `{a}:${index}`, sentUs, ackUs: silent ? null : sentUs };
  });
}

describe('figures of one trial', () => {
  test('the outage runs from the last acknowledgement before to the first after; to the end where none comes', () => {
    const gap = { fromMs: 2000, toMs: 5000 };
    expect(longestGapMs(writes(10, gap), 2_000_000, 10_000_000)).toBe(3010);
    expect(longestGapMs(writes(10, { fromMs: 2000, toMs: 10_000 }), 2e6, 10e6)).toBe(8010);
    expect(longestGapMs([], 2e6, 10e6)).toBe(8000);
  });

  test('lost is what was acknowledged and is not there; what was acknowledged after the return is told apart', () => {
    const all = writes(10, { fromMs: 2000, toMs: 5000 });
    // Gone: 50 from before the fault, none of which nobody knows, and 10 from after the return at 8 s.
    const there = all.filter(
      (_, index) => (index < 150 || index >= 200) && !(index >= 850 && index < 860),
    );
    const present = new Set(there.map(({ key }) => key));
    const count = { acked: 700, lost: 60, lostAfterReturn: 10 };
    expect(lostWrites(all, present, 8_000_000)).toEqual(count);
    expect(lostWrites(all, present, null)).toEqual({ ...count, lostAfterReturn: 0 });
    expect(lostWrites(all, new Set(all.map(({ key }) => key)), 0).lost).toBe(0);
  });

  test('the old hit ratio is back when it stays: 4 s after a fault whose first second back is still cold', () => {
    const outcome = (second: number): number => {
      if (second < 2) return 0;
      if (second < 5) return 7;
      return second === 5 ? 3 : 0;
    };
    const columns = Array.from({ length: 100 }, (_, index) => index / 10);
    const journal = {
      slugs: ['x'],
      reads: {
        startUs: columns.map((second) => second * 1e6 + 1),
        outcome: columns.map((second) => outcome(Math.floor(second))),
        measured: columns.map(() => 1),
      },
    } as unknown as Parameters<typeof bucketPages>[0][number];
    const buckets = bucketPages([journal], 0, 10);
    expect(buckets.degraded.reduce((sum, one) => sum + one, 0)).toBe(30);
    expect(recoveryMs(buckets, 2000)).toBe(4000);
    const cold = { ...buckets, hits: buckets.hits.map((hits, at) => (at < 4 ? hits : 0)) };
    expect(recoveryMs(cold, 2000)).toBeNull();
    const warm = { ...buckets, hits: buckets.reads };
    expect(recoveryMs(warm, 2000)).toBe(0);
  });
});

/** What one arm found in all of its trials. */
interface Found {
  trials?: number;
  failovers?: number;
  lost?: number;
  lostAfterReturn?: number;
  unanswered?: number;
  outageMs?: number;
}

function analysisOf(found: Record<string, Found>): Analysed {
  const arms = Object.entries(found).map(([arm, figures]) => {
    const { trials = 5, lost = 0, lostAfterReturn = lost, unanswered = 0 } = figures;
    const { failovers = trials, outageMs = 3000 } = figures;
    const each = (value: number): number[] => Array.from({ length: trials }, () => value);
    return {
      arm,
      trials: { valid: trials, invalid: 0, failed: 0, repeated: 0 },
      findings: {
        totals: {
          ...{ failovers, lost, lostAfterReturn, unanswered },
          ...{ acked: trials * 2000, pages: trials * 2200, degraded: trials * 300 },
        },
        samples: { outageMs: each(outageMs), lostWrites: each(lost / trials) },
        series: [],
        notes: [],
      },
    } as unknown as ArmAnalysis;
  });
  return { name: 'failover', arms } as unknown as Analysed;
}

const HOLDING: Record<string, Found> = Object.fromEntries(
  ['sentinel', 'cluster'].flatMap((topology) =>
    ['kill', 'freeze', 'cut'].map((fault) => [`${topology}-${fault}-recommended`, {}]),
  ),
);
const CONTROLS: Record<string, Found> = {
  'sentinel-freeze-default': { lost: 9000, outageMs: 8000 },
  'cluster-freeze-default': { lost: 4000, outageMs: 8000 },
};

describe('C16', () => {
  const verdictOf = (found: Record<string, Found>): string | undefined =>
    claims(analysisOf(found))[0]?.verdict;

  test('is confirmed when both elect another primary each time and nothing acknowledged is gone', () => {
    expect(verdictOf(HOLDING)).toBe('confirmed');
    const [claim] = claims(analysisOf(HOLDING));
    expect(claim?.figure).toContain('another primary in 30 of 30 trials (90.0 % to 100 %)');
  });

  test('depends on the client when that loses writes, or waits for the old primary', () => {
    expect(verdictOf({ ...HOLDING, ...CONTROLS })).toBe('depends');
    expect(verdictOf({ ...HOLDING, 'cluster-kill-default': { outageMs: 8000 } })).toBe('depends');
    expect(verdictOf({ ...HOLDING, 'cluster-kill-recommended': { failovers: 4 } })).toBe('depends');
  });

  test('is refuted without any election, and not judged without both kinds', () => {
    const none = Object.fromEntries(Object.keys(HOLDING).map((arm) => [arm, { failovers: 0 }]));
    expect(verdictOf(none)).toBe('refuted');
    expect(verdictOf({ 'sentinel-kill-recommended': {} })).toBe('not judged');
    // Somebody gave the command: that says nothing.
    const asked = { 'sentinel-command-default': {}, 'cluster-command-default': {} };
    expect(verdictOf(asked)).toBe('not judged');
  });

  test('the answer names the outage, the pages and the largest loss', () => {
    expect(answer(analysisOf({ ...HOLDING, ...CONTROLS }))).toBe(
      'With the primary killed the cache is without an answer for: Sentinel 3 s (3 to 3), Cluster 3 s (3 to 3); with our client settings 0 of 66,000 pages stay without an answer, 14 % come from the database in the cache’s place; most writes are lost with Sentinel, frozen for 8 s, ioredis by itself: 1,800 of 2,000 acknowledged.',
    );
    expect(answer(analysisOf({}))).toBe('No answer: no valid trial.');
  });
});

describe('verify failover', () => {
  const passes = (found: Record<string, Found>): boolean =>
    judgeFailover({ experiments: [analysisOf(found) as never] }).passed;

  test('passes when every page is answered, the return loses nothing and the default client shows a loss', () => {
    expect(passes({ ...HOLDING, ...CONTROLS })).toBe(true);
  });

  test.each<[string, Record<string, Found>]>([
    ['one page of 11,000 is not answered', { 'cluster-cut-recommended': { unanswered: 1 } }],
    ['one write is lost after the return', { 'sentinel-freeze-recommended': { lost: 1 } }],
    ['a trial has no other primary', { 'sentinel-kill-recommended': { failovers: 4 } }],
    ['there are 4 trials', { 'sentinel-cut-recommended': { trials: 4 } }],
    ['the control loses nothing', { 'cluster-freeze-default': {} }],
  ])('fails when %s', (_what, change) => {
    expect(passes({ ...HOLDING, ...CONTROLS, ...change })).toBe(false);
  });

  test('a write that was lost in the moment of the fault does not break the promise, and is told', () => {
    const change = { 'cluster-kill-recommended': { lost: 5, lostAfterReturn: 0 } };
    const { lines, passed } = judgeFailover({
      experiments: [analysisOf({ ...HOLDING, ...CONTROLS, ...change }) as never],
    });
    expect(passed).toBe(true);
    expect(lines).toContainEqual(expect.stringContaining('lost 1 (1 to 1) writes a trial'));
    expect(lines).toContainEqual(expect.stringContaining('lost 0 (0 to 0.599) writes a trial'));
  });
});

test('each arm is one cell of topology, fault and client, and a lone Redis has no command', () => {
  expect(ARMS).toHaveLength(4 * 4 * 2 - 2);
  for (const { name } of ARMS) expect(nameOf(cellOf(name))).toBe(name);
  expect(() => cellOf('none-command-default')).toThrow('no arm of failover: none-command-default');
});
