import { pino } from 'pino';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createSlowLog } from './slow-log.ts';

test('500 slow requests in 2 s give 2 lines, and the second says that 249 were left out', () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  let nowMs = 0;
  const slow = createSlowLog(log, 100, () => nowMs);
  for (let request = 0; request < 500; request += 1) {
    slow('lao-zhang', 900);
    nowMs += 4;
  }
  const shape = z.object({ milliseconds: z.number(), suppressed: z.number() });
  expect(lines.map((line) => shape.parse(JSON.parse(line)))).toEqual([
    { milliseconds: 900, suppressed: 0 },
    { milliseconds: 900, suppressed: 249 },
  ]);
});

test('a request of exactly 100 ms is not slow', () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  createSlowLog(log, 100, () => 0)('lao-zhang', 100);
  expect(lines).toEqual([]);
});
