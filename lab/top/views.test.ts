import { describe, expect, test } from 'vitest';
import { healthyMoment } from './fixtures.ts';
import { tableHead, tableRow } from './table.ts';
import { age, bytes, percent, short } from './units.ts';
import { jsonView, linesView, screenView } from './views.ts';

const URL = 'http://127.0.0.1:3000';
const ABOUT = { url: URL, everyText: '1 s' };

/** A screen that was cleared, then drawn: its last frame, without escape codes. */
function lastFrame(written: string[]): string[] {
  const frame = written.join('').split('\u001b[H').at(-1) ?? '';
  // oxlint-disable-next-line no-control-regex -- escape codes are what is taken away
  return frame.replaceAll(/\u001b\[[?\d;]*[a-zA-Z]/g, '').split('\r\n');
}

describe('lines, for pipes and files', () => {
  test('the names of the columns stand above each 20 lines', () => {
    const written: string[] = [];
    const view = linesView((text) => written.push(text), URL);
    for (let reading = 0; reading < 45; reading += 1) view.show(healthyMoment());
    const lines = written.join('').split('\n').slice(0, -1);
    expect(lines).toHaveLength(45 + 3 * 2);
    const heads = lines.flatMap((line, index) => (line.startsWith('time') ? [index] : []));
    expect(heads).toEqual([1, 23, 45]);
    expect(lines.join('')).not.toContain('\u001b');
  });

  test('an outage of 3 readings is told once, and its end', () => {
    const written: string[] = [];
    const view = linesView((text) => written.push(text), URL);
    view.show(healthyMoment());
    for (const time of ['14:04:00', '14:04:01', '14:04:02']) view.trouble(time, 'no answer in 2 s');
    view.show(healthyMoment('14:04:03'));
    const lines = written.join('').split('\n').slice(3, -1);
    expect(lines[0]).toBe(`14:04:00 no answer from ${URL}: no answer in 2 s; trying again`);
    expect(lines[1]).toBe(`14:04:03 ${URL} answers again`);
    expect(lines[2]).toMatch(/^14:04:03 +1234 +97\.3/);
  });

  test('rows are as wide as their head, whatever the figures', () => {
    const [groups, columns] = tableHead();
    expect(groups).toHaveLength(columns.length);
    const huge = healthyMoment();
    Object.assign(huge.rates.store ?? {}, { requestsPerSecond: 123_456, meanLoadMs: 59_999 });
    Object.assign(huge.stats.redis, { used_memory_bytes: 25e9, db_keys: 1_234_567 });
    for (const moment of [healthyMoment(), huge])
      expect(tableRow(moment)).toHaveLength(columns.length);
  });
});

describe('JSON', () => {
  test('each reading is one object, and so is each that failed', () => {
    const written: string[] = [];
    const view = jsonView(
      (text) => written.push(text),
      () => new Date(0),
    );
    view.show(healthyMoment());
    view.trouble('14:04:00', 'nothing listens there');
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      { at: '1970-01-01T00:00:00.000Z', stats: { requests: 100 }, error: null },
      { stats: null, rates: null, error: 'nothing listens there' },
    ]);
    expect(written.every((line) => line.endsWith('}\n'))).toBe(true);
  });
});

describe('the screen of a terminal', () => {
  test('fits into 80 columns and 24 rows, newest row last, and shows the cursor again at the end', () => {
    const written: string[] = [];
    const view = screenView(
      (text) => written.push(text),
      ABOUT,
      () => ({ columns: 80, rows: 24 }),
      true,
    );
    for (let second = 10; second < 60; second += 1) view.show(healthyMoment(`14:03:${second}`));
    const frame = lastFrame(written);
    expect(frame.length).toBeLessThan(24);
    expect(Math.max(...frame.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(frame[0]).toContain('policy cached');
    expect(frame.at(-1)).toMatch(/^14:03:59 +1234/);
    expect(frame).toContain('all within its limits');
    view.end();
    expect(written.at(-1)).toContain('\u001b[?25h');
  });

  test('an outage keeps the last figures and says that they are', () => {
    const written: string[] = [];
    const view = screenView(
      (text) => written.push(text),
      ABOUT,
      () => ({ columns: 120, rows: 40 }),
      true,
    );
    view.show(healthyMoment());
    view.trouble('14:04:00', 'nothing listens there');
    const frame = lastFrame(written);
    expect(frame).toContain('! no answer: nothing listens there; trying again every 1 s');
    expect(frame.at(-1)).toMatch(/^14:03:59/);
  });

  test('without colour nothing is bold, dim or red', () => {
    const styled = (colour: boolean): string => {
      const written: string[] = [];
      const view = screenView(
        (text) => written.push(text),
        ABOUT,
        () => ({ columns: 120, rows: 40 }),
        colour,
      );
      view.trouble('14:04:00', 'nothing listens there');
      return written.join('');
    };
    expect(styled(true)).toContain('\u001b[31m!');
    // oxlint-disable-next-line no-control-regex -- as above
    expect(styled(false)).not.toMatch(/\u001b\[\d+m/);
  });
});

test.each([
  [0, '0'],
  [0.5, '0.50'],
  [7, '7'],
  [7.46, '7.5'],
  [99.96, '100'],
  [999.7, '1000'],
  [1085.2, '1085'],
  [9999.6, '10.0k'],
  [12_345, '12.3k'],
  [999_700, '1.0M'],
  [null, '-'],
  [Number.POSITIVE_INFINITY, 'inf'],
])('%d is told as %s', (value, text) => {
  expect(short(value)).toBe(text);
});

test('bytes are in powers of 1024, shares never rounded up to 100 %, ages in one unit', () => {
  expect([0, 1023, 1024, 1_500_000, 25e9].map(bytes)).toEqual([
    '0B',
    '1023B',
    '1.0K',
    '1.4M',
    '23.3G',
  ]);
  expect([0, 0.9999, 1, null].map(percent)).toEqual(['0.0', '99.9', '100', '-']);
  expect([42, 1000, 9000, 200_000].map(age)).toEqual(['42s', '16m', '2h', '2d']);
});
