import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRecords } from './records.ts';
import type { TrialRecord } from './result.ts';

const record = (order: number): TrialRecord => ({
  schema: 1,
  runId: 'r',
  experiment: 'latency',
  arm: 'cached',
  round: 0,
  slot: 0,
  order,
  attempt: 1,
  seed: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  wallSeconds: 1,
  state: 'failed',
  error: 'a newline\nin it',
});

describe('records.ndjson', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'records-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('what is appended is read back in order', () => {
    const path = join(folder, 'records.ndjson');
    const log = openRecords(path);
    log.append(record(0));
    log.append(record(1));
    expect(openRecords(path).records).toEqual([record(0), record(1)]);
  });

  test('a last line that a kill cut short is dropped, and the next append starts a line of its own', () => {
    const path = join(folder, 'records.ndjson');
    openRecords(path).append(record(0));
    appendFileSync(path, JSON.stringify(record(1)).slice(0, 50));
    const log = openRecords(path);
    expect(log.records).toEqual([record(0)]);
    log.append(record(1));
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
    expect(openRecords(path).records).toEqual([record(0), record(1)]);
  });

  test('a broken line in the middle and a foreign schema are errors that name the line', () => {
    const path = join(folder, 'records.ndjson');
    appendFileSync(path, `{broken\n${JSON.stringify(record(0))}\n`);
    expect(() => openRecords(path)).toThrow(/records\.ndjson:1 is not JSON/);
    const other = join(folder, 'other.ndjson');
    appendFileSync(other, `${JSON.stringify({ ...record(0), schema: 99 })}\n`);
    expect(() => openRecords(other)).toThrow(/schema 99/);
  });
});
