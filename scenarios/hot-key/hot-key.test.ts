import { describe, expect, test } from 'vitest';
import { analysedFindings } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { designSentence } from '../../reports/arms-table.ts';
import { experiment } from './experiment.ts';
import { valueOf, versionOf } from './keys.ts';
import { openLocalCache } from './local-cache.ts';
import { openWatch } from './watch.ts';

/** Of 10,000 reads so many GETs at the busiest node, and so many old ones of 9,000 hot reads. */
function findings(busiestGets: number, staleReads = 0): Findings {
  return {
    totals: {
      ...{ reads: 10_000, gets: 10_000, busiestGets, hotReads: 9000 },
      ...{ staleReads, backwardReads: 3, writes: 10, writeCommands: 10 },
    },
    samples: {
      ...{ hotGets: [3], hotGetsPerSecond: [1], commandsPerWrite: [1], longestStaleMs: [700] },
      'share/redis-1': [busiestGets / 10_000],
    },
    series: [],
    notes: [],
  };
}

function analysed(byArm: Record<string, Findings>): ExperimentAnalysis {
  return analysedFindings(experiment, byArm);
}

describe('C18', () => {
  const judged = (hot: number, copies: number, local: number) =>
    analysed({
      cluster: findings(hot),
      'cluster-copies': findings(copies),
      local: findings(local, 4000),
      copies: findings(10_000),
    }).claims[0];

  test('is confirmed where one of three nodes has 93 % of the reads, 39 % with copies, and a local cache leaves 9 %', () => {
    const claim = judged(9330, 3930, 900);
    expect(claim?.verdict).toBe('confirmed');
    expect(claim?.figure).toContain('answers 93.3 % (92.8 to 93.8)');
    expect(claim?.reason).toContain('44.4 % (43.4 to 45.5) old reads, for 700 ms at most');
    expect(claim?.reason).toContain('there is nowhere to spread to');
  });

  test('depends where one of the cures does nothing, and is refuted where neither helps or no node is hot', () => {
    expect(judged(9330, 9300, 900)?.verdict).toBe('depends');
    expect(judged(9330, 3930, 9900)?.verdict).toBe('depends');
    expect(judged(9330, 9300, 9900)?.verdict).toBe('refuted');
    expect(judged(4000, 3400, 900)?.verdict).toBe('refuted');
  });

  test('is not judged without a Cluster', () => {
    expect(analysed({ local: findings(900) }).claims[0]?.verdict).toBe('not judged');
  });
});

test('theory: the slots say what the busiest node answers; a cache of 1 s asks once a second', () => {
  const found = findings(9330);
  found.samples['expected/redis-1'] = [0.9333];
  const rowOf = (arm: string, one: Findings) => analysed({ [arm]: one }).theory?.[0];
  expect(rowOf('cluster', found)).toMatchObject({ theory: 0.9333, agrees: true });
  found.totals['busiestGets'] = 8500;
  expect(rowOf('cluster', found)?.agrees).toBe(false);
  expect(rowOf('local', findings(900))).toMatchObject({ theory: 3, agrees: true });
  const often = findings(900);
  often.samples['hotGets'] = [30];
  often.samples['hotGetsPerSecond'] = [10];
  expect(rowOf('local', often)).toMatchObject({ theory: 3, agrees: false });
  expect(rowOf('tracking', often)).toMatchObject({ theory: 11, agrees: false });
});

test('answer and figures follow what was found', () => {
  const analysis = analysed({ cluster: findings(9330), 'cluster-copies': findings(3930) });
  expect(analysis.answer).toContain('puts 93.3 % (92.8 to 93.8) of them on one of three nodes');
  expect(experiment.charts(analysis).map(({ id }) => id)).toEqual([
    'hot-key-busiest',
    'hot-key-nodes',
    'hot-key-stale',
    'hot-key-trials',
  ]);
});

describe('watch', () => {
  test('a read is stale if it began after a newer version was acknowledged, by the oldest that it lacks', () => {
    const watch = openWatch();
    watch.acknowledged(1, 100);
    watch.acknowledged(2, 200);
    watch.read(90, 300, 0); // overlaps the write of version 1
    watch.read(150, 160, 0); // lacks version 1 for 50 ms
    watch.read(250, 260, 0); // lacks it for 150 ms
    watch.read(250, 260, 2);
    expect(watch.result()).toMatchObject({ reads: 4, staleReads: 2, longestStaleMs: 150 });
  });

  test('a read goes back if one that had ended before it began returned a newer version', () => {
    const watch = openWatch();
    watch.read(0, 10, 1);
    watch.read(5, 12, 0); // began before that one ended
    watch.read(11, 13, 0);
    watch.read(14, 15, 1);
    expect(watch.result()).toMatchObject({ backwardReads: 1, staleReads: 0 });
  });
});

describe('local cache', () => {
  const value = (text: string) => Buffer.from(text);

  test('asks once per TTL, counted from the beginning of the load, and once for readers that come together', async () => {
    let nowMs = 0;
    let loads = 0;
    const cache = openLocalCache({ ttlMs: 1000, entries: 2, now: () => nowMs });
    const load = async () => {
      loads += 1;
      return Promise.resolve(value(String(loads)));
    };
    const read = async () => String(await cache.get('a', load));
    expect(await Promise.all([read(), read(), read()])).toEqual(['1', '1', '1']);
    nowMs = 999;
    expect(await read()).toBe('1');
    nowMs = 1000;
    expect(await read()).toBe('2');
  });

  test('of 3 keys for 2 places the one goes that was used least recently', async () => {
    const loaded: string[] = [];
    const cache = openLocalCache({ ttlMs: null, entries: 2, now: () => 0 });
    const read = (key: string) =>
      cache.get(key, () => {
        loaded.push(key);
        return Promise.resolve(value(key));
      });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await read(key);
    expect(loaded).toEqual(['a', 'b', 'c', 'b']);
  });

  test('what is forgotten while it loads is given to those who asked, not kept, and not joined', async () => {
    const cache = openLocalCache({ ttlMs: null, entries: 2, now: () => 0 });
    let arrive = (_old: Buffer): void => {};
    const first = cache.get('a', () => new Promise((resolve) => (arrive = resolve)));
    cache.forget('a');
    expect(String(await cache.get('a', () => Promise.resolve(value('new'))))).toBe('new');
    arrive(value('old'));
    expect(String(await first)).toBe('old');
    expect(String(await cache.get('a', () => Promise.resolve(value('newer'))))).toBe('new');
  });
});

test('a value tells its version', () => {
  expect(versionOf(Buffer.from(valueOf(42)))).toBe(42);
  expect(versionOf(null)).toBeNaN();
});

test('its report says that no page was asked for, and nothing of a server or of a database', () => {
  const sentence = designSentence(analysed({ plain: findings(1000) }));
  expect(sentence).toContain('the lab speaks to the services directly');
  expect(sentence).not.toMatch(/fresh server|requests\/s|database latency/);
});
