import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { RunResult, TrialRecord } from '../lab/result.ts';
import { csvFiles } from './csv.ts';
import type { Figure } from './figure.ts';
import { pareto } from './charts/pareto.ts';
import { allTradeOffs } from './first-page.ts';
import type { DrawnFigure } from './html-parts.ts';
import { type Chapter, htmlReport } from './html.ts';
import { markdownReport } from './markdown.ts';
import { renderPng, renderSvg, standaloneSvg } from './render.ts';
import { type ChartsOf, scenarioCharts } from './scenario-charts.ts';
import { scrub } from './scrub.ts';

/**
 * Writes the whole report of a run: `report.html`, `report.md`, `results.json`, `csv/`, `charts/`.
 * Each file appears whole or not at all. A chart that cannot be drawn is replaced by its reason and
 * its table: an hour of measuring is not lost for a picture.
 * @param chartsOf - The figures of an experiment; those of its scenario folder by default.
 * @returns The files written, as paths below `folder`.
 */
export async function writeReport(
  run: RunResult,
  records: readonly TrialRecord[],
  folder: string,
  chartsOf: ChartsOf = scenarioCharts,
): Promise<string[]> {
  const shown = scrub(run, [hostname()]);
  const trials = scrub(records, [hostname()]);
  const files = new Map<string, string | Uint8Array>();
  const chapters: Chapter[] = [];
  for (const analysis of shown.experiments) {
    const figures: DrawnFigure[] = [];
    for (const figure of await chartsOf(analysis)) {
      figures.push(await draw(figure, files));
    }
    chapters.push({ analysis, figures });
  }
  const overview = chapters.length > 1 ? tradeOffFigure(shown) : null;
  const tradeOffs = overview === null ? null : await draw(overview, files);
  files.set('report.html', htmlReport(shown, trials, chapters, tradeOffs));
  files.set('report.md', markdownReport(shown, trials, chapters, tradeOffs));
  files.set('results.json', `${JSON.stringify(shown, null, 1)}\n`);
  for (const [name, text] of csvFiles(shown, trials)) files.set(`csv/${name}`, text);
  await writeAll(folder, files);
  return [...files.keys()];
}

/** The Pareto picture over all experiments; null with fewer than two points. */
export function tradeOffFigure({ experiments }: RunResult): Figure | null {
  return pareto('suite', allTradeOffs(experiments), {
    id: 'trade-offs',
    title: 'Freshness, database load and hit ratio pull against each other',
    subtitle: 'One point a strategy, with 95 % intervals where there are any.',
  });
}

/** Draws a figure for page, phone and file; a chart that cannot be drawn is replaced by its reason. */
export async function draw(
  figure: Figure,
  files: Map<string, string | Uint8Array>,
): Promise<DrawnFigure> {
  try {
    const wide = await renderSvg(figure.spec, { idPrefix: figure.id, screen: 'wide' });
    const narrow = await renderSvg(figure.spec, {
      idPrefix: `${figure.id}-n`,
      screen: 'narrow',
    });
    const standalone = standaloneSvg(wide, figure);
    files.set(`charts/${figure.id}.svg`, standalone);
    files.set(`charts/${figure.id}.png`, renderPng(standalone));
    return { figure, svg: { wide, narrow }, problem: null };
  } catch (error) {
    const problem = scrub(error instanceof Error ? error.message : String(error), [hostname()]);
    return { figure, svg: null, problem };
  }
}

/** Charts of an earlier report of the same run must not stay behind, so their folders are replaced. */
export async function writeAll(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<void> {
  const staging = join(folder, '.report-new');
  await rm(staging, { recursive: true, force: true });
  for (const [name, content] of files) {
    await mkdir(dirname(join(staging, name)), { recursive: true });
    await writeFile(join(staging, name), content);
  }
  const tops = new Set([...files.keys()].map((name) => name.split('/')[0] ?? name));
  tops.add('charts');
  for (const name of tops) {
    await rm(join(folder, name), { recursive: true, force: true });
    // `charts` is missing from a report that has no figure at all.
    await rename(join(staging, name), join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await rm(staging, { recursive: true, force: true });
}
