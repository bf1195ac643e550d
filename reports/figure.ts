import type { TopLevelSpec } from 'vega-lite';

/** One figure of a report: a chart, the sentence that says what it shows, and the numbers behind it. */
export interface Figure {
  /** File name stem, unique in a run: `latency-percentiles`. */
  id: string;
  /** The finding, as a sentence. */
  title: string;
  /** Method, n and interval. */
  subtitle: string;
  /** One sentence with the number, for readers who do not see the chart. */
  description: string;
  spec: TopLevelSpec;
  /** A picture for who looks into one experiment: a report of a whole suite shows its sentence and table alone. */
  secondary?: true;
  table: { columns: string[]; rows: (string | number | null)[][] };
}
