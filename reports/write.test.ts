import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult, TrialRecord } from '../lab/result.ts';
import { fixtureRun } from './fixtures/run.ts';
import { writeReport } from './write.ts';

let base: string;
let full: string;
let files: string[];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cachelab-report-'));
  full = join(base, 'full');
  const { run, records } = fixtureRun();
  const failed: TrialRecord = {
    ...records[0]!,
    state: 'failed',
    order: 900,
    error: 'spawn /home/somebody/k6 ENOENT',
  };
  files = await writeReport(run, [...records, failed], full);
}, 60_000);

afterAll(() => rm(base, { recursive: true, force: true }));

async function reportOf(run: RunResult, records: TrialRecord[] = []): Promise<string> {
  const folder = await mkdtemp(join(base, 'part-'));
  await writeReport(run, records, folder);
  return readFile(join(folder, 'report.html'), 'utf8');
}

/** The words of a page, without its markup. */
function words(html: string): string {
  return html
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/\s+/g, ' ');
}

const SLOW_MS = 60_000;

describe('a full report', { timeout: SLOW_MS }, () => {
  test('writes HTML, Markdown, JSON, 12 CSV files and each chart as SVG and PNG', async () => {
    expect(files).toEqual(expect.arrayContaining(['report.html', 'report.md', 'results.json']));
    expect(files.filter((name) => name.startsWith('csv/'))).toHaveLength(12);
    const charts = files.filter((name) => name.startsWith('charts/'));
    expect(charts.filter((name) => name.endsWith('.svg'))).toHaveLength(14);
    expect(charts.filter((name) => name.endsWith('.png'))).toHaveLength(14);
    for (const name of files) expect((await readFile(join(full, name))).length).toBeGreaterThan(20);
    expect((await readdir(full)).sort()).toEqual([
      'charts',
      'csv',
      'report.html',
      'report.md',
      'results.json',
    ]);
  });

  test('the HTML is one file under 600 KB, without script, link to a file or undrawn chart', async () => {
    const html = await readFile(join(full, 'report.html'), 'utf8');
    expect(html.length).toBeLessThan(600_000);
    expect(html).not.toMatch(/<script|<link|src=|@import|url\((?!#)/);
    expect(html).not.toContain('could not be drawn');
    expect(html).not.toMatch(/\b(?:NaN|undefined|null|Infinity)\b/);
  });

  test('each id is there once, and each reference has its target', async () => {
    const html = await readFile(join(full, 'report.html'), 'utf8');
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [
      ...[...html.matchAll(/(?:href="#|url\(#)([^")]+)/g)].map(([, id]) => id),
      ...[...html.matchAll(/labelledby="([^"]+)"/g)].flatMap(([, all]) => all?.split(' ') ?? []),
    ];
    for (const target of targets) expect(ids).toContain(target);
  });

  test('no file names a folder or the host of this machine', async () => {
    const own = [hostname(), process.cwd(), '/home/somebody'].filter((name) =>
      /[\d/.-]/.test(name),
    );
    for (const name of files.filter((file) => !file.endsWith('.png'))) {
      const text = await readFile(join(full, name), 'utf8');
      for (const secret of own) expect(text, name).not.toContain(secret);
    }
    expect(await readFile(join(full, 'csv/trials.csv'), 'utf8')).toContain('spawn …/k6 ENOENT');
  });

  test('a second report of the same run has the same bytes and leaves no old chart behind', async () => {
    const again = join(base, 'again');
    const { run, records } = fixtureRun();
    await writeReport(run, records, again);
    await writeFile(join(again, 'charts', 'gone.svg'), 'old');
    const first = await readFile(join(again, 'report.html'), 'utf8');
    await writeReport(run, records, again);
    expect(await readFile(join(again, 'report.html'), 'utf8')).toBe(first);
    expect(await readdir(join(again, 'charts'))).not.toContain('gone.svg');
  });

  test('results.json is the run, and the CSV files repeat its numbers', async () => {
    const { run, records } = fixtureRun();
    expect(JSON.parse(await readFile(join(full, 'results.json'), 'utf8'))).toEqual(run);
    const trials = await readFile(join(full, 'csv/trials.csv'), 'utf8');
    expect(trials.trim().split('\r\n')).toHaveLength(records.length + 2);
    const arms = (await readFile(join(full, 'csv/arms.csv'), 'utf8')).split('\r\n');
    const p50 = arms[0]?.split(',').indexOf('p50_ms') ?? -1;
    expect(Number(arms[1]?.split(',')[p50])).toBe(run.experiments[0]?.arms[0]?.quantiles[0]?.ms);
  });

  test('the Markdown links only to charts that exist', async () => {
    const markdown = await readFile(join(full, 'report.md'), 'utf8');
    const links = [...markdown.matchAll(/\]\((charts\/[^)]+)\)/g)].map(([, link]) => link);
    expect(links).toHaveLength(14);
    for (const link of links) expect(files).toContain(link);
  });
});

describe('what a reader meets', { timeout: SLOW_MS }, () => {
  test('question, verdict with interval and the table of arms come before caveats and charts', async () => {
    const html = words(await readFile(join(full, 'report.html'), 'utf8'));
    const places = [
      'What does a cache in front',
      'A cached page takes 1/421',
      'Arm p50 p95 p99',
      'Before the numbers',
      'Noise, and what could have been found',
      'Charts',
      'What the story claims',
      'Invalid and repeated trials',
      'Run it again',
    ].map((text) => html.indexOf(text, html.indexOf('Experiment: Latency')));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });

  test('3 rounds give intervals and "no verdict: 3 rounds", never a verdict word', async () => {
    const { run, records } = fixtureRun({ rounds: 3, profile: 'quick' });
    const page = await reportOf({ ...run, experiments: run.experiments.slice(0, 1) }, records);
    const html = words(page);
    expect(html).toContain('no verdict: 3 rounds');
    expect(html).toContain('3 rounds are too few for a test');
    expect(page).not.toMatch(/class="badge[^>]*>(?:faster|slower|equivalent|inconclusive)/);
    expect(html).not.toContain('experiments in this report');
  });

  test('the invalid trials are listed with their reasons', async () => {
    const html = words(await readFile(join(full, 'report.html'), 'utf8'));
    expect(html).toContain('74 trials: 72 valid, 2 invalid or failed, 2 repeated.');
    expect(html).toContain('foreign-cpu 1, start-lag 1, failed 1.');
    expect(html).toContain('other programs used 23 % of the machine, 15 % allowed');
  });

  test('the smallest effect that could have been found is given in both directions', async () => {
    const html = words(await readFile(join(full, 'report.html'), 'utf8'));
    expect(html).toContain('a p50 7 % higher or 6.5 % lower');
  });

  test('markup in a name is shown, not obeyed', async () => {
    const { run } = fixtureRun({ rounds: 1 });
    const [first] = run.experiments;
    const html = await reportOf({
      ...run,
      experiments: [{ ...first!, answer: '<img src=x> & "more"' }],
    });
    expect(html).toContain('&lt;img src=x&gt; &amp; &quot;more&quot;');
  });
});

describe('a partial run', { timeout: SLOW_MS }, () => {
  test('without an experiment it still is a page that says so', async () => {
    const { run } = fixtureRun({ rounds: 1 });
    expect(await reportOf({ ...run, experiments: [] })).toContain('no experiment with a result');
  });

  test('one round has no interval, and says so', async () => {
    const { run } = fixtureRun({ rounds: 1 });
    const html = words(await reportOf({ ...run, experiments: run.experiments.slice(0, 1) }));
    expect(html).toContain('(no interval, n = 1)');
    expect(html).toContain('no verdict: 1 round');
  });

  test('an arm without a valid trial is named before the table and has dashes in it', async () => {
    const { run } = fixtureRun();
    const capacity = run.experiments.find(({ name }) => name === 'capacity')!;
    const html = words(await reportOf({ ...run, experiments: [capacity] }));
    expect(html).toContain('Without one valid trial: uncached.');
  });

  test('a chart that cannot be drawn leaves its reason and its table', async () => {
    const { run, records } = fixtureRun({ rounds: 1 });
    const folder = await mkdtemp(join(base, 'broken-'));
    const written = await writeReport(
      { ...run, experiments: run.experiments.slice(0, 1) },
      records,
      folder,
      () => [
        {
          id: 'latency-broken',
          title: 'Broken',
          subtitle: '',
          description: 'It is.',
          spec: {
            data: { values: [{ a: 1 }] },
            mark: 'bar',
            encoding: { x: { field: 'a', type: 'quantitative', scale: { type: 'band' } } },
          },
          table: { columns: ['a'], rows: [[42]] },
        },
      ],
    );
    const html = await readFile(join(folder, 'report.html'), 'utf8');
    expect(html).toContain('This chart could not be drawn');
    expect(html).toContain('>42<');
    expect(written).not.toContain('charts/latency-broken.svg');
  });
});
