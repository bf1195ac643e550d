import type { TopLevelSpec } from 'vega-lite';
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { MarkDef } from 'vega-lite/types_unstable/mark.js';
import type { NonNormalizedSpec } from 'vega-lite/types_unstable/spec/index.js';
import { logAxis, logTicks } from '../../reports/charts/axes.ts';
import type { Layer } from '../../reports/charts/series.ts';
import { EVENT_RULE } from '../../reports/charts/timeline.ts';
import { colour, POLICY_STYLES } from '../../reports/palette.ts';
import { PLOT_WIDTHS } from '../../reports/theme.ts';
import type { Sample } from '../contract.ts';
import type { Bucket } from './buckets.ts';
import { numbered } from './rules.ts';
import type { Segment } from './segments.ts';
import type { Session } from './session.ts';
import type { Words } from './words.ts';

const PANEL_HEIGHT = 84;
const LANE_HEIGHT = 14;
/** Marks closer than this on average are not all drawn as lines. */
const LEAST_LINE_GAP_PX = 8;
/** Below this a latency is drawn at this: the log axis has no zero. */
const LOWEST_MS = 0.05;
/** Up to here the axis counts seconds, beyond it minutes. */
const SECONDS_UP_TO_MS = 180_000;

/** One line of a panel. */
interface Line {
  of: (sample: Sample) => number | null;
  mark: Partial<MarkDef<'line'>>;
}

/**
 * The whole session: marks and policies above, then response times, hit ratio, loads in flight and the share of old prices,
 * over one axis of time. A number that a stretch of time does not have is a gap.
 * @param screen - The numbers over the marks are grouped to fit its width.
 */
export function sessionChart(
  session: Session,
  buckets: readonly Bucket[],
  segments: readonly Segment[],
  words: Words,
  screen: 'wide' | 'narrow',
): TopLevelSpec {
  const { openedAtMs, endedAtMs } = session;
  const spanMs = Math.max(1000, endedAtMs - openedAtMs);
  const unitMs = spanMs <= SECONDS_UP_TO_MS ? 1000 : 60_000;
  const width = PLOT_WIDTHS.panels.wide;
  const shown = PLOT_WIDTHS.panels[screen];
  const end = spanMs / unitMs;
  const inside = (ms: number): number => Math.min(spanMs, Math.max(0, ms)) / unitMs;
  const time = (axis: { title: string } | null) =>
    ({
      field: 'x',
      type: 'quantitative',
      scale: { domain: [0, end], nice: false },
      axis: axis === null ? null : { title: axis.title, grid: false },
    }) satisfies PositionFieldDef<Field>;
  const toPx = (atMs: number): number => (inside(atMs - openedAtMs) / end) * shown;

  const groups = numbered(session.marks, (mark) => toPx(mark.atMs)).map(({ px, label }) => ({
    x: (px / shown) * end,
    label,
  }));
  // Where all lines would be a hatching, those that have a number remain.
  const lined =
    session.marks.length * LEAST_LINE_GAP_PX > shown
      ? groups.map(({ x }) => ({ x }))
      : session.marks.map((mark) => ({ x: inside(mark.atMs - openedAtMs) }));
  const rules: Layer = {
    data: { values: lined },
    mark: { ...EVENT_RULE, opacity: 0.75 },
    encoding: { x: { field: 'x', type: 'quantitative' } },
  };
  const numbers: NonNormalizedSpec = {
    width,
    height: LANE_HEIGHT,
    data: { values: groups },
    mark: { type: 'text', align: 'left', baseline: 'middle', dx: -3, clip: false },
    encoding: { x: time(null), text: { field: 'label' }, color: { value: colour('ink') } },
  };
  const bands = segments.map(({ fromMs, toMs, policy, preset }) => ({
    ...{ x: inside(fromMs - openedAtMs), x2: inside(toMs - openedAtMs), policy },
    fill: POLICY_STYLES[preset]?.colour ?? colour('grey'),
  }));
  const policies: NonNormalizedSpec = {
    width,
    height: LANE_HEIGHT + 4,
    layer: [
      {
        data: { values: bands },
        mark: { type: 'rect', opacity: 0.9, y: 15, height: 4 },
        encoding: { x: time(null), x2: { field: 'x2' }, color: fixed('fill') },
      },
      {
        data: {
          values: bands.filter(({ x, x2, policy }) => ((x2 - x) / end) * shown > 8 * policy.length),
        },
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 2, y: 6 },
        encoding: { x: time(null), text: { field: 'policy' } },
      },
    ],
  };

  const panel = (
    title: string,
    y: ReturnType<typeof linear>,
    lines: readonly Line[],
    last = false,
  ) => {
    const layers = lines.map(
      ({ of, mark }): Layer => ({
        data: { values: steps(buckets, of, inside) },
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.6, ...mark },
        encoding: {
          x: time(last ? { title: unitMs === 1000 ? words.seconds : words.minutes } : null),
          y: {
            field: 'y',
            type: 'quantitative',
            scale: y.scale,
            axis: { ...y.axis, domain: false, title },
          },
          detail: { field: 'run', type: 'nominal' },
        },
      }),
    );
    return { width, height: PANEL_HEIGHT, layer: [...layers, rules] };
  };
  const all = buckets.map(({ sample }) => sample);
  const times = all.flatMap(({ p50Ms, p99Ms }) => [p50Ms ?? [], p99Ms ?? []].flat());
  return {
    usermeta: { plot: 'panels' },
    spacing: 10,
    vconcat: [
      numbers,
      policies,
      panel(words.panels.latency, logarithmic(times), [
        { of: ({ p99Ms }) => p99Ms, mark: { color: colour('vermilion'), strokeDash: [4, 2] } },
        { of: ({ p50Ms }) => p50Ms, mark: { color: colour('blue'), strokeWidth: 2 } },
      ]),
      panel(words.panels.hitRatio, share, [
        { of: ({ hitRatio }) => hitRatio, mark: { color: colour('green') } },
      ]),
      panel(
        words.panels.loadsInFlight,
        linear(all.map((sample) => sample.loadsInFlight + sample.waiting)),
        [
          {
            of: ({ loadsInFlight, waiting }) => loadsInFlight + waiting,
            mark: { color: colour('grey'), strokeDash: [4, 2] },
          },
          { of: ({ loadsInFlight }) => loadsInFlight, mark: { color: colour('blue') } },
        ],
      ),
      panel(
        words.panels.staleShare,
        share,
        [{ of: ({ staleShare }) => staleShare, mark: { color: colour('vermilion') } }],
        true,
      ),
    ],
  };
}

function fixed(field: string): { field: string; type: 'nominal'; scale: null; legend: null } {
  return { field, type: 'nominal', scale: null, legend: null };
}

/** Each stretch as a step; a missing value ends the line, and another begins after it. */
function steps(
  buckets: readonly Bucket[],
  of: (sample: Sample) => number | null,
  inside: (ms: number) => number,
): { x: number; y: number; run: number }[] {
  const points: { x: number; y: number; run: number }[] = [];
  let run = 0;
  let before: Bucket | null = null;
  let value: number | null = null;
  const close = (): void => {
    // A step runs to the end of its stretch.
    if (before !== null && value !== null) points.push({ x: inside(before.toMs), y: value, run });
  };
  for (const bucket of buckets) {
    const next = of(bucket.sample);
    if (before !== null && (next === null || bucket.run !== before.run || value === null)) {
      close();
      run += 1;
    }
    if (next !== null) points.push({ x: inside(bucket.fromMs), y: next, run });
    before = bucket;
    value = next;
  }
  close();
  return points;
}

interface ScaledAxis {
  scale: { type: 'linear' | 'log'; domain: [number, number]; nice: false };
  axis: { values?: number[]; tickCount?: number; labelExpr?: string };
}

const share: ScaledAxis = {
  scale: { type: 'linear', domain: [0, 1.02], nice: false },
  axis: { values: [0, 0.5, 1], labelExpr: "format(100 * datum.value, '~r') + ' %'" },
};

function linear(values: readonly number[]): ScaledAxis {
  const high = Math.max(1, ...values);
  return {
    scale: { type: 'linear', domain: [0, high * 1.04], nice: false },
    axis: { tickCount: 3, labelExpr: "format(datum.value, ',~r')" },
  };
}

function logarithmic(values: readonly number[]): ScaledAxis {
  const { scale, axis } = logAxis(
    values.map((value) => Math.max(LOWEST_MS, value)),
    '',
  );
  const powers = logTicks(scale.domain, 0);
  const { labelExpr } = axis;
  return {
    scale,
    axis: { values: powers.length > 1 ? powers : logTicks(scale.domain, 5), labelExpr },
  };
}
