import { describe, expect, test } from 'vitest';
import {
  answerTimes,
  namesSettled,
  parseTrace,
  syncedPrefix,
  type TraceEvent,
} from './durability-trace.ts';

/** As strace writes it; the second thread syncs while the first goes on. */
const LOG = [
  '10 1.000000 write(1</dev/null>, ""..., 80) = 80',
  '10 1.001000 write(7</data/a.aof>, ""..., 50) = 50',
  '10 1.002000 write(8<socket:[77]>, ""..., 5) = 5',
  '11 1.003000 fdatasync(7</data/a.aof> <unfinished ...>',
  '10 1.004000 write(7</data/a.aof>, ""..., 30) = 30',
  '10 1.005000 write(8<socket:[77]>, ""..., 9 <unfinished ...>',
  '11 1.006000 <... fdatasync resumed>)  = 0 (DELAYED)',
  '10 1.007000 <... write resumed>)      = 9',
  '10 1.008000 write(9<socket:[78]>, ""..., 7) = 7',
  '10 +++ killed by SIGKILL +++',
].join('\n');

const events = parseTrace(LOG, '/data');

describe('the fsynced prefix', () => {
  test('a sync that began after 50 bytes keeps 50, although 80 were written when it ended', () => {
    expect(syncedPrefix(events)).toEqual(new Map([['a.aof', 50]]));
  });

  test('a sync that has not ended keeps nothing', () => {
    const cut = events.filter(({ atMs }) => atMs < 1005);
    expect(cut.map(({ kind }) => kind)).toEqual(['written', 'answered', 'written']);
    expect(syncedPrefix(cut)).toEqual(new Map());
  });

  test('a sync that failed keeps nothing', () => {
    const failed = LOG.replace('= 0 (DELAYED)', '= -1 EIO (Input/output error) (INJECTED)');
    expect(syncedPrefix(parseTrace(failed, '/data'))).toEqual(new Map());
  });

  test('a file keeps what was synced of it under its new name, and a new one under the old name begins at 0', () => {
    const renamed = parseTrace(
      [
        '10 1.0 write(7</data/temp-1.rdb>, ""..., 89) = 89',
        '10 1.1 fsync(7</data/temp-1.rdb>) = 0',
        '10 1.2 rename("temp-1.rdb", "dump.rdb") = 0',
        '10 1.3 renameat(AT_FDCWD</data>, "none", AT_FDCWD</data>, "gone") = -1 ENOENT (No such file)',
        '10 1.4 write(7</data/temp-1.rdb>, ""..., 40) = 40',
        '10 1.5 unlink("/data/old.aof") = 0',
        '10 1.6 write(7</data/dump.rdb>, ""..., 11) = 11',
        '10 1.7 fsync(7</data/dump.rdb>) = 0',
        '10 1.8 fsync(8</data/temp-1.rdb>) = 0',
      ].join('\n'),
      '/data',
    );
    const kept = (to: number): Map<string, number> => syncedPrefix(renamed.slice(0, to));
    expect(kept(5)).toEqual(new Map([['dump.rdb', 89]]));
    expect(kept(7)).toEqual(new Map([['dump.rdb', 100]]));
    expect(kept(8).get('temp-1.rdb')).toBe(40);
    expect(namesSettled(renamed)).toBe(5);
    expect(namesSettled(renamed.slice(0, 4))).toBe(3);
  });
});

describe('answers', () => {
  test('two answers that leave in one call of 9 bytes are both sent at its end', () => {
    expect(answerTimes(events, [5, 5, 4])).toEqual([1002, 1007, 1007]);
  });

  test('before the second call ends only the first answer is sent, and other clients do not count', () => {
    expect(answerTimes(events.slice(0, 2), [5, 5, 4])).toEqual([1002]);
    // What the lab asks a server about itself is longer than many answers to writes.
    const other: TraceEvent = { atMs: 1001, kind: 'answered', socket: 'socket:[79]', bytes: 6000 };
    expect(answerTimes([other, ...events], [5, 5, 4])).toEqual([1002, 1007, 1007]);
  });
});
