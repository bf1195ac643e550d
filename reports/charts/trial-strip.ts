import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { capital, inUnit, number, plural } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { type SeriesLook, seriesOf } from './series.ts';

const PANEL_HEIGHT = 46;

/** Trials further than this from their arm's middle are drawn at the edge of the panel. */
const MOST_DEVIATION = 2;
const LEAST_SHOWN = 1.12;

/** Are the runs stable: every trial in run order, as ratio to its arm's median, invalid ones crossed. */
export function trialStrip(
  analysis: ExperimentAnalysis,
  options: { look?: SeriesLook } = {},
): Figure | null {
  const series = seriesOf(analysis.arms, (arm) => arm.strip.length > 0, options.look);
  if (series.length === 0) return null;
  const rows = series.flatMap(({ arm, name, style }) => {
    const middle = medianOfValid(arm);
    return arm.strip.map((trial) => {
      const deviation = trial.value === null || middle === null ? null : trial.value / middle;
      return {
        arm: name,
        order: trial.order + 1,
        deviation: Math.min(MOST_DEVIATION, Math.max(1 / MOST_DEVIATION, deviation ?? 1)),
        kind: trial.state !== 'completed' ? 'invalid' : deviation === null ? 'no value' : 'valid',
        colour: style.colour,
        marker: style.marker,
        fill: style.filled ? 1 : 0,
      };
    });
  });
  const reach = Math.max(
    LEAST_SHOWN,
    ...rows.map(({ deviation }) => Math.max(deviation, 1 / deviation) * 1.02),
  );
  const step = [0.5, 0.2, 0.1].find((share) => share <= 1 - 1 / reach) ?? 0.1;
  const all = analysis.arms.flatMap(({ strip }) => strip);
  const invalid = all.filter(({ state }) => state !== 'completed').length;
  const repeated = all.filter(({ attempt }) => attempt > 1).length;
  const order = {
    field: 'order',
    type: 'quantitative',
    scale: { domain: [0, Math.max(...rows.map((row) => row.order)) + 1], nice: false },
    axis: { title: 'trial, in the order of the run', grid: false, tickMinStep: 1 },
  } satisfies PositionFieldDef<Field>;
  return {
    id: `${analysis.name}-trials`,
    secondary: true,
    title:
      invalid === 0
        ? `All ${plural(all.length, 'trial')} are valid`
        : `${invalid} of ${plural(all.length, 'trial')} ${invalid === 1 ? 'is' : 'are'} invalid and left out of every figure`,
    subtitle: `${capital(analysis.primaryMeasure.title)} of each trial as ratio to its arm's median, in run order. Band: within 5 %. Crosses: invalid or failed trials.`,
    description: `${plural(all.length, 'trial')}: ${all.length - invalid} valid, ${invalid} invalid or failed, ${repeated} repeated. Largest valid value over smallest: ${series.map(({ arm, name }) => `${name} ${spreadText(arm)}`).join('; ')}.`,
    spec: {
      usermeta: { plot: 'panels' },
      data: { values: rows },
      facet: {
        field: 'arm',
        type: 'nominal',
        sort: series.map(({ name }) => name),
        header: { labelOrient: 'top' },
      },
      columns: 1,
      spacing: 8,
      spec: {
        width: PLOT_WIDTHS.panels.wide,
        height: PANEL_HEIGHT,
        layer: [
          {
            data: { values: [{ low: 0.95, high: 1.05 }] },
            mark: { type: 'rect', color: colour('band'), x: 0, x2: 'width' },
            encoding: {
              y: {
                field: 'low',
                type: 'quantitative',
                scale: { type: 'log', domain: [1 / reach, reach], nice: false },
                axis: {
                  values: [1 - step, 1, 1 + step],
                  domain: false,
                  labelOverlap: false,
                  labelExpr:
                    "(datum.value > 1 ? '+' : '') + format(100 * (datum.value - 1), '.0f') + ' %'",
                  title: null,
                },
              },
              y2: { field: 'high' },
            },
          },
          {
            transform: [{ filter: "datum.kind === 'valid'" }],
            mark: { type: 'point', size: 46, opacity: 1 },
            encoding: {
              x: order,
              y: { field: 'deviation', type: 'quantitative' },
              color: { field: 'colour', type: 'nominal', scale: null, legend: null },
              shape: { field: 'marker', type: 'nominal', scale: null, legend: null },
              fill: { field: 'colour', type: 'nominal', scale: null, legend: null },
              fillOpacity: { field: 'fill', type: 'quantitative', scale: null, legend: null },
            },
          },
          {
            transform: [{ filter: "datum.kind === 'invalid'" }],
            mark: {
              type: 'text',
              text: '×',
              fontSize: 18,
              fontWeight: 'bold',
              color: colour('bad'),
              baseline: 'middle',
            },
            encoding: { x: order, y: { field: 'deviation', type: 'quantitative' } },
          },
        ],
      },
      resolve: { axis: { x: 'shared' } },
    },
    table: {
      columns: [
        'order',
        'arm',
        'round',
        'slot',
        'try',
        'state',
        analysis.primaryMeasure.title,
        'reasons',
      ],
      rows: analysis.arms
        .flatMap((arm) => arm.strip.map((trial) => ({ ...trial, arm: arm.arm })))
        .sort((a, b) => a.order - b.order)
        .map((trial) => [
          trial.order + 1,
          trial.arm,
          trial.round + 1,
          trial.slot + 1,
          trial.attempt,
          trial.state,
          trial.value === null ? null : inUnit(trial.value, analysis.primaryMeasure.unit),
          trial.reasons.join('; ') || null,
        ]),
    },
  };
}

function validValues(arm: ArmAnalysis): number[] {
  return arm.strip
    .flatMap(({ state, value }) => (state === 'completed' && value !== null ? [value] : []))
    .sort((a, b) => a - b);
}

function medianOfValid(arm: ArmAnalysis): number | null {
  const values = validValues(arm);
  return values[Math.floor(values.length / 2)] ?? null;
}

function spreadText(arm: ArmAnalysis): string {
  const values = validValues(arm);
  const low = values[0];
  const high = values.at(-1);
  if (low === undefined || high === undefined || low <= 0) return '–';
  return number(high / low);
}
