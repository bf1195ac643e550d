import type { ArmAnalysis, ExperimentAnalysis, RunResult, TrialRecord } from '../lab/result.ts';
import { armsTable, comparisonTable, designSentence, noiseSentences } from './arms-table.ts';
import { environmentRows } from './environment.ts';
import { escapeXml, keepUnits } from './escape.ts';
import type { Figure } from './figure.ts';
import { NO_VALUE, number, plural } from './format.ts';
import { PAGE_STYLE } from './page-style.ts';
import { reasonCounts, reserves, troubles } from './troubles.ts';

/** A figure with its two drawings; null where the chart could not be drawn, with the reason. */
export interface DrawnFigure {
  figure: Figure;
  /** SVG with CSS variables, for a wide and for a narrow screen. */
  svg: { wide: string; narrow: string } | null;
  problem: string | null;
}

/** One experiment and its figures, in the order of the report. */
export interface Chapter {
  analysis: ExperimentAnalysis;
  figures: DrawnFigure[];
}

/** The report as one HTML file: no script, no network, nothing outside itself. */
export function htmlReport(
  run: RunResult,
  records: readonly TrialRecord[],
  chapters: readonly Chapter[],
): string {
  const body = [
    `<header><h1>cachelab report</h1><p class="kicker">${prose(`Run ${run.runId}, profile ${run.profile}, seed ${run.seed}, ${run.startedAt.slice(0, 10)}, ${run.environment.cpuCount} cores`)}</p></header>`,
    '<main>',
    chapters.length > 1 ? index(chapters) : '',
    chapters.length === 0 ? '<p class="alert">This run has no experiment with a result.</p>' : '',
    ...chapters.map((chapter) => experiment(chapter, records)),
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

function prose(text: string): string {
  return escapeXml(keepUnits(text));
}

function index(chapters: readonly Chapter[]): string {
  const items = chapters.map(
    ({ analysis }) =>
      `<li><a href="#${escapeXml(analysis.name)}">${prose(analysis.title)}</a>: ${prose(analysis.answer)}</li>`,
  );
  return `<nav aria-label="Experiments"><p class="kicker">${plural(chapters.length, 'experiment')} in this report</p><ol>${items.join('')}</ol></nav>`;
}

function experiment({ analysis, figures }: Chapter, records: readonly TrialRecord[]): string {
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
      : figures.map((drawn) => figure(drawn)).join('\n'),
    claims(analysis),
    trialTroubles(analysis, records),
    '</section>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function bullets(items: readonly string[]): string {
  return items.length === 0
    ? ''
    : `<ul>${items.map((item) => `<li>${prose(item)}</li>`).join('')}</ul>`;
}

const GOOD_WORDS = new Set(['faster', 'confirmed']);
const BAD_WORDS = new Set(['slower', 'refuted']);

function badge(word: string): string {
  const kind = GOOD_WORDS.has(word) ? ' good' : BAD_WORDS.has(word) ? ' bad' : '';
  return `<span class="badge${kind}">${prose(word)}</span>`;
}

/** Roles are written out: CSS lays the rows out as cards on a phone, which would take them away. */
function arms(analysis: ExperimentAnalysis): string {
  const { columns, rows } = armsTable(analysis);
  const verdictAt = columns.indexOf('Verdict') - 1;
  const head = columns.map((column) => `<th scope="col" role="columnheader">${prose(column)}</th>`);
  const body = rows.map(({ arm, cells }) => {
    const title = `<th scope="row" role="rowheader">${prose(arm.arm)}<span class="arm-title">${prose(arm.title)}</span></th>`;
    const tds = cells.map((cell, at) => {
      const content = at === verdictAt && cell !== NO_VALUE ? badge(cell) : prose(cell);
      return `<td role="cell" data-label="${escapeXml(columns[at + 1] ?? '')}">${content}</td>`;
    });
    return `<tr role="row">${title}${tds.join('')}</tr>`;
  });
  return `<table class="cards" role="table" aria-label="Arms"><thead role="rowgroup"><tr role="row">${head.join('')}</tr></thead><tbody role="rowgroup">${body.join('')}</tbody></table>`;
}

function noise(analysis: ExperimentAnalysis): string {
  if (analysis.comparisons.length === 0) return '';
  const table = numbers('every comparison', comparisonTable(analysis), 'Every comparison');
  return `<h3>Noise, and what could have been found</h3>${bullets(noiseSentences(analysis))}${table}`;
}

function figure({
  figure: { id, title, subtitle, description, table },
  svg,
  problem,
}: DrawnFigure): string {
  const picture =
    svg === null
      ? `<p class="alert">This chart could not be drawn (${prose(problem ?? 'unknown reason')}). Its numbers are in the table.</p>`
      : `<figure role="img" aria-labelledby="${id}-title ${id}-text">${mark(svg.wide, 'wide')}${mark(svg.narrow, 'narrow')}</figure>`;
  return `<article class="chart" id="${id}"><h4 id="${id}-title">${prose(title)}</h4><p class="method">${prose(subtitle)}</p>${picture}<p id="${id}-text">${prose(description)}</p>${numbers(title, table)}</article>`;
}

function mark(svg: string, variant: 'wide' | 'narrow'): string {
  return svg.replace(/^<svg[^>]*?class="marks"/, (start) =>
    start
      .replace(/ xmlns(?::xlink)?="[^"]*"/g, '')
      .replace('class="marks"', `class="${variant}" aria-hidden="true" focusable="false"`),
  );
}

function numbers(title: string, table: Figure['table'], summary = 'The numbers'): string {
  return `<details><summary>${summary} (${plural(table.rows.length, 'row')})</summary>${scrollTable(`Numbers: ${title}`, table)}</details>`;
}

/** A table of any width: it scrolls inside itself, by keyboard too. */
function scrollTable(label: string, table: Figure['table']): string {
  const numeric = table.columns.map((_, at) =>
    table.rows.every((row) => typeof row[at] === 'number' || row[at] === null),
  );
  const cell = (value: string | number | null, at: number) => {
    const text = value === null ? NO_VALUE : typeof value === 'number' ? number(value, 4) : value;
    return `<td${numeric[at] === true ? ' class="n"' : ''}>${prose(text)}</td>`;
  };
  const head = table.columns.map(
    (column, at) =>
      `<th scope="col"${numeric[at] === true ? ' class="n"' : ''}>${prose(column)}</th>`,
  );
  const rows = table.rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(label)}"><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function claims({ claims: results }: ExperimentAnalysis): string {
  if (results.length === 0) return '';
  const items = results.map(
    ({ id, statement, verdict, figure: measured, reason }) =>
      `<tr role="row"><th scope="row" role="rowheader">${prose(id)} ${badge(verdict)}</th><td role="cell" data-label="The story says">${prose(statement)}</td><td role="cell" data-label="Measured">${prose(measured)}</td><td role="cell" data-label="Reason">${prose(reason)}</td></tr>`,
  );
  return `<h3>What the story claims</h3><table class="cards" role="table" aria-label="Claims"><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Claim</th><th scope="col" role="columnheader">The story says</th><th scope="col" role="columnheader">Measured</th><th scope="col" role="columnheader">Reason</th></tr></thead><tbody role="rowgroup">${items.join('')}</tbody></table>`;
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
