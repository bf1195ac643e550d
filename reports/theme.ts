import type { Config } from 'vega-lite';
import { colour } from './palette.ts';

/** Width of a plot in a report on a wide screen, in px; builders use it for every view. */
export const PLOT_WIDTH = 640;

/** Width of the same plot on a phone. */
export const NARROW_PLOT_WIDTH = 216;

/** Plot widths of charts whose labels stand inside the plot, so that it takes the whole width. */
export const FULL_WIDTHS: PlotWidths = { wide: 800, narrow: 330 };

/** Plot widths for a wide and for a narrow screen, in px. A spec can name its own in `usermeta`. */
export interface PlotWidths {
  wide: number;
  narrow: number;
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
