import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { MarkDef } from 'vega-lite/types_unstable/mark.js';
import type { Figure } from '../figure.ts';
import { list, milliseconds, number, plural } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis, TrialEvent } from '../../lab/result.ts';
import { logAxis, logTicks } from './axes.ts';
import { type Layer, type Series, type SeriesLook, seriesOf } from './series.ts';

const PANEL_HEIGHT = 76;
/** More points than this are told by arm instead of by second. */
const MOST_ROWS = 200;

/** When did it hurt, and why: p50 and p99 of each second, one panel an arm, events above it. */
export function timeline(
  analysis: ExperimentAnalysis,
  text: { title: string; look?: SeriesLook },
): Figure | null {
  const series = seriesOf(
    withoutEmptySeconds(analysis.arms),
    (arm) => arm.timeline.length > 1,
    text.look,
  );
  if (series.length === 0) return null;
  const rows = series.flatMap(({ arm, name, style }) => {
    const upper = upperLine(arm);
    const points = arm.timeline.flatMap((point) => {
      const ms = upper === 'slowest' ? (point.maxMs ?? null) : point.p99Ms;
      return [
        { second: point.second, ms: point.p50Ms, line: 'p50' },
        ...(ms === null ? [] : [{ second: point.second, ms, line: 'upper' }]),
      ];
    });
    // A step runs to the end of its second, so the last one needs a point more.
    const last = arm.timeline.at(-1)?.second;
    const closing = points
      .filter(({ second }) => second === last)
      .map((point) => ({ ...point, second: point.second + 1 }));
    return [...points, ...closing].map((point) => ({ ...point, arm: name, colour: style.colour }));
  });
  const events = series.flatMap(({ arm, name }) =>
    eventMoments(arm.events).map((event) => ({ ...event, arm: name, second: event.atSecond })),
  );
  const uppers = [...new Set(series.map(({ arm }) => upperLine(arm)))];
  const lastSecond = Math.max(...rows.map(({ second }) => second));
  const y = logAxis(
    rows.map(({ ms }) => ms),
    '',
  );
  const second = {
    field: 'second',
    type: 'quantitative',
    scale: { domain: [0, lastSecond], nice: false },
    axis: { title: 'second of the measured phase', grid: false, tickMinStep: 1 },
  } satisfies PositionFieldDef<Field>;
  // Facets share one data set, so the three kinds of rows are told apart by a field.
  const values = [
    ...rows.map((row) => ({ ...row, kind: 'latency' })),
    ...events.map((row) => ({ ...row, kind: 'event' })),
  ];
  const lineOf = (line: 'p50' | 'upper'): Layer => ({
    transform: [{ filter: `datum.kind === 'latency' && datum.line === '${line}'` }],
    mark: {
      type: 'line',
      interpolate: 'step-after',
      strokeWidth: line === 'p50' ? 2.2 : 1.4,
      strokeDash: line === 'p50' ? [] : [4, 2],
    },
    encoding: {
      x: second,
      y: {
        field: 'ms',
        type: 'quantitative',
        scale: y.scale,
        axis: { ...y.axis, values: panelTicks(y.scale.domain), domain: false, title: null },
      },
      color: { field: 'colour', type: 'nominal', scale: null, legend: null },
    },
  });
  const eventFilter = [{ filter: "datum.kind === 'event'" }];
  return {
    id: `${analysis.name}-timeline`,
    title: text.title,
    subtitle: `Response time of each second, all valid trials together: solid p50, dashed ${uppers.map((upper) => (upper === 'p99' ? 'p99' : 'the slowest request (a second has too few for a p99)')).join(' or ')}; log scale, ms.${eventsText(events)}`,
    description: `p50 of a second: ${series
      .map(({ arm, name }) => {
        const medians = arm.timeline.map(({ p50Ms }) => p50Ms);
        const moments = eventMoments(arm.events).length;
        return `${name} ${milliseconds(Math.min(...medians))} to ${milliseconds(Math.max(...medians))}${moments === 0 ? '' : ` with ${plural(moments, 'event')}`}`;
      })
      .join('; ')}.`,
    spec: {
      usermeta: { plot: 'panels' },
      data: { values },
      facet: {
        field: 'arm',
        type: 'nominal',
        sort: series.map(({ name }) => name),
        header: { labelOrient: 'top', labelExpr: "datum.value + ', ms'" },
      },
      columns: 1,
      spacing: 12,
      spec: {
        width: PLOT_WIDTHS.panels.wide,
        height: PANEL_HEIGHT,
        layer: [
          lineOf('upper'),
          lineOf('p50'),
          {
            transform: eventFilter,
            mark: EVENT_RULE,
            encoding: { x: { field: 'second', type: 'quantitative' } },
          },
          {
            transform: eventFilter,
            mark: EVENT_TRIANGLE,
            encoding: { x: { field: 'second', type: 'quantitative' } },
          },
        ],
      },
      resolve: { axis: { x: 'shared' } },
    },
    table: rows.length > MOST_ROWS ? armTable(series) : secondTable(series),
  };
}

function secondTable(series: readonly Series[]): Figure['table'] {
  return {
    columns: ['arm', 'second', 'p50, ms', 'p99, ms', 'slowest, ms', 'events'],
    rows: series.flatMap(({ arm, name }) => {
      const moments = eventMoments(arm.events);
      return arm.timeline.map(({ second: at, p50Ms, p99Ms, maxMs }) => [
        name,
        at,
        p50Ms,
        p99Ms,
        maxMs ?? null,
        moments
          .filter(({ atSecond }) => Math.floor(atSecond) === at)
          .map(({ label }) => label)
          .join(', ') || null,
      ]);
    }),
  };
}

/** Many seconds of many arms are left to csv/timeline.csv: what a reader looks up is the worst of them. */
function armTable(series: readonly Series[]): Figure['table'] {
  return {
    columns: [
      ...['arm', 'seconds', 'lowest p50, ms', 'highest p50, ms', 'in second'],
      ...['highest p99, ms', 'slowest, ms', 'in second', 'events'],
    ],
    rows: series.map(({ arm, name }) => {
      const byMedian = arm.timeline.toSorted((a, b) => a.p50Ms - b.p50Ms);
      const slowest = arm.timeline.toSorted((a, b) => (b.maxMs ?? 0) - (a.maxMs ?? 0))[0];
      const p99s = arm.timeline.flatMap(({ p99Ms }) => p99Ms ?? []);
      const events = eventMoments(arm.events).map(
        ({ label, atSecond }) => `${label} at ${number(atSecond)} s`,
      );
      return [
        ...[name, arm.timeline.length, byMedian[0]?.p50Ms ?? null],
        ...[byMedian.at(-1)?.p50Ms ?? null, byMedian.at(-1)?.second ?? null],
        ...[p99s.length === 0 ? null : Math.max(...p99s)],
        ...[slowest?.maxMs ?? null, slowest?.maxMs === undefined ? null : slowest.second],
        events.length === 0 ? null : events.join('; '),
      ];
    }),
  };
}

/** What stands above the p50: the p99, or the slowest request where no second has enough for one. */
function upperLine(arm: ArmAnalysis): 'p99' | 'slowest' {
  const withP99 = arm.timeline.some(({ p99Ms }) => p99Ms !== null);
  return withP99 || arm.timeline.every(({ maxMs }) => maxMs === undefined) ? 'p99' : 'slowest';
}

/** How a moment is drawn: a rule through the panel, and a triangle above it. */
export const EVENT_RULE: MarkDef<'rule'> = {
  type: 'rule',
  strokeDash: [2, 3],
  strokeWidth: 1,
  color: colour('soft'),
};
export const EVENT_TRIANGLE: MarkDef<'point'> = {
  type: 'point',
  shape: 'triangle-down',
  y: -4,
  size: 45,
  filled: true,
  color: colour('ink'),
  opacity: 1,
};

/** Events of all trials, those of one kind within the same half second once, in order of time. */
export function eventMoments(events: readonly TrialEvent[]): TrialEvent[] {
  const moments = new Map<string, TrialEvent>();
  for (const event of events) {
    const atSecond = Math.round(event.atSecond * 2) / 2;
    if (atSecond >= 0) moments.set(`${event.kind} ${atSecond}`, { ...event, atSecond });
  }
  return [...moments.values()].sort((a, b) => a.atSecond - b.atSecond);
}

/** ` Triangles: price 150 to 120 at 3, 7 and 11 s.`; many events are left to the table. */
function eventsText(events: readonly TrialEvent[]): string {
  const byLabel = new Map<string, Set<string>>();
  for (const { label, atSecond } of events) {
    byLabel.set(label, (byLabel.get(label) ?? new Set()).add(number(atSecond)));
  }
  if (byLabel.size === 0) return '';
  const texts = [...byLabel].map(([label, seconds]) =>
    seconds.size > 8 ? `${label}, ${seconds.size} times` : `${label} at ${list([...seconds])} s`,
  );
  return texts.length > 4
    ? ' Triangles: events, listed in the table.'
    : ` Triangles: ${texts.join('; ')}.`;
}

/** A second without a request has no quantile; its zeros would be drawn as instant answers. */
function withoutEmptySeconds(arms: readonly ArmAnalysis[]): ArmAnalysis[] {
  return arms.map((arm) => ({
    ...arm,
    timeline: arm.timeline.filter(({ requests }) => requests > 0),
  }));
}

/** A panel has room for few ticks: powers of ten where there are three, else 1-2-5. */
function panelTicks(domain: readonly [number, number]): number[] {
  const powers = logTicks(domain, 0);
  return powers.length > 2 ? powers : logTicks(domain, 5);
}
