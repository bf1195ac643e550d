import { describe, expect, test } from 'vitest';
import { analysedFindings } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { experiment } from './experiment.ts';

/** A server whose ratio came to `fragmented`, and what one cure made of it. */
function findings(
  ratios: { empty: number; fragmented: number; cured: number },
  supported?: number,
): Findings {
  return {
    totals: {},
    samples: {
      ...{ 'ratio empty': [ratios.empty], 'rssMiB empty': [12], 'usedMiB empty': [1] },
      ...{ 'ratio fragmented': [ratios.fragmented], 'ratio cured': [ratios.cured] },
      ...{ 'rssMiB fragmented': [50], 'usedMiB fragmented': [8] },
      ...(supported === undefined ? {} : { supported: [supported] }),
    },
    series: [
      {
        name: 'rssMiB',
        points: [
          [0, 12],
          [1, 50],
        ],
      },
    ],
    notes: [],
  };
}

function analysed(byArm: Record<string, Findings>, rounds = 3): ExperimentAnalysis {
  return analysedFindings(experiment, byArm, { rounds });
}

describe('C15', () => {
  const judged = (ratios: Parameters<typeof findings>[0], supported?: number) =>
    analysed({ activedefrag: findings(ratios, supported) }).claims[0];

  test('is confirmed where activedefrag heals and an empty server has no such ratio', () => {
    expect(judged({ empty: 1.2, fragmented: 5, cured: 1.1 }, 1)?.verdict).toBe('confirmed');
  });

  test('depends on the size where an empty server has 14, and on the build where it lacks activedefrag', () => {
    expect(judged({ empty: 14, fragmented: 5, cured: 1.1 }, 1)?.verdict).toBe('depends');
    const lacking = judged({ empty: 14, fragmented: 5, cured: 5 }, 0);
    expect(lacking?.verdict).toBe('depends');
    expect(lacking?.figure).toContain('which this build lacks');
    expect(lacking?.reason).toContain('an empty server has a ratio above 1.5 too');
  });

  test('is refuted where activedefrag runs and leaves 3', () => {
    expect(judged({ empty: 14, fragmented: 5, cured: 3 }, 1)?.verdict).toBe('refuted');
  });

  test('is not judged where the churn did not take the ratio above 1.5, nor without activedefrag', () => {
    expect(judged({ empty: 14, fragmented: 1.3, cured: 1.1 }, 1)?.verdict).toBe('not judged');
    const { claims } = analysed({ restart: findings({ empty: 14, fragmented: 5, cured: 1.2 }) });
    expect(claims[0]?.verdict).toBe('not judged');
  });
});

test('answer and figures follow what was found', () => {
  const analysis = analysed({
    restart: findings({ empty: 14, fragmented: 5, cured: 1.2 }),
    leave: findings({ empty: 14, fragmented: 5, cured: 5 }),
  });
  expect(analysis.answer).toContain('take the ratio to 5 (5 to 5), 42 MiB of nothing');
  expect(analysis.answer).toContain('restart 1.2');
  const ids = experiment.charts(analysis).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['fragmentation-memory', 'fragmentation-ratios']));
});
