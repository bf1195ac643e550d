import { describe, expect, test } from 'vitest';
import { expiriesPerSecond, highestOfWindows } from '../lab/theory/avalanche.ts';
import { keyFlows } from '../lab/theory/hit-ratio.ts';
import { loadsWithoutDefence, xfetchLoads } from '../lab/theory/stampede.ts';
import { seededRandom } from '../lab/seeded-random.ts';
import { PRESETS } from '../server/cache/presets.ts';
import { FIRST_KNOBS, type Knobs, type SentenceInput } from './contract.ts';
import { fullestShare } from './forms/avalanche.ts';
import { predict, type Setting, settingOf } from './forms/index.ts';

const SENTENCE: SentenceInput = {
  sentence: 'hit-ratio',
  ...{ ttlSeconds: 60, readsPerSecond: 5, editsPerMinute: 3, loadMs: 400 },
};

const knobs = (changed: Partial<Knobs>): Knobs => ({ ...FIRST_KNOBS, ...changed });
const inForce = (preset: string, changed: Partial<Knobs> = {}): Setting =>
  settingOf(knobs({ preset, ...changed }));

/** Every combination of the values. */
const GRID: SentenceInput[] = [1, 10, 60, 3600].flatMap((ttlSeconds) =>
  [0.1, 1, 5, 200].flatMap((readsPerSecond) =>
    [0, 1, 60, 600].flatMap((editsPerMinute) =>
      [0.5, 50, 450].map((loadMs) => ({
        sentence: 'hit-ratio' as const,
        ...{ ttlSeconds, readsPerSecond, editsPerMinute, loadMs },
      })),
    ),
  ),
);

describe('hit ratio and stale readers', () => {
  test.each([
    { preset: 'cached', coalesced: false, invalidated: false },
    { preset: 'swr', coalesced: true, invalidated: false },
    { preset: 'invalidated', coalesced: false, invalidated: true },
    { preset: 'lock', coalesced: true, invalidated: true },
  ])(
    'of $preset are those of the lab’s theory at all 192 points of a grid',
    ({ preset, coalesced, invalidated }) => {
      expect(GRID).toHaveLength(192);
      const setting = inForce(preset);
      for (const input of GRID) {
        const { hits, stale, requests } = keyFlows({
          ratePerSecond: input.readsPerSecond,
          ttlSeconds: input.ttlSeconds,
          loadSeconds: input.loadMs / 1000,
          updatesPerSecond: input.editsPerMinute / 60,
          ...{ coalesced, invalidated },
        });
        expect(predict(input, setting).value).toBeCloseTo((100 * hits) / requests, 9);
        const readers = predict({ ...input, sentence: 'stale-readers' }, setting);
        expect(readers.value).toBeCloseTo((100 * stale) / requests, 9);
      }
    },
  );

  test('3 edits a minute and a TTL of 60 s show 68 % of the readers an old price, a TTL of 1 s 2 %', () => {
    const stale = { ...SENTENCE, sentence: 'stale-readers' as const };
    expect(predict(stale)).toMatchObject({ unit: '%', range: null });
    expect(predict(stale).value).toBeCloseTo(68, 0);
    expect(predict({ ...stale, ttlSeconds: 1 }).value).toBeLessThan(2.5);
  });

  test('without a cache nothing is hit and nobody reads an old price', () => {
    expect(predict(SENTENCE, inForce('uncached')).value).toBe(0);
    expect(predict({ ...SENTENCE, sentence: 'stale-readers' }, inForce('joined')).value).toBe(0);
  });

  test('DEL leaves the race with loads, a second DEL half a second of it, a lease and a version none', () => {
    const stale = { ...SENTENCE, sentence: 'stale-readers' as const, editsPerMinute: 20 };
    const of = (preset: string): number => predict(stale, inForce(preset)).value;
    expect(of('cached')).toBeGreaterThan(80);
    expect(of('invalidated')).toBeGreaterThan(5);
    expect(of('invalidated')).toBeLessThan(15);
    expect(of('double-delete')).toBeGreaterThan(0.5);
    expect(of('double-delete')).toBeLessThan(of('invalidated') / 2);
    for (const preset of ['lease', 'fence', 'version-key', 'outbox', 'hardened'])
      expect(of(preset), preset).toBe(0);
  });

  test('without readers there is no share to tell: 0', () => {
    expect(predict({ ...SENTENCE, readsPerSecond: 0 }).value).toBe(0);
  });
});

describe('loads per expiry', () => {
  const loads = (input: Partial<SentenceInput>, setting?: Setting): number =>
    predict({ ...SENTENCE, ...input, sentence: 'loads-per-expiry' }, setting).value;

  test('are 1 + λΔ without defence, as in the lab’s theory: 50 reads/s and 400 ms make 21', () => {
    expect(loads({ readsPerSecond: 50 })).toBeCloseTo(21, 9);
    for (const { readsPerSecond, loadMs } of GRID) {
      const theory = loadsWithoutDefence(readsPerSecond, loadMs);
      expect(loads({ readsPerSecond, loadMs })).toBeCloseTo(theory, 9);
    }
  });

  test('under XFetch are those of the lab’s theory to 0.1 %', () => {
    for (const { readsPerSecond, loadMs } of GRID) {
      const theory = xfetchLoads({ ratePerSecond: readsPerSecond, loadMs, beta: 1 });
      expect(loads({ readsPerSecond, loadMs }, inForce('xfetch')) / theory).toBeCloseTo(1, 3);
    }
  });

  test('are 1 under lock and lease, and one per process under single-flight of a busy page', () => {
    for (const preset of ['lock', 'lease', 'lock+single-flight', 'hardened', 'outbox'])
      expect(loads({ readsPerSecond: 50 }, inForce(preset))).toBe(1);
    expect(loads({ readsPerSecond: 50 }, inForce('single-flight'))).toBeCloseTo(2, 3);
    expect(loads({ readsPerSecond: 50 }, inForce('cached', { gate: 'lease' }))).toBe(1);
  });

  test('of single-flight in 2 and 4 processes agree with 20,000 drawn expiries of a quiet page', () => {
    const [rate, loadSeconds] = [4, 0.4];
    const random = seededRandom('single-flight');
    for (const processes of [2, 4]) {
      let drawn = 0;
      for (let round = 0; round < 20_000; round += 1) {
        const loading = new Set([Math.floor(random() * processes)]);
        for (let at = 0; ; ) {
          at -= Math.log(1 - random()) / rate;
          if (at >= loadSeconds) break;
          loading.add(Math.floor(random() * processes));
        }
        drawn += loading.size;
      }
      const setting = settingOf(knobs({ preset: 'single-flight' }), processes);
      expect(loads({ readsPerSecond: rate }, setting) / (drawn / 20_000)).toBeCloseTo(1, 1.7);
    }
  });
});

describe('the peak of an avalanche', () => {
  const peak = (input: Partial<SentenceInput>, setting?: Setting) =>
    predict({ ...SENTENCE, loadMs: 0, ...input, sentence: 'avalanche-peak' }, setting);

  test('200 copies that end at once meet 50 readers a second: 47 loads; ± 10 % of 60 s halves that', () => {
    expect(peak({ readsPerSecond: 50 })).toMatchObject({ value: 47, unit: 'loads/s' });
    expect(peak({ readsPerSecond: 50, jitter: 0.1 }).value).toBe(22);
  });

  test.each([
    { copies: 200, readsPerSecond: 50, ttlSeconds: 60, jitter: 0 },
    { copies: 200, readsPerSecond: 50, ttlSeconds: 60, jitter: 0.1 },
    { copies: 100, readsPerSecond: 20, ttlSeconds: 30, jitter: 0.1 },
    { copies: 200, readsPerSecond: 60, ttlSeconds: 20, jitter: 0.3 },
    { copies: 1000, readsPerSecond: 60, ttlSeconds: 60, jitter: 0.1 },
  ])(
    'of $copies copies of $ttlSeconds s ± $jitter under $readsPerSecond reads/s is that of 400 drawn avalanches, wherever the second begins',
    (input) => {
      const { copies, readsPerSecond, ttlSeconds, jitter } = input;
      const random = seededRandom(JSON.stringify(input));
      const drawn = Array.from({ length: 400 }, () =>
        fullestSecond(
          Array.from(
            { length: copies },
            () =>
              2 * jitter * ttlSeconds * random() -
              (Math.log(1 - random()) * copies) / readsPerSecond,
          ),
        ),
      ).sort((a, b) => a - b);
      const { value, range } = peak(input);
      // Reads that all come at random may be more in a second than there are on average; the prediction stops there.
      const [low, middle, high] = [drawn[10]!, drawn[200]!, Math.min(drawn[389]!, readsPerSecond)];
      expect(Math.abs(value - middle)).toBeLessThanOrEqual(1.5);
      expect(Math.abs(range![0] - low)).toBeLessThanOrEqual(3);
      expect(Math.abs(range![1] - high)).toBeLessThanOrEqual(3);
    },
  );

  test('far below the readers’ rate the mean is K / 2jT, and the highest of its seconds as the lab’s theory has it', () => {
    const [copies, jitter, ttlSeconds] = [1000, 0.5, 200];
    const perSecond = expiriesPerSecond(copies, jitter, ttlSeconds);
    expect(fullestShare(2, 2 * jitter * ttlSeconds) * copies).toBeCloseTo(perSecond, 6);
    const { low, median, high } = highestOfWindows(202, perSecond);
    const { value, range } = peak({ copies, jitter, ttlSeconds, readsPerSecond: 2000 });
    expect([value, ...range!]).toEqual([median, low, high]);
  });

  test.each([
    { rate: 0.25, spread: 0 },
    { rate: 0.25, spread: 0.6 },
    { rate: 0.25, spread: 12 },
    { rate: 3, spread: 1.5 },
  ])(
    'the fullest second of loads at $rate/s after ends spread over $spread s is found by trying 400,000 drawn copies',
    ({ rate, spread }) => {
      const random = seededRandom('fullest second');
      const copies = 400_000;
      const tenths = new Float64Array(4000);
      for (let copy = 0; copy < copies; copy += 1) {
        const at = spread * random() - Math.log(1 - random()) / rate;
        const tenth = Math.floor(at * 20);
        if (tenth < tenths.length) tenths[tenth]! += 1 / copies;
      }
      let highest = 0;
      for (let from = 0; from + 20 <= tenths.length; from += 1)
        highest = Math.max(
          highest,
          tenths.subarray(from, from + 20).reduce((a, b) => a + b, 0),
        );
      expect(Math.abs(fullestShare(rate, spread) - highest)).toBeLessThan(0.004);
    },
  );

  test('never exceeds the readers, and without a cache every reader loads', () => {
    expect(peak({ readsPerSecond: 20, copies: 2, loadMs: 3000 }).value).toBe(20);
    expect(peak({ readsPerSecond: 30 }, inForce('uncached')).value).toBe(30);
    expect(peak({ readsPerSecond: 0 }).value).toBe(0);
  });

  test('stays a number at the ends of all ranges', () => {
    for (const copies of [2, 1000])
      for (const jitter of [0, 0.5])
        for (const ttlSeconds of [1, 3600])
          for (const readsPerSecond of [0.1, 200]) {
            const { value, range } = peak({ copies, jitter, ttlSeconds, readsPerSecond });
            expect(value).toBeGreaterThanOrEqual(range![0]);
            expect(value).toBeLessThanOrEqual(range![1]);
          }
  });
});

/** Most moments within one second, wherever it begins. */
function fullestSecond(moments: number[]): number {
  moments.sort((a, b) => a - b);
  let [first, most] = [0, 0];
  for (const [last, moment] of moments.entries()) {
    while (moment - moments[first]! >= 1) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

test('each preset of the server is known by what it does', () => {
  for (const { name, settings } of PRESETS.filter((preset) => preset.name !== 'static')) {
    const { gate = 'none', coalesce = 'none', invalidate = 'none', fence = 'none' } = settings;
    const setting = settingOf(knobs({ preset: name }));
    expect({ name, ...setting }).toEqual({
      name,
      processes: 2,
      cached: settings.store === 'redis',
      jitter: settings.jitter ?? 0,
      shared: gate !== 'none' ? 'all' : coalesce,
      xfetchBeta: settings.xfetchBeta ?? null,
      invalidated: invalidate !== 'none' || fence === 'version-key',
      raceSeconds:
        gate === 'lease' || fence !== 'none'
          ? 0
          : invalidate === 'double-delete'
            ? (settings.doubleDeleteMs ?? 0) / 1000
            : Number.POSITIVE_INFINITY,
    });
  }
});
