import { beforeAll, describe, expect, test } from 'vitest';
import type { ExperimentAnalysis, RunResult, TrialRecord } from '../lab/result.ts';
import { csvFiles } from './csv.ts';
import { suiteCharts, suiteRun } from './fixtures/suite.ts';
import type { DrawnFigure } from './html-parts.ts';
import { type Chapter, htmlReport } from './html.ts';
import { markdownReport } from './markdown.ts';
import { renderSvg } from './render.ts';
import { tradeOffFigure } from './write.ts';

const { run, records } = suiteRun();
let chapters: Chapter[];
let tradeOffs: DrawnFigure;
let html: string;

/** Drawings by what follows the experiment's name in their id: ten experiments of the suite share their trials. */
const drawn = new Map<string, { wide: string; narrow: string }>();
const first = run.experiments.findIndex(({ name }) => name === 'hit-ratio');

async function draw(figure: DrawnFigure['figure'], analysis?: ExperimentAnalysis) {
  const { id, spec } = figure;
  const own = analysis === undefined || run.experiments.indexOf(analysis) < first;
  const key = own ? id : id.slice(analysis.name.length);
  const svg = drawn.get(key) ?? {
    wide: await renderSvg(spec, { idPrefix: key, screen: 'wide' }),
    narrow: await renderSvg(spec, { idPrefix: `${key}-n`, screen: 'narrow' }),
  };
  drawn.set(key, svg);
  const renamed = (text: string): string =>
    text.replaceAll(` id="${key}`, ` id="${id}`).replaceAll(`#${key}`, `#${id}`);
  return {
    figure,
    svg: { wide: renamed(svg.wide), narrow: renamed(svg.narrow) },
    problem: null,
  };
}

beforeAll(async () => {
  chapters = [];
  for (const analysis of run.experiments) {
    const figures: DrawnFigure[] = [];
    for (const figure of suiteCharts(analysis)) figures.push(await draw(figure, analysis));
    chapters.push({ analysis, figures });
  }
  tradeOffs = await draw(tradeOffFigure(run)!);
  html = htmlReport(run, records, chapters, tradeOffs);
}, 120_000);

/** The words of a page, without its markup. */
function words(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/\s+/g, ' ');
}

describe('the report of 14 experiments', () => {
  test('is one file under 1 MB with a strict policy and nothing from outside', () => {
    expect(run.experiments).toHaveLength(14);
    const figures = chapters.flatMap((chapter) => chapter.figures);
    expect(figures.length).toBeGreaterThan(80);
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(html).not.toMatch(/<script|<link|src=|@import|url\((?!#)|https?:/);
    expect(html).not.toMatch(/\b(?:NaN|undefined|null|Infinity)\b/);
  });

  test('has each id once, and a target for each reference', () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set(ids);
    for (const [, id] of html.matchAll(/(?:href="#|url\(#)([^")]+)/g)) expect(known).toContain(id);
  });

  test('shows the scorecard, the trade-offs, the contradiction, the experiments and the ledger in this order', () => {
    const page = words(html);
    const places = [
      'Which strategy against which disease',
      'hardened is beaten in slow page: cached (p50 2.1 ms), against its p50 2.3 ms.',
      'No other arm beats hardened in staleness, stampede, avalanche, penetration and cost.',
      '✗ 54 loads per expiry',
      'What each strategy trades for what',
      'On the front are',
      'Theory and measurement differ in 1 of 2 comparisons; by chance alone it would be about 0.1: The hot page expires : xfetch, early loads per expiry: theory says 2.72 loads (e^(1/β)), measured 4.1 loads [3.6 loads, 4.6 loads].',
      '14 experiments in this report',
      'What became of the story’s claims',
      'Not judged in this run: C2, C4,',
      'Experiment: Latency of the page',
    ].map((text) => page.indexOf(text));
    expect(places[0]).toBeGreaterThan(0);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('has a claim that two experiments judged under both, and leaves out what was not judged', () => {
    const ledger = html.slice(
      html.indexOf('aria-label="Claims ledger"'),
      html.indexOf('Experiment: '),
    );
    expect(ledger.match(/>C21 /g)).toHaveLength(2);
    expect(words(ledger)).toContain('Two edits inside one rebuild');
    expect(ledger).not.toContain('>C25 ');
  });

  test('says a contradiction again at the top of its experiment, and has every formula in a table', () => {
    const chapter = words(html.slice(html.indexOf('<section class="experiment" id="stampede"')));
    const said = chapter.indexOf('Theory and measurement differ here: xfetch');
    expect(said).toBeGreaterThan(0);
    expect(said).toBeLessThan(chapter.indexOf('Before the numbers'));
    expect(chapter).toContain('1 + λΔ 53.9 loads 54.2 loads [51.1 loads, 57.3 loads] agrees');
    expect(chapter).toContain('no interval one trial gives no interval');
  });

  test('leaves the strips of trials to their files, with sentence and table in their place', () => {
    expect(html).toContain('Drawn in charts/stampede-trials.svg.');
    expect(html).toContain('id="stampede-trials-text"');
    const alone = htmlReport(run, records, chapters.slice(0, 2), null);
    expect(alone).not.toContain('Drawn in charts/');
  });

  test('says the same in Markdown and CSV', () => {
    const markdown = markdownReport(run, records, chapters, tradeOffs).replaceAll('\\', '');
    for (const text of [
      '| cached | ✓ p50 2.1 ms (95 % interval 2.02 to 2.18, n = 12) |',
      '- hardened is beaten in slow page',
      '![Freshness, database load and hit ratio pull against each other](charts/suite-trade-offs.svg)',
      '- The hot page expires: xfetch, early loads per expiry',
      '| C27 | refuted |',
      '### Theory beside measurement',
    ]) {
      expect(markdown).toContain(text);
    }
    const files = csvFiles(run, records);
    const lines = (name: string): string[] => files.get(name)?.trim().split('\r\n') ?? [];
    const bloom = 'penetration,bloom,penetration,good,0.01 SELECTs per bad request,0.01,';
    expect(lines('scores.csv').filter((line) => line.startsWith(bloom))).toHaveLength(1);
    expect(lines('theory.csv')).toHaveLength(4);
    expect(lines('trade-offs.csv')).toHaveLength(13);
    expect(lines('findings.csv')).toContain('stampede,single-flight,sample,loadsPerExpiry,0,4');
  });
});

describe('a run of an older version', () => {
  test('without scores, theory, trade-offs and findings renders without those parts', () => {
    const old: RunResult = JSON.parse(
      JSON.stringify(run, (key: string, value: unknown) =>
        ['scores', 'theory', 'tradeOffs', 'findings'].includes(key) ? undefined : value,
      ),
    );
    const few = old.experiments.slice(0, 2).map((analysis) => ({ analysis, figures: [] }));
    const none: TrialRecord[] = [];
    expect(tradeOffFigure(old)).toBeNull();
    const page = htmlReport({ ...old, experiments: old.experiments.slice(0, 2) }, none, few, null);
    expect(page).toContain('2 experiments in this report');
    expect(page).not.toMatch(/Which strategy|trades for what|Theory/);
    expect(markdownReport(old, none, few, null)).not.toMatch(/Which strategy|Theory/);
    expect(csvFiles(old, none).get('scores.csv')).toMatch(/^experiment,policy[^\r]*\r\n$/);
  });
});
