import { setImmediate } from 'node:timers/promises';
import { cachelabRow, machineRows, moment } from '../../reports/environment.ts';
import { escapeXml } from '../../reports/escape.ts';
import { milliseconds, number } from '../../reports/format.ts';
import { bullets, inlined, prose, scrollTable } from '../../reports/html-parts.ts';
import { PAGE_STYLE } from '../../reports/page-style.ts';
import { renderSvg } from '../../reports/render.ts';
import { FIRST_KNOBS, type Mark, QUESTIONS, type Question } from '../contract.ts';
import { hashOf } from '../page/url-state.ts';
import { bucketsOf } from './buckets.ts';
import { sessionChart } from './chart.ts';
import { predictionStrip } from './prediction-strip.ts';
import { type Segment, segmentsOf } from './segments.ts';
import { highest, middle, type Session } from './session.ts';
import { knobsText, pageWord, type Words, wordsOf } from './words.ts';

type Cell = string | number | null;

/** Steps of the chart over the whole session, and rows of the table under it. */
const CHART_STEPS = 360;
const TABLE_STEPS = 90;
/** Questions beyond this many are told, not drawn. */
const MOST_STRIPS = 24;

/** A report of experiments has one more level of headings. */
const OWN_STYLE =
  'h2{font-size:1.25rem;margin-top:2.4rem}h3{font-size:1.06rem;margin-top:1.4rem}h2,h3{break-after:avoid}';

/**
 * The take-home: one HTML file about one session, without script, network or anything outside itself; below 500 KB.
 * @param lang - Language of the words around the numbers.
 */
export async function sessionReport(session: Session, lang: 'en' | 'zh' = 'en'): Promise<string> {
  const words = wordsOf(lang);
  const segments = segmentsOf(session);
  const body = [
    header(session, words),
    '<main>',
    await course(session, segments, words),
    marks(session, words),
    settings(session, segments, words),
    await predictions(session, words),
    sentences(session, words),
    '</main>',
    footer(session, words),
  ];
  return `<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(words.title)}</title>
<style>${PAGE_STYLE}${OWN_STYLE}</style></head>
<body>
${body.filter((part) => part !== '').join('\n')}
</body></html>
`;
}

function header(session: Session, words: Words): string {
  const lead = words.lead({
    minutes: Math.max(1, Math.round((session.endedAtMs - session.openedAtMs) / 60_000)),
    marks: session.marks.length,
    requests: session.samples.reduce((sum, { requests }) => sum + requests, 0),
    predictions: session.questions.reduce((sum, { predictions: all }) => sum + all.length, 0),
    measured: session.measured.length,
  });
  return `<header><h1>${prose(words.title)}</h1><p class="kicker">${prose(utc(session.openedAtMs))} UTC</p><p class="answer">${prose(lead)}</p></header>`;
}

async function course(
  session: Session,
  segments: readonly Segment[],
  words: Words,
): Promise<string> {
  const buckets = bucketsOf(session, CHART_STEPS);
  if (buckets.length === 0) {
    return `${heading(words.courseHeading)}<p class="alert">${prose(words.noSamples)}</p>`;
  }
  const all = buckets.map(({ sample }) => sample);
  const medians = all.map(({ p50Ms }) => p50Ms);
  const hits = all.map(({ hitRatio }) => hitRatio);
  const seen = {
    lowMs: lowest(medians),
    highMs: highest(medians),
    lowHits: lowest(hits),
    highHits: highest(hits),
    loads: Math.max(...all.map(({ loadsInFlight }) => loadsInFlight)),
    old: highest(all.map(({ staleShare }) => staleShare)),
  };
  const [first] = buckets;
  const stepSeconds = first === undefined ? 1 : (first.toMs - first.fromMs) / 1000;
  const minutes = bucketsOf(session, TABLE_STEPS).map(({ fromMs, sample }) => [
    ...[fromMs / 60_000, sample.requests, sample.errors, sample.p50Ms, sample.p99Ms],
    ...[percentOf(sample.hitRatio), sample.loadsInFlight, Math.round(sample.selectsPerSecond)],
    ...[percentOf(sample.staleShare), sample.stalestMs / 1000],
  ]);
  return chart({
    id: 'session',
    heading: heading(words.courseHeading),
    title: words.courseTitle(seen),
    method: words.courseMethod(stepSeconds),
    text: words.courseText(seen),
    svg: await drawn('session', (screen) =>
      sessionChart(session, buckets, segments, words, screen),
    ),
    table: folded(words.courseHeading, words.minuteColumns, minutes, words),
  });
}

function lowest(values: readonly (number | null)[]): number | null {
  const there = values.flatMap((value) => value ?? []);
  return there.length === 0 ? null : Math.min(...there);
}

function marks(session: Session, words: Words): string {
  const rows = session.marks.map((mark) => [
    ...[mark.id, sinceOpening(mark.atMs, session), markText(mark, words), mark.detail],
  ]);
  return `${heading(words.marksHeading)}${
    rows.length === 0
      ? `<p>${prose(words.noMarks)}</p>`
      : table(words.marksHeading, words.markColumns, rows)
  }`;
}

function markText({ kind, what }: Mark, words: Words): string {
  if (kind === 'action') return pageWord('action', what, words);
  // A run without a question measures a sentence, whose name is the mark's value.
  const names = what === 'measure' ? [] : what.split(',').map((name) => name.trim());
  const named = names.map((name) =>
    kind === 'knobs' ? knobName(name, words) : pageWord('question', name, words),
  );
  const sort = pageWord('kind', kind, words);
  return named.length === 0 ? sort : `${sort}: ${named.join('; ')}`;
}

function knobName(name: string, { knobs }: Words): string {
  return Object.hasOwn(knobs, name) ? knobs[name as keyof typeof knobs] : name;
}

function settings(session: Session, segments: readonly Segment[], words: Words): string {
  const [first] = segments;
  const opened =
    first === undefined
      ? []
      : [words.opened(`${first.policy}; ${knobsText(first.changed, words)}`)];
  const rows = segments.map((one, index) => {
    const turned = index === 0 ? '' : knobsText(one.changed, words);
    return [
      ...[sinceOpening(one.fromMs, session), Math.round((one.toMs - one.fromMs) / 1000)],
      ...[turned === '' ? one.policy : `${one.policy} (${turned})`, one.requests, one.errors],
      ...[one.p50Ms, one.p99Ms, percentOf(one.hitRatio)],
      one.selectsPerSecond === null ? null : Math.round(one.selectsPerSecond),
      percentOf(one.staleShare),
    ];
  });
  const texts = [words.segmentsNote, ...opened].map((text) => `<p>${prose(text)}</p>`);
  return `${heading(words.segmentsHeading)}${texts.join('')}${table(words.segmentsHeading, words.segmentColumns, rows)}`;
}

async function predictions(session: Session, words: Words): Promise<string> {
  const asked = session.questions.filter(
    ({ predictions: all, answer }) => all.length > 0 || answer !== null,
  );
  const parts: string[] = [];
  for (const [index, question] of asked.slice(0, MOST_STRIPS).entries())
    parts.push(await strip(question, index, words));
  const rest = asked
    .slice(MOST_STRIPS)
    .map((question) => `${pageWord('question', question.id, words)} ${stripText(question, words)}`);
  return `${heading(words.predictionsHeading)}${
    asked.length === 0 ? `<p>${prose(words.noQuestions)}</p>` : parts.join('\n')
  }${bullets(rest)}`;
}

async function strip(question: Question, index: number, words: Words): Promise<string> {
  const id = `prediction-${index + 1}`;
  const unit = unitOf(question);
  const answer =
    question.answer === null ? '' : words.answerLabel(withUnit(question.answer, unit, words));
  const { scale } = QUESTIONS.find((one) => one.id === question.id)!;
  const axis = pageWord('unit', unit, words);
  return chart({
    id,
    heading: '',
    title: pageWord('question', question.id, words),
    method: question.how,
    text: stripText(question, words),
    svg: await drawn(id, (screen) =>
      predictionStrip(question, { axis: scale === 'log' ? `${axis} (log)` : axis, answer }, screen),
    ),
    table: folded(
      pageWord('question', question.id, words),
      words.stripColumns,
      question.predictions.map((value) => [value, axis]),
      words,
    ),
  });
}

function stripText({ id, predictions: all, answer }: Question, words: Words): string {
  const { unit, scale } = QUESTIONS.find((one) => one.id === id)!;
  const told = answer === null ? null : withUnit(answer, unit, words);
  const [low, high, median] = [all[0], all.at(-1), middle(all)];
  if (low === undefined || high === undefined || median === null) return words.noPredictions(told);
  const near = all.filter((value) =>
    answer === null
      ? false
      : scale === 'log'
        ? value <= 2 * answer && value >= answer / 2
        : Math.abs(value - answer) <= 5,
  ).length;
  const [lowText, highText, medianText] = [low, high, median].map((value) =>
    withUnit(value, unit, words),
  ) as [string, string, string];
  return words.stripText({
    ...{ count: all.length, median: medianText, low: lowText, high: highText, answer: told, near },
    nearMeans: words.within(scale === 'log' ? 'factor' : 'points'),
  });
}

function sentences(session: Session, words: Words): string {
  const rows = session.measured.map(({ atMs, measured }) => {
    const show = (value: number): string => withUnit(value, measured.unit, words);
    const { interval } = measured;
    return [
      ...[sinceOpening(atMs, session), words.sentence(measured.sentence), show(measured.predicted)],
      show(measured.measured),
      interval === null ? null : `[${show(interval[0])}, ${show(interval[1])}]`,
      ...[measured.n, measured.how],
    ];
  });
  return `${heading(words.sentencesHeading)}${
    rows.length === 0
      ? `<p>${prose(words.noSentences)}</p>`
      : table(words.sentencesHeading, words.sentenceColumns, rows)
  }`;
}

function footer(session: Session, words: Words): string {
  const { environment, seed, stores, processes } = session;
  const hash = hashOf(session.knobs.at(-1)?.knobs ?? FIRST_KNOBS);
  const rows = [
    cachelabRow(environment),
    [words.when, `${utc(session.openedAtMs)}, ${utc(session.endedAtMs)}`],
    [
      words.data,
      `${words.dataText(seed, stores, processes)}; ${environment.datasetDigest.slice(0, 12)}`,
    ],
    ...machineRows(environment),
  ].map(([name = '', value = '']) => `<dt>${prose(name)}</dt><dd>${prose(value)}</dd>`);
  return `<footer>${heading(words.againHeading)}<p>${prose(words.again)}</p><pre><code>npm run workshop</code></pre>${
    hash === ''
      ? ''
      : `<p>${prose(words.againKnobs)}</p><pre><code>#${escapeXml(hash)}</code></pre>`
  }${heading(words.limitsHeading)}${bullets(words.limits)}${heading(words.machineHeading)}<dl>${rows.join('')}</dl></footer>`;
}

/** A chart with its name, its sentence and its numbers; both drawings, for a wide and a narrow screen. */
function chart(parts: {
  id: string;
  heading: string;
  title: string;
  method: string;
  text: string;
  svg: string;
  table: string;
}): string {
  const { id } = parts;
  return `${parts.heading}<article class="chart" id="${id}"><h3 id="${id}-title">${prose(parts.title)}</h3><p class="method">${prose(parts.method)}</p><figure role="img" aria-labelledby="${id}-title ${id}-text">${parts.svg}</figure><p id="${id}-text">${prose(parts.text)}</p>${parts.table}</article>`;
}

async function drawn(
  id: string,
  spec: (screen: 'wide' | 'narrow') => Parameters<typeof renderSvg>[0],
): Promise<string> {
  const one = async (screen: 'wide' | 'narrow'): Promise<string> => {
    // Drawing keeps the process for itself: whoever waits for it, such as the room's stream, comes first.
    await setImmediate();
    return inlined(await renderSvg(spec(screen), { idPrefix: `${id}-${screen}`, screen }), screen);
  };
  return `${await one('wide')}${await one('narrow')}`;
}

function heading(text: string): string {
  return `<h2>${prose(text)}</h2>`;
}

function table(label: string, columns: readonly string[], rows: Cell[][]): string {
  return scrollTable(label, { columns: [...columns], rows });
}

function folded(label: string, columns: readonly string[], rows: Cell[][], words: Words): string {
  return `<details><summary>${prose(words.numbers(rows.length))}</summary>${table(label, columns, rows)}</details>`;
}

function unitOf({ id }: Question): string {
  return QUESTIONS.find((one) => one.id === id)!.unit;
}

function withUnit(value: number, unit: string, words: Words): string {
  if (unit === 'ms') return milliseconds(value);
  if (unit === 's') return milliseconds(value * 1000);
  return `${number(value)} ${pageWord('unit', unit, words)}`;
}

function percentOf(share: number | null): number | null {
  return share === null ? null : share * 100;
}

/** `83:20`: minutes and seconds. */
function sinceOpening(atMs: number, { openedAtMs }: Session): string {
  const seconds = Math.max(0, Math.floor((atMs - openedAtMs) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `2026-01-01 00:52:10`. */
function utc(atMs: number): string {
  return moment(new Date(atMs).toISOString());
}
