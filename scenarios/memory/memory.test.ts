import { describe, expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { experiment } from './experiment.ts';
import { cellName, LINES, type Shape } from './grid.ts';
import { hashBytesPerField, stringBytesPerField } from './hash-model.ts';

const shapeOf = (line: string, at: number): Shape => {
  const found = LINES.find(({ name }) => name === line);
  return found!.shapes.find((shape) => cellName(found!, shape) === `${line}/${at}`)!;
};

describe('the model of a Hash in Redis 7 with an allocator in steps of 16 bytes', () => {
  // What Redis 7.0.15 with the system's jemalloc took, by used_memory.
  test.each([
    ['fields', 1, 120],
    ['fields', 2, 76],
    ['fields', 16, 36.5],
    ['fields', 128, 32.57],
    ['fields', 129, 96.94],
    ['fields', 512, 88.27],
    ['fields-raised', 512, 32.14],
    ['values', 4, 24.5],
    ['values', 64, 84.5],
    ['values', 65, 144.5],
    ['values', 512, 704.5],
    ['values-raised', 512, 644.5],
  ])('%s %i: %f bytes a field', (line, at, bytes) => {
    expect(hashBytesPerField(shapeOf(line, at), 16)).toBeCloseTo(bytes, 1);
  });

  test.each([
    [16, 120],
    [44, 136],
    [45, 152],
    [512, 728],
  ])('a String of %i bytes takes %i, its bucket included', (valueBytes, bytes) => {
    expect(stringBytesPerField(shapeOf('values', valueBytes), 16)).toBe(bytes);
  });
});

/** Bytes of a dish, and Hash over Strings in every cell as theory has it, or as told. */
function analysed(
  dish: { hash: number; strings: number } | null,
  ratio: ((shape: Shape) => number) | null,
): ExperimentAnalysis {
  const arms = [...(dish === null ? [] : ['layouts']), ...(ratio === null ? [] : ['listpack'])];
  const records = madeUpRecords(
    experiment,
    Object.fromEntries(arms.map((arm) => [arm, { medianMs: 1, selectsPerPage: 0 }])),
    2,
  );
  const cells = LINES.flatMap((line) =>
    line.shapes.flatMap((shape): [string, number[]][] => {
      const strings = stringBytesPerField(shape, 16);
      return [
        [`${cellName(line, shape)}/stringBytes`, [strings]],
        [`${cellName(line, shape)}/hashBytes`, [strings * (ratio?.(shape) ?? 1)]],
      ];
    }),
  );
  for (const record of records) {
    if (record.state !== 'completed') continue;
    const samples: Record<string, number[]> =
      record.arm === 'listpack'
        ? { quantumBytes: [16], ...Object.fromEntries(cells) }
        : {
            'hash-per-dish/dishBytes': [dish?.hash ?? 0],
            'string-per-field/dishBytes': [dish?.strings ?? 0],
            'json/bytes': [50_000],
            'gzip-1/bytes': [12_500],
            'string-per-field/bytes': [150_000],
          };
    record.measurement.findings = { totals: {}, samples, series: [], notes: [] };
  }
  return analyseExperiment(planOf(experiment, 2), RUN_OPTIONS, records);
}

const byTheory = (shape: Shape): number =>
  hashBytesPerField(shape, 16) / stringBytesPerField(shape, 16);

describe('C11', () => {
  const judged = (...input: Parameters<typeof analysed>) => analysed(...input).claims[0];
  const dish = { hash: 265, strings: 600 };

  test('depends: a dish saves 56 %, Hashes around the limits from less than nothing to three quarters', () => {
    const claim = judged(dish, byTheory);
    expect(claim?.verdict).toBe('depends');
    expect(claim?.figure).toBe(
      '56 % saved by a dish of the restaurant (600 bytes as Strings, 265 as a Hash; counted, the same in 2 trials); 0 % saved to 76 % saved over 36 shapes of Hashes',
    );
  });

  test('is confirmed if every shape saves about half, refuted if none does', () => {
    expect(judged(dish, () => 0.5)?.verdict).toBe('confirmed');
    expect(judged({ hash: 90, strings: 600 }, () => 0.15)?.verdict).toBe('refuted');
    expect(judged({ hash: 600, strings: 600 }, () => 1)?.verdict).toBe('refuted');
    expect(judged(dish, () => 0.9)?.verdict).toBe('depends');
  });

  test('is not judged without the restaurant’s page', () => {
    expect(judged(null, byTheory)?.verdict).toBe('not judged');
  });
});

test('theory agrees with bytes that are its own, and not with 5 % more', () => {
  const agree = (ratio: (shape: Shape) => number): Set<boolean | null> =>
    new Set(
      analysed(null, ratio)
        .theory?.filter(({ quantity }) => quantity.includes('Hash'))
        .map(({ agrees }) => agrees),
    );
  expect(agree(byTheory)).toEqual(new Set([true]));
  expect(agree((shape) => 1.05 * byTheory(shape))).toEqual(new Set([false]));
});

test('answer and figures follow what was found', () => {
  const analysis = analysed({ hash: 265, strings: 600 }, byTheory);
  expect(analysis.answer).toBe(
    'A Hash per dish takes 56 % less memory than a String per field; one compressed String per page takes 1/4 of the plain JSON, a String per field 3 times as much.',
  );
  const ids = experiment.charts(analysis).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['memory-hash-by-fields', 'memory-hash-by-values']));
});
