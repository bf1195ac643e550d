import type { ArmAnalysis, ExperimentAnalysis, RunResult, TrialRecord } from '../lab/result.ts';
import { armsTable, comparisonTable, designSentence, noiseSentences } from './arms-table.ts';
import { environmentRows } from './environment.ts';
import { escapeXml } from './escape.ts';
import type { Figure } from './figure.ts';
import { mismatches, theoryTable } from './first-page.ts';
import { firstPage } from './first-page-html.ts';
import { capital, NO_VALUE, plural } from './format.ts';
import {
  badge,
  bullets,
  cardTable,
  type DrawnFigure,
  figure,
  numbers,
  prose,
  scrollTable,
} from './html-parts.ts';
import { PAGE_STYLE } from './page-style.ts';
import { reasonCounts, reserves, troubles } from './troubles.ts';

/** One experiment and its figures, in the order of the report. */
export interface Chapter {
  analysis: ExperimentAnalysis;
  figures: DrawnFigure[];
}

/** From this many experiments a report leaves secondary pictures to its files. */
const SUITE_FROM_CHAPTERS = 7;

/**
 * The report as one HTML file: no script, no network, nothing outside itself.
 * @param tradeOffs - The Pareto picture of the first page; null without one.
 */
export function htmlReport(
  run: RunResult,
  records: readonly TrialRecord[],
  chapters: readonly Chapter[],
  tradeOffs: DrawnFigure | null = null,
): string {
  const body = [
    `<header><h1>cachelab report</h1><p class="kicker">${prose(`Run ${run.runId}, profile ${run.profile}, seed ${run.seed}, ${run.startedAt.slice(0, 10)}, ${run.environment.cpuCount} cores`)}</p></header>`,
    '<main>',
    chapters.length > 1 ? firstPage(run.experiments, tradeOffs) : '',
    chapters.length === 0 ? '<p class="alert">This run has no experiment with a result.</p>' : '',
    ...chapters.map((chapter) =>
      experiment(chapter, records, chapters.length >= SUITE_FROM_CHAPTERS),
    ),
    '</main>',
    footer(run),
  ];
  const title = chapters.length === 1 ? (chapters[0]?.analysis.title ?? '') : run.runId;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(`${title} · cachelab report`)}</title>
<style>${PAGE_STYLE}</style></head>
<body>
${body.filter((part) => part !== '').join('\n')}
</body></html>
`;
}

function experiment(
  { analysis, figures }: Chapter,
  records: readonly TrialRecord[],
  inSuite: boolean,
): string {
  const id = escapeXml(analysis.name);
  const missing =
    analysis.armsWithoutData.length === 0
      ? ''
      : `<p class="alert"><strong>Without one valid trial:</strong> ${prose(analysis.armsWithoutData.join(', '))}. The reasons stand under “Invalid and repeated trials”.</p>`;
  return [
    `<section class="experiment" id="${id}" aria-labelledby="${id}-question">`,
    `<p class="kicker">Experiment: ${prose(analysis.title)}</p>`,
    `<h2 id="${id}-question">${prose(analysis.question)}</h2>`,
    `<p class="answer">${prose(analysis.answer)}</p>`,
    missing,
    contradictions(analysis),
    arms(analysis),
    `<h3>Before the numbers</h3>`,
    `<p>${prose(designSentence(analysis))}</p>`,
    bullets([
      ...analysis.caveats,
      ...analysis.design.flagsAsMeasures.map(
        (flag) => `Measured here instead of rejected: ${flag}`,
      ),
    ]),
    noise(analysis),
    '<h3>Charts</h3>',
    figures.length === 0
      ? '<p>No chart: no arm has the data for one.</p>'
      : figures
          .map((drawn) => figure(drawn, !(inSuite && drawn.figure.secondary === true)))
          .join('\n'),
    theory(analysis),
    claims(analysis),
    trialTroubles(analysis, records),
    '</section>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function arms(analysis: ExperimentAnalysis): string {
  const { columns, rows } = armsTable(analysis);
  const verdictAt = columns.indexOf('Verdict') - 1;
  return cardTable(
    'Arms',
    columns,
    rows.map(({ arm, cells }) => ({
      head: `${prose(arm.arm)}<span class="arm-title">${prose(arm.title)}</span>`,
      cells: cells.map((cell, at) =>
        at === verdictAt && cell !== NO_VALUE ? badge(cell) : prose(cell),
      ),
    })),
  );
}

/** Said before any figure: where theory is wrong here, one of the two needs a look. */
function contradictions(analysis: ExperimentAnalysis): string {
  const found = mismatches(analysis);
  return found.length === 0
    ? ''
    : `<div class="alert"><strong>Theory and measurement differ here:</strong>${bullets(found)}</div>`;
}

function theory({ theory: checks = [] }: ExperimentAnalysis): string {
  if (checks.length === 0) return '';
  const { columns, rows } = theoryTable(checks);
  const table = cardTable(
    'Theory and measurement',
    columns.map(capital),
    rows.map(([first, ...rest]) => ({
      head: prose(String(first)),
      cells: rest.map((cell) => (isWord(cell) ? badge(cell) : prose(String(cell)))),
    })),
  );
  return `<h3>Theory beside measurement</h3>${table}`;
}

const isWord = (cell: string | number | null | undefined): cell is string =>
  cell === 'agrees' || cell === 'differs' || cell === 'no interval';

function noise(analysis: ExperimentAnalysis): string {
  if (analysis.comparisons.length === 0) return '';
  const table = numbers('every comparison', comparisonTable(analysis), 'Every comparison');
  return `<h3>Noise, and what could have been found</h3>${bullets(noiseSentences(analysis))}${table}`;
}

function claims({ claims: results }: ExperimentAnalysis): string {
  if (results.length === 0) return '';
  const table = cardTable(
    'Claims',
    ['Claim', 'The story says', 'Measured', 'Reason'],
    results.map(({ id, statement, verdict, figure: measured, reason }) => ({
      head: `${prose(id)} ${badge(verdict)}`,
      cells: [statement, measured, reason].map(prose),
    })),
  );
  return `<h3>What the story claims</h3>${table}`;
}

function trialTroubles(analysis: ExperimentAnalysis, records: readonly TrialRecord[]): string {
  const found = troubles(analysis);
  const sum = (count: (arm: ArmAnalysis) => number) =>
    analysis.arms.reduce((total, arm) => total + count(arm), 0);
  const valid = sum(({ trials }) => trials.valid);
  const bad = sum(({ trials }) => trials.invalid + trials.failed);
  const repeated = sum(({ trials }) => trials.repeated);
  const warnings = reserves(analysis.name, records);
  const counts = reasonCounts(analysis.name, records);
  const table: Figure['table'] = {
    columns: ['order', 'arm', 'round', 'try', 'state', 'reasons'],
    rows: found.map(({ order, arm, round, attempt, state, reasons }) => [
      order + 1,
      arm,
      round + 1,
      attempt,
      state,
      reasons,
    ]),
  };
  const summary = `${plural(valid + bad, 'trial')}: ${valid} valid, ${bad} invalid or failed, ${repeated} repeated.`;
  return [
    `<h3>Invalid and repeated trials</h3>`,
    `<p>${prose(counts === '' ? summary : `${summary} Reasons (a trial can have several): ${counts}.`)}</p>`,
    found.length === 0 ? '' : troubleTable(table),
    warnings.length === 0 ? '' : `<p>Valid with a reserve:</p>${bullets(warnings)}`,
  ].join('');
}

/** A few invalid trials are shown at once, many on request. */
function troubleTable(table: Figure['table']): string {
  return table.rows.length <= 12
    ? scrollTable('Invalid and failed trials', table)
    : numbers('invalid and failed trials', table, 'Every invalid trial');
}

function footer(run: RunResult): string {
  const rows = environmentRows(run).map(
    ([name, value]) => `<dt>${prose(name)}</dt><dd>${prose(value)}</dd>`,
  );
  return `<footer><h3>Run it again</h3><pre><code>${escapeXml(run.command)}</code></pre><h3>Machine and versions</h3><dl>${rows.join('')}</dl><p class="soft">Beside this file: report.md, results.json (schema ${run.schema}), csv/ and charts/ as SVG and PNG.</p></footer>`;
}
