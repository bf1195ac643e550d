import type { Figure } from '../figure.ts';
import { milliseconds, quantileName } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { logAxis } from './axes.ts';
import { lineLabels, seriesEncoding, seriesOf, thin } from './series.ts';

const HEIGHT = 280;
const LAST_QUANTILE = 0.99999;
const AXIS_QUANTILES = [0, 0.5, 0.9, 0.99, 0.999, 0.9999];

/** A quantile's place on the axis: 1/(1-q), so that each step of ten is one more nine. */
function tailPosition(q: number): number {
  return Number((1 / (1 - Math.min(q, LAST_QUANTILE))).toPrecision(6));
}

/** How slow is the slow tail: response time against percentile, the tail stretched. */
export function percentilePlot(
  analysis: ExperimentAnalysis,
  text: { title: string; note?: string },
): Figure | null {
  const series = seriesOf(analysis.arms, (arm) => arm.curve.length > 1);
  if (series.length === 0) return null;
  const rows = series.flatMap(({ arm, name }) =>
    thin(arm.curve, 140).map(({ q, ms }) => ({ arm: name, tail: tailPosition(q), ms })),
  );
  const y = logAxis(
    rows.map(({ ms }) => ms),
    'response time, ms (log scale)',
  );
  const far = Math.max(20, ...rows.map(({ tail }) => tail));
  const ends = series.map((item) => {
    const last = rows.findLast(({ arm }) => arm === item.name);
    const x = last?.tail ?? 1;
    return { series: item, x, y: last?.ms ?? y.scale.domain[0], leader: x ** 2 > far };
  });
  const encoding = seriesEncoding(series);
  return {
    id: `${analysis.name}-percentiles`,
    title: text.title,
    subtitle: `Share of page requests that were faster, tail stretched. ${pooled(analysis)} Each line stops where fewer than 10 requests are slower.${text.note === undefined ? '' : ` ${text.note}`}`,
    description: describe(series.map(({ arm }) => arm)),
    spec: {
      width: PLOT_WIDTHS.labelled.wide,
      height: HEIGHT,
      layer: [
        {
          data: { values: rows },
          mark: { type: 'line' },
          encoding: {
            x: {
              field: 'tail',
              type: 'quantitative',
              scale: { type: 'log', domain: [1, far * 1.12], nice: false },
              axis: {
                values: AXIS_QUANTILES.map(tailPosition).filter((value) => value <= far),
                labelExpr: "format(100 - 100 / datum.value, '~r') + ' %'",
                title: 'percentile of page requests',
              },
            },
            y: { field: 'ms', type: 'quantitative', ...y },
            color: encoding.color,
            strokeDash: encoding.strokeDash,
          },
        },
        ...lineLabels(
          ends,
          { domain: y.scale.domain, log: true, height: HEIGHT },
          { x: 'tail', y: 'ms' },
          encoding,
        ),
      ],
    },
    table: quantileTable(analysis.arms),
  };
}

/** `Requests of all valid trials together: 1,200 to 4,800 an arm.` */
export function pooled(analysis: ExperimentAnalysis): string {
  const counts = analysis.arms
    .filter(({ requests }) => requests > 0)
    .map(({ requests }) => requests);
  const low = Math.min(...counts).toLocaleString('en-US');
  const high = Math.max(...counts).toLocaleString('en-US');
  return `Requests of all valid trials together: ${low === high ? low : `${low} to ${high}`} an arm.`;
}

/** A quantile as text: a time, or why there is none. */
export function quantileText(arm: ArmAnalysis, q: number): string | null {
  const entry = arm.quantiles.find((candidate) => Math.abs(candidate.q - q) < 1e-9);
  if (entry === undefined || arm.requests === 0) return null;
  if (entry.censored) return 'unknown: lies among arrivals that never started';
  return entry.ms === null ? 'too few requests' : milliseconds(entry.ms);
}

function quantileTable(arms: readonly ArmAnalysis[]): Figure['table'] {
  const quantiles = [...new Set(arms.flatMap((arm) => arm.quantiles.map(({ q }) => q)))].sort(
    (a, b) => a - b,
  );
  return {
    columns: ['arm', 'requests', ...quantiles.map(quantileName)],
    rows: arms.map((arm) => [arm.arm, arm.requests, ...quantiles.map((q) => quantileText(arm, q))]),
  };
}

function describe(arms: readonly ArmAnalysis[]): string {
  const parts = arms.map((arm) => {
    const shown = arm.quantiles.filter(({ ms, q }) => ms !== null && q >= 0.5);
    const median = shown.find(({ q }) => q === 0.5);
    const last = shown.at(-1);
    if (median?.ms == null || last?.ms == null) return `${arm.arm}: too few requests`;
    const tail = last.q > median.q ? `, ${quantileName(last.q)} ${milliseconds(last.ms)}` : '';
    const unknown = arm.quantiles.find(({ censored }) => censored);
    const end = unknown === undefined ? '' : `, unknown from ${quantileName(unknown.q)}`;
    return `${arm.arm}: p50 ${milliseconds(median.ms)}${tail}${end}`;
  });
  return `${parts.join('; ')}.`;
}
