import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Sample } from '../contract.ts';
import { bucketsOf } from './buckets.ts';
import { madeUpSession } from './fixture.ts';
import { sessionReport } from './report.ts';
import { numbered } from './rules.ts';
import { segmentsOf } from './segments.ts';
import { joinSamples, type Session } from './session.ts';

/** Text of the page without its tags. */
const textOf = (html: string): string =>
  html.replaceAll(/<style>.*?<\/style>|<[^>]*>/gs, ' ').replaceAll('\u00a0', ' ');

// Drawing a dozen charts takes seconds on a machine that does something else too.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** Draws one chart instead of eleven. */
const unasked = (minutes: number): Session => ({ ...madeUpSession(minutes), questions: [] });

describe('the take-home of 90 minutes', () => {
  let session: Session;
  let html: string;

  beforeAll(async () => {
    session = madeUpSession();
    html = await sessionReport(session);
  });

  test('is one file below 500 KB without a script, a link or a picture from outside', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(500_000);
    expect(Buffer.byteLength(html)).toBeGreaterThan(50_000);
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    );
    expect(html).not.toMatch(/<(?:script|link|img|iframe|object|embed|form|base)\b/i);
    expect(html).not.toMatch(/\son\w+="|(?:href|src)="(?!#)|url\((?!#)|@import/i);
  });

  test('has each of its 269 marks with number, time and name', () => {
    expect(session.marks).toHaveLength(269);
    const rows = [...html.matchAll(/<tr><td>(\d+)<td>(\d+:\d\d)<td>([^<]+)/g)];
    expect(rows.map(([, id]) => Number(id))).toEqual(session.marks.map(({ id }) => id));
    expect(rows[0]?.slice(1)).toEqual(['1', '0:20', 'Expire now']);
    expect(rows.at(-1)?.slice(1, 3)).toEqual(['269', '89:40']);
  });

  test('draws each question’s predictions with the measured answer, and says how many were near', () => {
    const text = textOf(html);
    expect(html.match(/<article class="chart" id="prediction-/g)).toHaveLength(5);
    expect(text).toMatch(/28 predictions: median [\d.]+ %/);
    expect(text).toContain('measured: 90 %');
    expect(text).toMatch(/\d+ of 28 were within a factor of 2/);
  });

  test('says of each setting what it brought', () => {
    const [first, cached] = segmentsOf(session);
    expect(first).toMatchObject({ preset: 'uncached', errors: 0 });
    expect(first?.p50Ms).toBeGreaterThan(350);
    expect(cached).toMatchObject({ policy: 'Cache-aside, 1 h' });
    expect(cached?.changed).toEqual({ readsPerSecond: 6 });
    expect(cached?.p50Ms).toBeLessThan(2);
    expect(textOf(html)).toContain('Lease (reads/s = 10)');
  });

  test('names versions, machine, the command, the knobs’ link and its limits', () => {
    const text = textOf(html);
    expect(text).toContain('npm run workshop');
    expect(text).toContain('#preset=hardened&amp;readsPerSecond=11');
    expect(text).toMatch(/CPU .*cores/);
    expect(text).toContain('handling time at the server');
    expect(text).toContain('One machine');
  });

  test('is the same twice, byte for byte', async () => {
    expect(await sessionReport(madeUpSession())).toBe(html);
  });

  test('in Chinese has the same figures and no English heading', async () => {
    const chinese = await sessionReport(session, 'zh');
    expect(chinese).toContain('<html lang="zh-CN">');
    expect(Buffer.byteLength(chinese)).toBeLessThan(500_000);
    const headings = [...chinese.matchAll(/<h[123][^>]*>([^<]+)/g)].map(([, text]) => text);
    for (const heading of headings) expect(heading).toMatch(/\p{Script=Han}/u);
    expect(chinese.match(/<tr>/g)?.length).toBe(html.match(/<tr>/g)?.length);
  });
});

describe('what participants and services say', () => {
  const MARKUP = `"><img src=x onerror=alert(1)></td><script>alert(2)</script>'`;

  test('stays text wherever it stands', async () => {
    const made = madeUpSession(3);
    const session = { ...made, questions: made.questions.slice(0, 1) };
    const [mark] = session.marks;
    const [turn] = session.knobs;
    const html = await sessionReport({
      ...session,
      marks: [
        { ...mark!, what: MARKUP, detail: MARKUP },
        { ...mark!, id: 2, kind: 'knobs', what: MARKUP, detail: MARKUP },
        { ...mark!, id: 3, kind: 'question', what: MARKUP, detail: MARKUP },
      ],
      knobs: [{ ...turn!, policy: MARKUP, knobs: { ...turn!.knobs, preset: MARKUP } }],
      questions: session.questions.map((question) => ({ ...question, how: MARKUP })),
      measured: session.measured.map(({ atMs, measured }) => ({
        atMs,
        measured: { ...measured, how: MARKUP, unit: MARKUP },
      })),
      environment: { ...session.environment, cpuModel: MARKUP },
    });
    expect(html).not.toMatch(/<(?:img|script)/i);
    expect(html.split('&lt;img src=x onerror=alert(1)&gt;').length).toBeGreaterThan(8);
  });

  test('that looks like a name of the page’s own is shown as it is', async () => {
    const session = unasked(1);
    const mark = { ...session.marks[0]!, what: 'constructor' };
    const html = await sessionReport({ ...session, marks: [mark] });
    expect(html).toContain('<td>constructor<td>');
  });
});

test('a mark of each kind is named as the page names it', async () => {
  const session = unasked(1);
  const [first] = session.marks;
  const marks = (
    [
      ['action', 'kill-redis'],
      ['knobs', 'preset,readsPerSecond'],
      ['question', 'selects-flood'],
      ['run', 'measure'],
    ] as const
  ).map(([kind, what], index) => ({ ...first!, id: index + 1, kind, what, detail: 'x' }));
  const html = await sessionReport({ ...session, marks });
  expect([...html.matchAll(/<td>0:20<td>([^<]+)<td>x/g)].map(([, name]) => name)).toEqual([
    'Kill Redis',
    'Knobs: policy; reads/s',
    'Question: A flood for stores that do not exist: SELECTs a second?',
    'Measurement',
  ]);
});

describe('a short session', () => {
  test('of a minute is drawn in seconds', async () => {
    const html = await sessionReport(unasked(1));
    expect(html).toContain('seconds since the room opened');
  });

  test('without a view, a mark or a question says so and draws nothing', async () => {
    const session = unasked(1);
    const html = await sessionReport({
      ...session,
      ...{ endedAtMs: session.openedAtMs, samples: [], marks: [], questions: [], measured: [] },
      knobs: [],
    });
    expect(html).not.toContain('<svg');
    const text = textOf(html);
    for (const said of ['No page was viewed', 'Nothing was turned', 'No question', 'No sentence'])
      expect(text).toContain(said);
  });

  test('of one second has its chart', async () => {
    const session = unasked(1);
    const one = { ...session, samples: session.samples.slice(0, 1), endedAtMs: session.openedAtMs };
    expect(await sessionReport(one)).toContain('<svg');
  });

  test('whose readers never came has its chart without a response time', async () => {
    const session = unasked(1);
    const silent = { requests: 0, p50Ms: null, p99Ms: null, hitRatio: null, staleShare: null };
    const samples = session.samples.map((sample) => ({ ...sample, ...silent }));
    const html = await sessionReport({ ...session, samples });
    expect(html).toContain('No page was answered');
  });
});

describe('stretches of time', () => {
  test('90 minutes make at most 360 of 15 s, with a gap where a minute has no sample', () => {
    const buckets = bucketsOf(madeUpSession(), 360);
    expect(buckets.length).toBeLessThanOrEqual(360);
    expect(buckets.length).toBeGreaterThan(350);
    expect(buckets[0]).toMatchObject({ fromMs: 0, toMs: 15_000 });
    expect(new Set(buckets.map(({ run }) => run)).size).toBe(2);
  });

  test('four samples of a quarter of a second become one of a second', () => {
    const base = madeUpSession(1).samples[0]!;
    const quarter = (changed: Partial<Sample>): Sample => ({ ...base, spanMs: 250, ...changed });
    const joined = joinSamples([
      quarter({ requests: 3, p50Ms: 2, p99Ms: 4, staleShare: 1, selectsPerSecond: 0, loads: 0 }),
      quarter({ requests: 0, p50Ms: null, p99Ms: null, staleShare: null, selectsPerSecond: 400 }),
      quarter({ requests: 1, p50Ms: 9, p99Ms: 90, staleShare: 0, selectsPerSecond: 0, loads: 2 }),
      quarter({
        requests: 0,
        p50Ms: 3,
        p99Ms: 5,
        staleShare: null,
        selectsPerSecond: 0,
        redis: null,
      }),
    ]);
    expect(joined).toMatchObject({
      ...{ spanMs: 1000, requests: 4, p50Ms: 3, p99Ms: 90, staleShare: 0.75 },
      ...{ selectsPerSecond: 100, redis: null },
    });
  });

  test('a slider that passed 30 values in 3 s counts as one turn', () => {
    const session = madeUpSession(10);
    const [opened] = session.knobs;
    const turns = Array.from({ length: 30 }, (_, index) => ({
      atMs: session.openedAtMs + 60_000 + index * 100,
      knobs: { ...opened!.knobs, readsPerSecond: 10 + index },
      policy: opened!.policy,
    }));
    const segments = segmentsOf({ ...session, knobs: [opened!, ...turns] });
    expect(segments.map(({ changed }) => changed.readsPerSecond)).toEqual([5, 39]);
  });
});

describe('numbers over the marks', () => {
  const marks = madeUpSession().marks;

  test('stand alone where there is room, and name their first and last where there is none', () => {
    const five = marks.slice(0, 5);
    const at = [10, 100, 104, 109, 300];
    expect(numbered(five, ({ id }) => at[id - 1]!)).toEqual([
      { px: 10, label: '1' },
      { px: 100, label: '2–4' },
      { px: 300, label: '5' },
    ]);
  });

  test.each([740, 276])('of 269 marks on %d px never overlap, and none is left out', (width) => {
    const rules = numbered(marks, ({ id }) => (id / marks.length) * width);
    for (const [index, rule] of rules.entries()) {
      const next = rules[index + 1];
      if (next !== undefined)
        expect(next.px - rule.px).toBeGreaterThanOrEqual(rule.label.length * 7.5);
    }
    const ends = rules.map(({ label }) => label.split('–').map(Number));
    expect(ends[0]?.[0]).toBe(1);
    expect(ends.at(-1)?.at(-1)).toBe(269);
    for (const [index, pair] of ends.entries())
      expect(ends[index + 1]?.[0] ?? 270).toBe(pair.at(-1)! + 1);
  });
});
