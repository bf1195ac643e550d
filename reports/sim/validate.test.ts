import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type ValidationResult,
  type ValidationRow,
  validationAnswer,
  validationCsv,
  validationNotes,
  validationTable,
  writeValidation,
} from './validate.ts';

const row = (change: Partial<ValidationRow> = {}): ValidationRow => ({
  ...{ policy: 'allkeys-lru', samples: 5, seed: 1, clockFactor: 200, residentKeys: 8000 },
  ...{ realHitRatio: 0.733, modelHitRatio: 0.7332, gapPoints: 0.02, boundPoints: 0.1 },
  ...{ agrees: true, turnoverSeconds: 90, ...change },
});

const rows = [
  row(),
  row({ seed: 2, gapPoints: -0.05 }),
  row({ policy: 'allkeys-random', realHitRatio: 0.697, modelHitRatio: 0.697, gapPoints: 0 }),
  row({
    clockFactor: 1,
    realHitRatio: 0.699,
    boundPoints: 0.3,
    gapPoints: 0.2,
    turnoverSeconds: 0.8,
  }),
];

const result: ValidationResult = {
  ...{ schema: 1, command: 'npm run lab -- sim validate', seed: 1, rows },
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
  rows: [...rows, row({ policy: 'volatile-ttl', gapPoints: -0.31, agrees: false })],
};

describe('the table', () => {
  test('has one row a policy, number of samples and clock, with the gap of each repetition', () => {
    expect(validationTable(result).rows.map((cells) => cells.slice(0, 3))).toEqual([
      ['allkeys-lru', '5', 'clock × 200'],
      ['allkeys-random', '5', 'clock × 200'],
      ['allkeys-lru', '5', 'real clock'],
    ]);
    expect(validationTable(result).rows[0]!.slice(5)).toEqual(['+0.02 −0.05', '± 0.1', 'agrees']);
  });

  test('says of a policy whose gap exceeds the bound that it differs', () => {
    expect(validationTable(broken).rows.map((cells) => cells.at(-1))).toEqual([
      ...['agrees', 'agrees', 'agrees', 'differs'],
    ]);
  });
});

test('the answer names the widest gap, and who differs', () => {
  expect(validationAnswer(result)).toBe(
    'Model and server agree in all 4 replays: the widest gap is 0.20 points of hit ratio.',
  );
  expect(validationAnswer(broken)).toContain('differ under volatile-ttl, 5 samples, clock × 200;');
});

describe('the notes', () => {
  test('explain why a fast replay turns allkeys-lru into random', () => {
    const [why = ''] = validationNotes(result);
    expect(why).toContain('every 0.8 s');
    expect(why).toContain('allkeys-lru hit 69.9 % where allkeys-random hit 69.7 %');
    expect(why).toMatch(/with a clock 200 times as fast it hit 73\.3 %\.$/);
  });

  test('say why the clock could not be accelerated', () => {
    const real = rows.map((one) => ({ ...one, clockFactor: 1, boundPoints: 0.3 }));
    const notes = validationNotes({
      ...result,
      rows: real,
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
