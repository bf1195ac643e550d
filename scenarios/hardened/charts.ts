import type { ExperimentAnalysis } from '../../lab/result.ts';
import { dotStrip } from '../../reports/charts/dot-strip.ts';
import type { Figure } from '../../reports/figure.ts';

const ROWS = [
  ['p99Ratio', 'about an expiry'],
  ['p99HitsRatio', 'hits over hits'],
  ['p99RatioOfChange', 'after a change'],
] as const;

/** Figures of the combination's promises. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const rows = analysis.arms.flatMap(({ arm, findings }) =>
    ROWS.flatMap(([sample, name]) => {
      const values = findings?.samples[sample] ?? [];
      return values.length === 0 ? [] : [{ arm: `${arm}, ${name}`, values }];
    }),
  );
  return [
    dotStrip(analysis, {
      id: 'tail',
      title: 'An expiry cannot be told from hits; a change can',
      subtitle:
        'p99 of the reads about an event over the p99 of as many hits before it; each dot one event. “Hits over hits” is what chance makes of equals.',
      axis: 'ratio of the p99 (log scale)',
      spacing: 'log',
      rows,
    }),
  ].filter((figure) => figure !== null);
}
