import { expect, test } from 'vitest';
import { judgeWorkshop } from './workshop.ts';
import type { SoakReadings } from './workshop-soak.ts';

/** A number between -1 and 1 that looks like noise and is always the same. */
const noise = (at: number): number => Math.sin(12.9898 * (at + 1));
const series = (count: number, of: (at: number) => number): number[] =>
  Array.from({ length: count }, (_, at) => of(at));

const readings = (change: Partial<SoakReadings> = {}): SoakReadings => ({
  ...{ startMs: [5200, 4900, 5100], stretchSeconds: 60, clients: 20, bytesPerSecond: 1600 },
  ...{ missed: 0, vanished: 90, stalledLetGo: false, clientsEndedMs: 140, endedMs: 2400 },
  aloneCores: series(10, (at) => 0.03 + 0.002 * noise(at)),
  crowdedCores: series(30, (at) => 0.05 + 0.002 * noise(at)),
  rssBytes: series(30, (at) => 120e6 + (at < 5 ? 4e6 * at : 20e6) + 1e6 * noise(at)),
  ...change,
});

test('2 % of a core for 20 clients, flat memory, 5 s to the first page and 0.14 s to the end pass', () => {
  const { lines, passed } = judgeWorkshop(readings());
  expect(lines.join('\n')).not.toContain('broken');
  expect(passed).toBe(true);
  expect(lines[1]).toMatch(
    /for the page (1\.9|2\.0)\d % of a core, 95 % interval 1\.\d+ % to 2\.\d+ %/,
  );
  expect(lines[2]).toContain('(n = 25)');
});

test.each<[string, Partial<SoakReadings>, number]>([
  ['one start of 8.2 s', { startMs: [5000, 8200, 5000] }, 0],
  ['two starts are too few', { startMs: [5000, 5000] }, 0],
  ['6 % of a core for the page', { crowdedCores: series(30, (at) => 0.09 + 0.001 * noise(at)) }, 1],
  ['readings that tell nothing', { crowdedCores: series(30, (at) => 0.05 + 0.2 * noise(at)) }, 1],
  ['1 MB more every minute', { rssBytes: series(30, (at) => 120e6 + 1e6 * at) }, 2],
  ['one sample that a reader missed', { missed: 1 }, 3],
  ['1.2 s until a stream ends', { clientsEndedMs: 1200 }, 4],
])('%s fails, and the line says so', (_what, change, line) => {
  const { lines, passed } = judgeWorkshop(readings(change));
  expect(passed).toBe(false);
  expect(lines.map((text) => text.endsWith('broken'))).toEqual(lines.map((_, at) => at === line));
});
