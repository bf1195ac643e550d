import type { Figure } from '../figure.ts';
import { milliseconds, plural } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { logAxis, logDomain, logTicks, PLAIN_LABELS } from './axes.ts';
import { capacityText } from './capacity.ts';
import { lineLabels, referenceLine, seriesEncoding, seriesOf } from './series.ts';

const HEIGHT = 280;

/** Where capacity ends: p95 of every probe of the search against its rate, both on log axes. */
export function probeCurve(
  analysis: ExperimentAnalysis,
  options: { title: string; limitMs: number },
): Figure | null {
  const series = seriesOf(
    analysis.arms,
    (arm) => arm.search?.probes.some(({ p95Ms }) => p95Ms !== null) ?? false,
  );
  if (series.length === 0) return null;
  const rows = series.flatMap(({ arm, name }) =>
    [...(arm.search?.probes ?? [])]
      .sort((a, b) => a.ratePerSecond - b.ratePerSecond)
      .flatMap(({ ratePerSecond, p95Ms, passed }) =>
        p95Ms === null ? [] : [{ arm: name, rate: ratePerSecond, ms: p95Ms, fill: passed ? 1 : 0 }],
      ),
  );
  // Several probes at one rate (repeated searches) are dots; the line joins their medians.
  const joined = series.flatMap(({ name }) => {
    const own = rows.filter(({ arm }) => arm === name);
    return [...new Set(own.map(({ rate }) => rate))].map((rate) => ({
      arm: name,
      rate,
      ms: median(own.filter((row) => row.rate === rate).map(({ ms }) => ms)),
    }));
  });
  const y = logAxis(
    [...rows.map(({ ms }) => ms), options.limitMs],
    'p95 response time, ms (log scale)',
  );
  const domain = logDomain(rows.map(({ rate }) => rate));
  const encoding = seriesEncoding(series);
  const ends = series.flatMap((item) => {
    const last = joined.findLast(({ arm }) => arm === item.name);
    return last === undefined ? [] : [{ series: item, x: last.rate, y: last.ms }];
  });
  return {
    id: `${analysis.name}-probes`,
    title: options.title,
    subtitle: `Every probe of the searches: p95 against offered rate, both on log scales. Filled: the probe kept p95 at ${milliseconds(options.limitMs)} or less, with no error and no dropped arrival; hollow: it did not.`,
    description: `${series.map(({ arm, name }) => `${name}: ${capacityText(arm)}, ${plural(arm.search?.probes.length ?? 0, 'probe')}`).join('; ')}.`,
    spec: {
      width: PLOT_WIDTHS.labelled.wide,
      height: HEIGHT,
      layer: [
        {
          data: { values: joined },
          mark: { type: 'line', strokeWidth: 1.4, opacity: 0.8 },
          encoding: {
            x: {
              field: 'rate',
              type: 'quantitative',
              scale: { type: 'log', domain, nice: false },
              axis: {
                values: logTicks(domain),
                labelExpr: PLAIN_LABELS,
                title: 'offered page requests per second (log scale)',
              },
            },
            y: { field: 'ms', type: 'quantitative', ...y },
            color: encoding.color,
            strokeDash: encoding.strokeDash,
          },
        },
        {
          data: { values: rows },
          mark: { type: 'point', size: 50, opacity: 1 },
          encoding: {
            x: { field: 'rate', type: 'quantitative' },
            y: { field: 'ms', type: 'quantitative' },
            color: encoding.color,
            shape: encoding.shape,
            fill: encoding.color,
            fillOpacity: { field: 'fill', type: 'quantitative', scale: null, legend: null },
          },
        },
        ...referenceLine('y', options.limitMs, `limit ${milliseconds(options.limitMs)}`),
        ...lineLabels(
          ends,
          { domain: y.scale.domain, log: true, height: HEIGHT },
          { x: 'rate', y: 'ms' },
          encoding,
        ),
      ],
    },
    table: {
      columns: [
        'arm',
        'offered, /s',
        'achieved, /s',
        'p95, ms',
        'p99, ms',
        'dropped',
        'errors',
        'passed',
        'server cores',
        'generator cores',
        'reasons',
      ],
      rows: series.flatMap(({ arm, name }) =>
        [...(arm.search?.probes ?? [])]
          .sort((a, b) => a.ratePerSecond - b.ratePerSecond)
          .map((probe) => [
            name,
            probe.ratePerSecond,
            probe.achievedPerSecond,
            probe.p95Ms,
            probe.p99Ms,
            probe.dropped,
            probe.errors,
            probe.passed ? 'yes' : 'no',
            probe.serverCores,
            probe.generatorCores,
            probe.reasons.join('; ') || null,
          ]),
      ),
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
