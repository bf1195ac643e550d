import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type ValidationResult,
  type ValidationRow,
  type ValidationVerdict,
  validationAnswer,
  validationCsv,
  validationNotes,
  validationTable,
  writeValidation,
} from './validate.ts';

const row = (policy: string, change: Partial<ValidationRow> = {}): ValidationRow => ({
  ...{ policy, samples: 5, seed: 1, clockFactor: 200, residentKeys: 8000 },
  ...{
    realHitRatio: 0.733,
    modelHitRatio: 0.7332,
    gapPoints: 0.02,
    turnoverSeconds: 90,
    ...change,
  },
});

const verdict = (policy: string, change: Partial<ValidationVerdict> = {}): ValidationVerdict => ({
  ...{ policy, samples: [5], clockFactor: 200, modelHitRatio: 0.7332, realHitRatio: 0.733 },
  ...{ gaps: [0.02, -0.05], gapPoints: -0.015, boundPoints: 0.1, agrees: true, ...change },
});

const random = { realHitRatio: 0.697, modelHitRatio: 0.697, gapPoints: 0 };
const real = { clockFactor: 1, realHitRatio: 0.699, gapPoints: 0.2 };

const result: ValidationResult = {
  ...{ schema: 1, command: 'npm run lab -- sim validate', seed: 1 },
  rows: [
    row('allkeys-lru'),
    row('allkeys-lru', { seed: 2, gapPoints: -0.05 }),
    row('allkeys-random', random),
    row('allkeys-random', { ...random, samples: 10, realHitRatio: 0.698 }),
    row('allkeys-lru', { ...real, turnoverSeconds: 0.8 }),
  ],
  verdicts: [
    verdict('allkeys-lru'),
    verdict('allkeys-random', { samples: [5, 10], gaps: [0, -0.1], gapPoints: -0.05 }),
    verdict('allkeys-lru', { clockFactor: 1, gaps: [0.2], gapPoints: 0.2, boundPoints: 0.3 }),
  ],
  source: {
    ...{ name: 'zipf:exponent=1', requests: 600_000, objects: 80_000, seconds: null, sample: 1 },
    notes: ['The trace was generated.'],
  },
  redis: { version: '7.0.15', origin: 'PATH' },
  clock: { factor: 200, reason: null },
  wallSeconds: { reading: 1, replaying: 50 },
};

const broken: ValidationResult = {
  ...result,
  verdicts: [
    ...result.verdicts,
    verdict('volatile-ttl', { gaps: [-0.31], gapPoints: -0.31, agrees: false }),
  ],
};

test('the table has one row a policy, number of samples and clock, with the gap of each repetition', () => {
  const { rows } = validationTable(broken);
  expect(rows.map((cells) => cells.slice(0, 3))).toEqual([
    ['allkeys-lru', '5 samples', 'clock × 200'],
    ['allkeys-random', 'no samples', 'clock × 200'],
    ['allkeys-lru', '5 samples', 'real clock'],
    ['volatile-ttl', '5 samples', 'clock × 200'],
  ]);
  expect(rows[1]!.slice(5)).toEqual(['−0.05', '± 0.1', 'agrees', '+0.00 −0.10']);
  expect(rows[3]!.slice(5)).toEqual(['−0.31', '± 0.1', 'differs', '−0.31']);
});

test('the answer names the widest gap, and who differs', () => {
  expect(validationAnswer(result)).toBe(
    'Model and server agree in all 3 rows: the widest gap is 0.20 points of hit ratio.',
  );
  expect(validationAnswer(broken)).toContain('differ under volatile-ttl, 5 samples, clock × 200;');
});

describe('the notes', () => {
  test('explain why a fast replay turns allkeys-lru into random', () => {
    const [why = ''] = validationNotes(result);
    expect(why).toContain('every 0.8 s');
    expect(why).toContain('allkeys-lru hit 69.9 % where allkeys-random hit 69.8 %');
    expect(why).toMatch(/with a clock 200 times as fast it hit 73\.3 %\.$/);
  });

  test('say by how much two servers differ that get the same requests', () => {
    expect(validationNotes(result).join(' ')).toContain('differ by up to 0.10 points');
    const once = { ...result, rows: result.rows.slice(0, 3) };
    expect(validationNotes(once).join(' ')).not.toContain('twice');
  });

  test('say why the clock could not be accelerated', () => {
    const notes = validationNotes({
      ...result,
      rows: result.rows.map((one) => ({ ...one, clockFactor: 1 })),
      clock: { factor: 1, reason: 'no cc on PATH' },
    });
    expect(notes.some((note) => note.includes('wider bound: no cc on PATH.'))).toBe(true);
    expect(notes[0]).not.toContain('times as fast');
  });
});

test('the page holds answer, chart, table and command, and no script', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cachelab-validate-'));
  try {
    await writeValidation(broken, folder);
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('npm run lab -- sim validate');
    expect(page).toContain('Redis 7.0.15');
    expect(page).toContain('<svg');
    expect(page).not.toContain('<script');
    expect(await readdir(join(folder, 'charts'))).toEqual(['sim-validate.png', 'sim-validate.svg']);
    // A head, five replays and the end of the last line.
    expect(validationCsv(broken).split('\r\n')).toHaveLength(7);
  } finally {
    await rm(folder, { recursive: true });
  }
});
