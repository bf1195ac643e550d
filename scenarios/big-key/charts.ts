import type { ExperimentAnalysis } from '../../lab/result.ts';
import { intervals } from '../../reports/charts/intervals.ts';
import { type RateLine, rateLines } from '../../reports/charts/rate-lines.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, plural } from '../../reports/format.ts';
import { allFigures, type Figures, figuresOf } from './figures.ts';
import { type ArmName, LOGGED_MS, OPERATIONS, SLOW_MS } from './plan.ts';

/** Operations whose picture says something of its own. */
const PICTURES: Readonly<Record<'value' | 'many', readonly (readonly [ArmName, string])[]>> = {
  value: [
    ['value', 'get'],
    ['value', 'pipeline-parts'],
    ['value', 'get-gzip'],
    ['value', 'awaited-parts'],
  ],
  many: [
    ['members', 'hgetall'],
    ['members', 'hscan'],
    ['members', 'del'],
    ['members', 'unlink'],
    ['keyspace', 'keys'],
    ['keyspace', 'scan'],
  ],
};

/** Figures of the big-key experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    felt(analysis, {
      id: 'felt-value',
      title: valueTitle(analysis),
      figures: allFigures(analysis, 'value'),
    }),
    pictures(analysis, 'value', 'What others wait around one reading of the value'),
    felt(analysis, {
      id: 'felt-many',
      title: manyTitle(analysis),
      figures: [...allFigures(analysis, 'members'), ...allFigures(analysis, 'keyspace').slice(1)],
    }),
    pictures(analysis, 'many', 'What others wait around one command, and around many small ones'),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function felt(
  analysis: ExperimentAnalysis,
  chart: { id: string; title: string; figures: readonly Figures[] },
): Figure | null {
  return intervals(analysis, {
    ...{ id: chart.id, title: chart.title },
    subtitle: `Longest wait of a small read beside one doing, median over the doings with its 95 % interval (none below 6); then the longest command inside the server by SLOWLOG, and the p99 of all small reads at one doing in so long. 1,000 small reads a second, timed from their schedule; up to 2 ms of it are the reader's own timers.`,
    axis: 'longest wait of a small read, ms (log scale)',
    spacing: 'log',
    rows: chart.figures.map((one) => ({
      arm: one.title,
      estimate: one.felt,
      text: `${milliseconds(one.felt.value)}; server ${serverText(one)}; p99 ${p99Text(one)}`,
    })),
  });
}

function serverText({ name, longestCommand, inShippedLog }: Figures): string {
  if (name === 'quiet') return 'idle';
  const { value } = longestCommand;
  if (value === 0) return `< ${milliseconds(LOGGED_MS)}`;
  return `${milliseconds(value)} (past ${SLOW_MS} ms in ${inShippedLog.events} of ${inShippedLog.n})`;
}

function p99Text({ p99, periodMs, name }: Figures): string {
  if (p99 === null) return 'unknown';
  return name === 'quiet'
    ? milliseconds(p99.value)
    : `${milliseconds(p99.value)} at one in ${milliseconds(periodMs)}`;
}

function valueTitle(analysis: ExperimentAnalysis): string {
  const [get, pipeline, gzip] = ['get', 'pipeline-parts', 'get-gzip'].map((name) =>
    figuresOf(analysis, 'value', name),
  );
  if (get == null || pipeline == null || gzip == null)
    return 'What others wait beside a value of 10 MB';
  return `Others wait ${milliseconds(get.felt.value)} beside a GET of 10 MB, ${milliseconds(pipeline.felt.value)} when it is read as 240 parts in one pipeline, ${milliseconds(gzip.felt.value)} when it is compressed`;
}

function manyTitle(analysis: ExperimentAnalysis): string {
  const [whole, steps] = ['hgetall', 'hscan'].map((name) => figuresOf(analysis, 'members', name));
  if (whole == null || steps == null)
    return 'What others wait beside commands on very many elements';
  return `HGETALL of a million fields holds everybody up for ${milliseconds(whole.felt.value)}; HSCAN for ${milliseconds(steps.felt.value)} at a time`;
}

function pictures(
  analysis: ExperimentAnalysis,
  which: keyof typeof PICTURES,
  title: string,
): Figure | null {
  const lines = PICTURES[which].flatMap(([arm, name]): RateLine[] => {
    const found = analysis.arms.find((one) => one.arm === arm && one.trials.valid > 0);
    const [, panel] = OPERATIONS[arm].find(([known]) => known === name) ?? [];
    // Of one trial: a mean over several would show none of them.
    const points = found?.findings?.series.find((one) => one.name === name)?.points ?? [];
    return panel === undefined || points.length === 0 ? [] : [{ arm, panel, points }];
  });
  return rateLines(analysis, {
    id: `around-${which}`,
    title,
    subtitle: `The doing with the median wait in one trial: longest response of the small reads that were due in each 5 ms. A read that comes in the middle of a command waits for its end. ${plural(lines.length, 'panel')}, one scale.`,
    lines,
    axis: 'ms',
    unit: 'ms',
    spacing: 'log',
    xTitle: 'ms since the command began',
  });
}
