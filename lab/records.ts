import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { LabError } from './errors.ts';
import { RESULT_SCHEMA, type TrialRecord } from './result.ts';

/** The trials of a run, one JSON line each, on disk before the next trial starts. */
export interface RecordLog {
  readonly records: readonly TrialRecord[];
  append(record: TrialRecord): void;
}

/**
 * Opens `records.ndjson`. A last line that a kill cut short is dropped, so its trial is made again; any
 * other line that does not parse is an error, because then the file is not ours to repair.
 * @throws LabError `E_RECORDS_BROKEN`
 */
export function openRecords(path: string): RecordLog {
  const records: TrialRecord[] = existsSync(path) ? readAndTrim(path) : [];
  return {
    records,
    append(record) {
      const file = openSync(path, 'a');
      try {
        writeSync(file, `${JSON.stringify(record)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      records.push(record);
    },
  };
}

function readAndTrim(path: string): TrialRecord[] {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1; // after the last complete line
  if (end < bytes.length) truncateSync(path, end);
  return bytes
    .subarray(0, end)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => parseRecord(line, `${path}:${index + 1}`));
}

function parseRecord(line: string, where: string): TrialRecord {
  let record: Partial<TrialRecord>;
  try {
    record = JSON.parse(line) as Partial<TrialRecord>;
  } catch (cause) {
    throw new LabError('E_RECORDS_BROKEN', `${where} is not JSON`, {
      hint: 'the file was changed by something else; start a new run',
      cause,
    });
  }
  if (record.schema !== RESULT_SCHEMA) {
    throw new LabError(
      'E_RECORDS_BROKEN',
      `${where} has schema ${String(record.schema)}, this version reads ${RESULT_SCHEMA}`,
      { hint: 'report it with the cachelab version that made it' },
    );
  }
  return record as TrialRecord;
}
