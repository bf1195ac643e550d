import type { Sample } from '../contract.ts';
import type { Bounds } from './axis.ts';
import { formatDuration, formatNumber, formatShare } from './format.ts';
import type { WordKey } from './words.ts';

export type Hue = 'blue' | 'vermilion' | 'green' | 'orange' | 'purple' | 'sky';
export type Marker = 'circle' | 'square' | 'triangle' | 'diamond';

/** One line of a chart: colour, dash and marker together say which one it is. */
export interface Line {
  name: WordKey;
  hue: Hue;
  /** px of dash and gap; empty: solid. */
  dash: number[];
  marker: Marker;
  /** In the chart's unit; null: nothing to draw. */
  of: (sample: Sample) => number | null;
}

export interface ChartDesign {
  id: 'latency' | 'ratio' | 'loads' | 'age';
  title: WordKey;
  scale: 'log' | 'linear';
  /** Always on the axis. */
  usual: Bounds;
  /** Upper end of the axis where it is fixed. */
  fixed: boolean;
  lines: readonly Line[];
  /** A value as the axis writes it, and as text does. */
  tick: (value: number) => string;
  write: (value: number) => string;
  /** A figure beside those of the lines. */
  beside: { name: WordKey; of: (sample: Sample) => string } | null;
}

const SOLID: number[] = [];
const DASHED = [6, 4];
const DOTTED = [2, 3];

const percent = (share: number | null): number | null => (share === null ? null : 100 * share);

/** Below these a logarithmic axis has no place: such a value is drawn at the bottom. */
const LEAST_MS = 0.1;
const LEAST_AGE_MS = 10;

const atLeast = (least: number, ms: number | null): number | null =>
  ms === null ? null : Math.max(least, ms);

/** The four charts of the workshop. The share of old prices is a share like the hit ratio: they have one axis, on which what is gained stands beside what it costs. */
export const CHARTS: readonly ChartDesign[] = [
  {
    id: 'latency',
    title: 'chartLatency',
    scale: 'log',
    usual: [1, 1000],
    fixed: false,
    lines: [
      {
        name: 'lineP99',
        hue: 'vermilion',
        dash: SOLID,
        marker: 'square',
        of: ({ p99Ms }) => atLeast(LEAST_MS, p99Ms),
      },
      {
        name: 'lineP50',
        hue: 'blue',
        dash: DASHED,
        marker: 'circle',
        of: ({ p50Ms }) => atLeast(LEAST_MS, p50Ms),
      },
    ],
    tick: formatNumber,
    write: formatDuration,
    beside: null,
  },
  {
    id: 'ratio',
    title: 'chartRatio',
    scale: 'linear',
    usual: [0, 100],
    fixed: true,
    lines: [
      {
        name: 'lineHit',
        hue: 'green',
        dash: SOLID,
        marker: 'circle',
        of: ({ hitRatio }) => percent(hitRatio),
      },
      {
        name: 'lineOld',
        hue: 'vermilion',
        dash: DOTTED,
        marker: 'diamond',
        of: ({ staleShare }) => percent(staleShare),
      },
    ],
    tick: (value) => `${value}`,
    write: (value) => formatShare(value / 100),
    beside: null,
  },
  {
    id: 'loads',
    title: 'chartLoads',
    scale: 'linear',
    usual: [0, 10],
    fixed: false,
    lines: [
      {
        name: 'lineInFlight',
        hue: 'blue',
        dash: SOLID,
        marker: 'square',
        of: ({ loadsInFlight }) => loadsInFlight,
      },
      {
        name: 'lineWaiting',
        hue: 'orange',
        dash: DASHED,
        marker: 'triangle',
        of: ({ waiting }) => waiting,
      },
    ],
    tick: formatNumber,
    write: formatNumber,
    beside: {
      name: 'selectsPerSecond',
      of: ({ selectsPerSecond }) => formatNumber(Math.round(selectsPerSecond)),
    },
  },
  {
    id: 'age',
    title: 'chartAge',
    scale: 'log',
    usual: [100, 100_000],
    fixed: false,
    lines: [
      {
        name: 'lineOldest',
        hue: 'purple',
        dash: SOLID,
        marker: 'triangle',
        of: ({ ageMaxMs }) => atLeast(LEAST_AGE_MS, ageMaxMs),
      },
      {
        name: 'lineMedianAge',
        hue: 'blue',
        dash: DASHED,
        marker: 'circle',
        of: ({ ageP50Ms }) => atLeast(LEAST_AGE_MS, ageP50Ms),
      },
      {
        name: 'lineWrong',
        hue: 'vermilion',
        dash: DOTTED,
        marker: 'diamond',
        of: ({ stalestMs }) => (stalestMs > 0 ? Math.max(LEAST_AGE_MS, stalestMs) : null),
      },
    ],
    tick: (ms) => (ms < 1000 ? `${ms} ms` : `${formatNumber(ms / 1000)} s`),
    write: formatDuration,
    beside: null,
  },
];
