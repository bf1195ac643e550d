import { describe, expect, test } from 'vitest';
import { analysedFindings } from '../../lab/fixtures/records.ts';
import type { ArmAnalysis, ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { experiment } from './experiment.ts';
import { shareFor } from './judgement.ts';
import { orderText, pairingsOf } from './order.ts';
import { exactHitRatios } from './simulated.ts';
import { simulatedVeterans } from './veterans.ts';
import { hitRatioOf, workloadOf } from './workloads.ts';

type Samples = Findings['samples'];

const findings = (samples: Samples, totals: Findings['totals'] = {}): Findings => ({
  ...{ samples, totals, series: [], notes: [] },
});

function analysed(byArm: Record<string, Findings>): ExperimentAnalysis {
  return analysedFindings(experiment, byArm);
}

const armWith = (ratios: Record<string, number[]>): Pick<ArmAnalysis, 'findings'> => ({
  findings: findings(
    Object.fromEntries(Object.entries(ratios).map(([name, all]) => [`hitRatio ${name}`, all])),
  ),
});

describe('two policies', () => {
  test('that differ by 2 points in each of 3 seeds differ, though seeds differ by 3 points', () => {
    const arm = armWith({
      'allkeys-lru': [0.72, 0.75, 0.735],
      'allkeys-lfu': [0.741, 0.77, 0.755],
    });
    expect(pairingsOf(arm)).toMatchObject([
      { higher: 'allkeys-lfu', lower: 'allkeys-lru', relation: 'differs', stable: true },
    ]);
    expect(orderText(arm)).toBe('allkeys-lfu > allkeys-lru');
  });

  test('whose difference lies within a point tie, even when it has one sign in every seed', () => {
    const arm = armWith({
      'allkeys-lru': [0.7402, 0.7412, 0.7422],
      'volatile-lru': [0.74, 0.741, 0.742],
    });
    expect(pairingsOf(arm)[0]?.relation).toBe('tie');
    expect(orderText(arm)).toBe('allkeys-lru = volatile-lru');
  });

  test('that change places from seed to seed are not told apart, and not called stable', () => {
    const arm = armWith({
      'allkeys-lru': [0.75, 0.72, 0.76],
      'allkeys-lfu': [0.74, 0.75, 0.72],
    });
    expect(pairingsOf(arm)[0]).toMatchObject({ relation: 'open', stable: false });
    expect(orderText(arm)).toContain('≈');
  });

  test('with one seed are never told apart', () => {
    const arm = armWith({ 'allkeys-lru': [0.9], 'allkeys-random': [0.1] });
    expect(pairingsOf(arm)[0]?.relation).toBe('open');
  });
});

const zipf20 = (ratio: number): Findings =>
  findings({
    'hitRatio allkeys-lru': [ratio, ratio + 0.002, ratio - 0.002],
    'hitRatio noeviction': [0.745, 0.746, 0.744],
    'modelHitRatio allkeys-lru': [ratio + 0.001, ratio, ratio],
  });

describe('claims', () => {
  const verdictOf = (id: string, byArm: Record<string, Findings>): string | undefined =>
    analysed(byArm).claims.find((claim) => claim.id === id)?.verdict;

  test('C9 depends while a policy reaches 80 % here and not there, or loads differ by half; else it stands', () => {
    const arm = (ratio: number) => findings({ 'hitRatio allkeys-lru': [ratio, ratio, ratio] });
    const verdict = (one: number, other: number) =>
      verdictOf('C9', { 'zipf-50': arm(one), 'shifting-20': arm(other) });
    expect(verdict(0.74, 0.86)).toBe('depends');
    expect(verdict(0.82, 0.95)).toBe('depends');
    expect(verdict(0.82, 0.84)).toBe('confirmed');
    expect(verdict(0.74, 0.7)).toBe('not judged');
  });

  const veterans = (kept: Record<string, number>): Record<string, Findings> => ({
    veterans: findings(
      {},
      Object.fromEntries(
        Object.entries(kept).flatMap(([name, count]) => [
          [`kept ${name}`, count],
          [`veterans ${name}`, 100],
        ]),
      ),
    ),
  });
  const all = { 'lru-60': 5, 'lfu-0': 100, 'lfu-5': 99, 'lfu-60': 100, 'lfu-60-no-decay': 100 };

  test.each([
    ['LRU loses them and LFU keeps them always', all, 'confirmed'],
    ['LFU has forgotten them after an hour', { ...all, 'lfu-60': 4 }, 'depends'],
    ['LRU keeps them too', { ...all, 'lru-60': 90 }, 'refuted'],
    ['LFU never keeps them', { 'lru-60': 5, 'lfu-0': 3 }, 'refuted'],
    ['the cells with an hour are missing', { 'lru-60': 5, 'lfu-0': 100 }, 'depends'],
    ['LFU was not tried', { 'lru-60': 5 }, 'not judged'],
  ])('C14 where %s', (_, kept, verdict) => {
    expect(verdictOf('C14', veterans(kept))).toBe(verdict);
  });

  test('the model of Redis agrees at 0.1 points from the server and not at 3', () => {
    const rows = (ratio: number, model: number) =>
      analysed({
        'zipf-20': findings({
          'hitRatio allkeys-lru': [ratio, ratio + 0.001],
          'modelHitRatio allkeys-lru': [model, model],
        }),
      }).theory;
    expect(rows(0.74, 0.741)).toMatchObject([{ agrees: true }]);
    expect(rows(0.74, 0.77)).toMatchObject([{ agrees: false }]);
  });
});

test('where a curve first reaches 80 % is read between its points', () => {
  const line: [number, number][] = [
    [0.1, 0.6],
    [0.2, 0.7],
    [0.4, 0.9],
  ];
  expect(shareFor(line, 0.8)).toBeCloseTo(0.3, 10);
  expect(shareFor(line, 0.95)).toBeNull();
});

describe('workloads of 10,000 stores', () => {
  test('the crawler is a third of the requests once the cache is warm, and does not count', () => {
    const { ids, counted } = workloadOf('scan', 1, 0.1);
    expect(counted.length).toBe(ids.length);
    const visitors = counted.reduce((sum, one) => sum + one, 0);
    expect(visitors).toBe(4500);
    expect(ids.length).toBe(6000 + 4500 / 2);
  });

  test('the same seed gives the same requests, another seed others', () => {
    const ids = (seed: number) => workloadOf('shifting', seed, 0.05).ids;
    expect(ids(7)).toEqual(ids(7));
    expect(ids(7)).not.toEqual(ids(8));
  });

  test('a crawler costs exact LRU more than exact LFU; a moving hot set the other way round', () => {
    const under = (name: 'zipf' | 'scan' | 'shifting') =>
      exactHitRatios(workloadOf(name, 1), 1900, 1);
    const [zipf, scan, shifting] = [under('zipf'), under('scan'), under('shifting')];
    const loss = (policy: string) => zipf[policy]! - scan[policy]!;
    expect(loss('exact-lru')).toBeGreaterThan(loss('exact-lfu') + 0.02);
    expect(shifting['exact-lru']! - shifting['exact-lfu']!).toBeGreaterThan(0.2);
    expect(zipf['belady']).toBeGreaterThan(zipf['exact-lfu']!);
  });

  test('hits of requests that do not count are left out', () => {
    const counted = Uint8Array.from([0, 1, 1, 0]);
    expect(hitRatioOf({ counted }, Uint8Array.from([1, 1, 0, 1]))).toBe(0.5);
  });
});

describe('100 keys used 1,000 times, in the model of Redis', () => {
  const kept = (
    policy: 'allkeys-lru' | 'allkeys-lfu',
    quietMinutes: number,
    rest: { decayMinutes?: number; usesMs?: number } = {},
  ): number =>
    simulatedVeterans({
      ...{ policy, quietMs: quietMinutes * 60_000, decayMinutes: 1, usesMs: 0, seed: 1, ...rest },
    });

  test('LRU loses them after a minute; LFU keeps all after 5 minutes and loses them after 20', () => {
    expect(kept('allkeys-lru', 1)).toBeLessThan(20);
    expect(kept('allkeys-lfu', 5)).toBe(100);
    expect(kept('allkeys-lfu', 20)).toBeLessThan(30);
  });

  test('LFU without decay keeps all for a week; with it, uses spread over a week never count', () => {
    const usesMs = 7 * 86_400_000;
    expect(kept('allkeys-lfu', 7 * 24 * 60, { decayMinutes: 0 })).toBe(100);
    expect(kept('allkeys-lfu', 0, { usesMs })).toBeLessThan(30);
  });
});

test('answer and figures follow what was found', () => {
  const analysis = analysed({ 'zipf-20': zipf20(0.71) });
  expect(analysis.answer).toContain('Zipf: noeviction > allkeys-lru');
  expect(analysed({ 'zipf-20': zipf20(0.78) }).answer).toContain('Zipf: allkeys-lru > noeviction');
  expect(experiment.charts(analysis).map(({ id }) => id)).toContain('eviction-order-zipf-20');
});
