import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { VISIBILITY_STEPS_MS } from '../../lab/oracle/staleness.ts';
import { logAxis, valueAxis } from '../../reports/charts/axes.ts';
import { lineLabels, seriesEncoding, seriesOf } from '../../reports/charts/series.ts';
import type { Figure } from '../../reports/figure.ts';
import { percent } from '../../reports/format.ts';
import { PLOT_WIDTHS } from '../../reports/theme.ts';
import { total } from './figures.ts';
import { visibilityTotal } from './findings.ts';

const HEIGHT = 300;
/** Steps with fewer pairs of a write and a read than this are left out: their shares jump. */
const LEAST_PAIRS = 20;

/** The t-visibility curve of one arm: chance that a read misses a write, by the time since its acknowledgement. */
export function visibilityOf(arm: ArmAnalysis): { ms: number; share: number; pairs: number }[] {
  return VISIBILITY_STEPS_MS.flatMap((toMs) => {
    const pairs = total(arm, visibilityTotal(toMs, 'reads'));
    if (pairs < LEAST_PAIRS) return [];
    return [{ ms: toMs, share: total(arm, visibilityTotal(toMs, 'stale')) / pairs, pairs }];
  });
}

/** Share of the step that ends so many ms after an edit. */
export function shareAt(points: readonly { ms: number; share: number }[], ms: number): string {
  const found = points.find((point) => point.ms === ms);
  return found === undefined ? 'too few' : percent(found.share);
}

/** The t-visibility curves of some arms as steps. Null without one. */
export function visibilityChart(
  analysis: ExperimentAnalysis,
  options: { title: string; arms: readonly string[] },
): Figure | null {
  const drawn = {
    ...analysis,
    arms: analysis.arms.filter(({ arm }) => options.arms.includes(arm)),
  };
  const series = seriesOf(drawn.arms, (arm) => visibilityOf(arm).length > 1);
  if (series.length === 0) return null;
  const curves = series.map((one) => ({ ...one, points: visibilityOf(one.arm) }));
  const rows = curves.flatMap(({ name, points }) =>
    points.map((point) => ({ arm: name, ...point })),
  );
  // A step begins where the one before ends.
  const drawnRows = curves.flatMap(({ name, points }) => {
    const [first] = points;
    const begin = first === undefined ? [] : [{ ...first, ms: first.ms / 2 }];
    return [...begin, ...points].map((point) => ({ arm: name, ...point }));
  });
  const x = logAxis(
    drawnRows.map(({ ms }) => ms),
    'time since the COMMIT was acknowledged, ms (log scale)',
  );
  const y = valueAxis([0, ...rows.map(({ share }) => share)], 'reads that miss the edit', {
    share: true,
  });
  const encoding = seriesEncoding(series);
  const ends = curves.map((one) => {
    const last = one.points.at(-1)!;
    return { series: one, x: last.ms, y: last.share };
  });
  return {
    id: `${analysis.name}-visibility`,
    title: options.title,
    subtitle:
      'Of the reads that began within each step of time after an edit: the share whose page lacks it. Pairs of an edit and a read, pooled over all trials.',
    description: `${curves.map(({ name, points }) => `${name}: ${shareAt(points, 100)} after 50 to 100 ms, ${shareAt(points, 1000)} after 0.5 to 1 s`).join('; ')}.`,
    spec: {
      width: PLOT_WIDTHS.labelled.wide,
      height: HEIGHT,
      layer: [
        {
          data: { values: drawnRows },
          mark: { type: 'line', interpolate: 'step-before' },
          encoding: {
            x: { field: 'ms', type: 'quantitative', ...x },
            y: { field: 'share', type: 'quantitative', scale: y.scale, axis: y.axis },
            color: encoding.color,
            strokeDash: encoding.strokeDash,
          },
        },
        ...lineLabels(
          ends,
          { domain: y.scale.domain, log: false, height: HEIGHT },
          { x: 'ms', y: 'share' },
          encoding,
        ),
      ],
    },
    table: {
      columns: ['arm', 'up to ms after the edit', 'share of reads that miss it', 'pairs'],
      rows: rows.map(({ arm, ms, share, pairs }) => [arm, ms, share, pairs]),
    },
  };
}
