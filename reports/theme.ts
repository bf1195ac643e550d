import type { Config, TopLevelSpec } from 'vega-lite';
import { colour } from './palette.ts';

/**
 * Widths of a plot in px, on a wide screen and on a phone. `labelled` plots leave room on the right
 * for the names of their lines, `named` ones for long names with a figure, `panels` have only an axis on
 * the left, `full` ones have neither.
 * Builders use the wide one for every view of a spec, and name the kind in `usermeta.plot`.
 */
export const PLOT_WIDTHS = {
  labelled: { wide: 640, narrow: 216 },
  named: { wide: 590, narrow: 124 },
  panels: { wide: 740, narrow: 276 },
  full: { wide: 800, narrow: 330 },
} as const;

/** Kind of a spec's plot: `labelled` unless its `usermeta.plot` says otherwise. */
export function plotKind(spec: TopLevelSpec): keyof typeof PLOT_WIDTHS {
  const kind: unknown = spec.usermeta?.['plot'];
  return kind === 'named' || kind === 'panels' || kind === 'full' ? kind : 'labelled';
}

/** First face: the one that the repository ships, so that PNG files look the same everywhere. */
export const FONT = 'DejaVu Sans, Verdana, Arial, sans-serif';

const text = { labelColor: colour('soft'), titleColor: colour('soft') };

/**
 * Look of every chart. Colours are CSS variables, so one SVG follows dark mode and print.
 * Vega's own ARIA is off: a chart is one image with a name, a sentence and a table beside it.
 */
export const THEME: Config = {
  aria: false,
  background: 'transparent',
  font: FONT,
  padding: 4,
  view: { stroke: null },
  axis: {
    ...text,
    aria: false,
    domainColor: colour('grey'),
    gridColor: colour('grid'),
    tickColor: colour('grey'),
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelOverlap: 'greedy',
    labelSeparation: 6,
  },
  axisX: { tickCount: 10 },
  axisY: { titleAnchor: 'end', titleAngle: 0, titleAlign: 'left', titleX: 0, titleY: -12 },
  header: {
    labelColor: colour('ink'),
    labelFontSize: 12,
    labelFontWeight: 'bold',
    labelAnchor: 'start',
    labelPadding: 4,
    title: null,
  },
  legend: { ...text, aria: false, labelFontSize: 12, title: null, orient: 'bottom', columns: 2 },
  line: { strokeWidth: 2 },
  text: { fontSize: 12, color: colour('ink') },
  rule: { color: colour('soft') },
  point: { size: 60, strokeWidth: 1.6 },
};
