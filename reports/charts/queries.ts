import type { Figure } from '../figure.ts';
import { number } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { seriesEncoding, seriesOf } from './series.ts';

const ROW_HEIGHT = 48;

/** Queries of the page itself before those that repeat for each category, three at a time. */
const PAGE_QUERIES = 3;

/** How many queries a page costs: one tick each, like a bar code. */
export function queryStrip(analysis: ExperimentAnalysis, text: { title: string }): Figure | null {
  const series = seriesOf(analysis.arms, (arm) => arm.selectsPerPage.server !== null);
  if (series.length === 0) return null;
  const rows = series.map(({ arm, name }) => ({
    arm: name,
    count: arm.selectsPerPage.server ?? 0,
    label: `${name}: ${countText(arm)}`,
  }));
  const ticks = rows.flatMap(({ arm, count }) =>
    Array.from({ length: Math.round(count) }, (_, index) => ({ arm, at: tickPosition(index) })),
  );
  const encoding = seriesEncoding(series);
  const y = {
    field: 'arm',
    type: 'nominal',
    sort: series.map(({ name }) => name),
    axis: null,
    scale: { domain: series.map(({ name }) => name), paddingInner: 0, paddingOuter: 0 },
  } as const;
  const end = tickPosition(Math.max(10, ...rows.map(({ count }) => Math.round(count))));
  return {
    id: `${analysis.name}-queries`,
    title: text.title,
    subtitle:
      'SELECTs per page request in the measured phase, counted in the server; one tick each, rounded. Groups: 3 for the page, then 3 for each category.',
    description: `${rows.map(({ label }) => label).join('; ')}.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: rows.length * ROW_HEIGHT,
      layer: [
        {
          data: { values: ticks },
          mark: { type: 'tick', thickness: 2, height: 20, yOffset: 8, opacity: 1 },
          encoding: {
            x: {
              field: 'at',
              type: 'quantitative',
              scale: { domain: [-1, end], nice: false },
              axis: null,
            },
            y,
            color: encoding.color,
          },
        },
        {
          data: { values: rows },
          mark: { type: 'text', x: 4, align: 'left', baseline: 'middle', dy: -13 },
          encoding: { y, text: { field: 'label' } },
        },
      ],
    },
    table: {
      columns: [
        'arm',
        'SELECTs per page, measured phase (server)',
        'SELECTs per page, whole trial (Postgres)',
      ],
      rows: series.map(({ arm, name }) => [
        name,
        arm.selectsPerPage.server,
        arm.selectsPerPage.postgres,
      ]),
    },
  };
}

/** A tick's place, with a gap before each group of three. */
function tickPosition(index: number): number {
  const groups = index < PAGE_QUERIES ? 0 : 1 + Math.floor((index - PAGE_QUERIES) / 3);
  return index + groups;
}

function countText(arm: ArmAnalysis): string {
  const count = arm.selectsPerPage.server ?? 0;
  const mean = Number.isInteger(count) ? '' : ' on average';
  const witness = arm.selectsPerPage.postgres === null ? ' (one witness)' : '';
  return `${number(count)}${mean}${witness}`;
}
