/**
 * pareto: what each policy trades for what: share of stale answers (x), SELECTs per page (y), hit ratio (in the label).
 * Filled points are the front: nothing else is as good in all three and better in one.
 *
 *   pareto('hit-ratio', tradeOffs, { id: 'trade-offs', title: '…', subtitle: '…' })
 */
import type { Figure } from '../figure.ts';
import { estimateWithInterval, number, percent } from '../format.ts';
import { colour, POLICY_STYLES } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { Estimate, TradeOff } from '../../lab/result.ts';
import { valueAxis } from './axes.ts';
import { spread, TITLE_ABOVE_LABELS } from './series.ts';

const LEAST_HEIGHT = 300;
const LABEL_PX = 17;

/** Whether a point is on the front, beside the point. Points without a stale share or a load are not judged. */
export function paretoFront(tradeOffs: readonly TradeOff[]): { point: TradeOff; front: boolean }[] {
  const judged = tradeOffs.filter(({ staleShare, selectsPerPage }) => staleShare && selectsPerPage);
  return judged.map((point) => ({
    point,
    front: !judged.some((other) => other !== point && dominates(other, point)),
  }));
}

/** As good in stale share, load and hit ratio, and better in at least one. */
function dominates(a: TradeOff, b: TradeOff): boolean {
  const differences = [
    difference(b.staleShare, a.staleShare),
    difference(b.selectsPerPage, a.selectsPerPage),
    difference(a.hitRatio, b.hitRatio),
  ];
  return differences.every((gain) => gain >= 0) && differences.some((gain) => gain > 0);
}

/** Zero where one of them is unknown: what was not measured decides nothing. */
function difference(a: Estimate | null, b: Estimate | null): number {
  return a === null || b === null ? 0 : a.value - b.value;
}

/** `short-ttl, TTL 60 s`. */
function nameOf({ policy, variant }: TradeOff): string {
  return variant === '' ? policy : `${policy}, ${variant}`;
}

/** `hardened (0 % stale, 4.5 SELECTs per page, 96 % hits)`. */
function inWords(point: TradeOff): string {
  const hits = point.hitRatio === null ? '' : `, ${percent(point.hitRatio.value)} hits`;
  return `${nameOf(point)} (${percent(stale({ point }).value)} stale, ${number(load({ point }).value)} SELECTs per page${hits})`;
}

/** Staleness against database load with the front marked. Null with fewer than two points. */
export function pareto(
  prefix: string,
  tradeOffs: readonly TradeOff[],
  options: { id: string; title: string; subtitle: string },
): Figure | null {
  const points = paretoFront(tradeOffs);
  if (points.length < 2) return null;
  const x = valueAxis(
    points.flatMap((one) => ends(stale(one))),
    'stale answers (log scale)',
    { spacing: 'log', share: true },
  );
  const y = valueAxis(
    points.flatMap((one) => ends(load(one))),
    'SELECTs per page (log scale)',
    { spacing: 'log' },
  );
  const height = Math.max(LEAST_HEIGHT, points.length * LABEL_PX + 10);
  const [low, high] = y.scale.domain;
  const toPx = (value: number): number =>
    height * (1 - Math.log(value / low) / Math.log(high / low));
  const placed = spread(
    points.map((one) => toPx(y.place(load(one).value))),
    LABEL_PX,
    height,
  );
  const values = points.map((one, index) => ({
    x: x.place(stale(one).value),
    xLow: x.place(ends(stale(one))[0]),
    xHigh: x.place(ends(stale(one))[1]),
    y: y.place(load(one).value),
    yLow: y.place(ends(load(one))[0]),
    yHigh: y.place(ends(load(one))[1]),
    labelY: low * (high / low) ** (1 - (placed[index] ?? 0) / height),
    label: `${nameOf(one.point)}${one.point.hitRatio === null ? '' : ` · ${percent(one.point.hitRatio.value)}`}`,
    front: one.front ? 1 : 0,
    weight: one.front ? 'bold' : 'normal',
    colour: POLICY_STYLES[one.point.policy]?.colour ?? colour('ink'),
    marker: POLICY_STYLES[one.point.policy]?.marker ?? 'circle',
  }));
  const at = { field: 'x', type: 'quantitative' } as const;
  const up = { field: 'y', type: 'quantitative' } as const;
  const hue = { field: 'colour', type: 'nominal', scale: null, legend: null } as const;
  const best = points.filter((one) => one.front).map(({ point }) => inWords(point));
  return {
    id: `${prefix}-${options.id}`,
    title: options.title,
    subtitle: `${options.subtitle} Stale: an answer that showed an old page. Down and left is better. Filled and bold: the front, nothing else is at least as fresh, as cheap and as often hit. After the name: hit ratio.`,
    description: `On the front are ${best.join('; ')}.`,
    spec: {
      usermeta: { plot: 'named' },
      width: PLOT_WIDTHS.named.wide,
      height,
      layer: [
        {
          data: { values },
          mark: { type: 'rule', strokeWidth: 0.8, opacity: 0.45 },
          encoding: {
            x: { ...at, scale: x.scale, axis: x.axis },
            x2: { value: 'width' },
            y: { ...up, scale: y.scale, axis: { ...y.axis, titleY: TITLE_ABOVE_LABELS } },
            y2: { field: 'labelY' },
            color: hue,
          },
        },
        {
          data: { values: values.filter(({ xLow, xHigh }) => xHigh > xLow) },
          mark: { type: 'rule', strokeWidth: 1.5 },
          encoding: { x: { ...at, field: 'xLow' }, x2: { field: 'xHigh' }, y: up, color: hue },
        },
        {
          data: { values: values.filter(({ yLow, yHigh }) => yHigh > yLow) },
          mark: { type: 'rule', strokeWidth: 1.5 },
          encoding: { x: at, y: { ...up, field: 'yLow' }, y2: { field: 'yHigh' }, color: hue },
        },
        {
          data: { values },
          mark: { type: 'point', size: 80, opacity: 1 },
          encoding: {
            x: at,
            y: up,
            color: hue,
            fill: hue,
            fillOpacity: { field: 'front', type: 'quantitative', scale: null, legend: null },
            shape: { field: 'marker', type: 'nominal', scale: null, legend: null },
          },
        },
        {
          data: { values: [{}] },
          mark: {
            type: 'text',
            text: 'strategy · hit ratio',
            y: -10,
            xOffset: 6,
            align: 'left',
            fontSize: 11,
            color: colour('soft'),
          },
          encoding: { x: { value: 'width' } },
        },
        ...(['bold', 'normal'] as const).map((weight) => ({
          data: { values: values.filter((one) => one.weight === weight) },
          mark: {
            type: 'text' as const,
            xOffset: 6,
            align: 'left' as const,
            baseline: 'middle' as const,
            fontWeight: weight,
            fontSize: 11,
            clip: false,
          },
          encoding: {
            x: { value: 'width' as const },
            y: { field: 'labelY', type: 'quantitative' as const },
            text: { field: 'label' },
          },
        })),
      ],
    },
    table: {
      columns: [
        'policy',
        'front',
        'stale answers',
        'SELECTs per page',
        'hit ratio',
        'longest staleness, s',
      ],
      rows: points.map(({ point, front: on }) => [
        nameOf(point),
        on ? 'yes' : 'no',
        shareText(point.staleShare),
        point.selectsPerPage === null ? null : estimateWithInterval(point.selectsPerPage, ''),
        shareText(point.hitRatio),
        point.longestStaleSeconds,
      ]),
    },
  };
}

const stale = ({ point }: { point: TradeOff }): Estimate => point.staleShare!;
const load = ({ point }: { point: TradeOff }): Estimate => point.selectsPerPage!;

function ends({ value, interval }: Estimate): [number, number] {
  return interval === null ? [value, value] : [interval.low, interval.high];
}

function shareText(estimate: Estimate | null): string | null {
  if (estimate === null) return null;
  const { value, interval } = estimate;
  if (interval === null) return `${percent(value)} (no interval, n = ${estimate.n})`;
  return `${percent(value)} [${percent(interval.low)}, ${percent(interval.high)}]`;
}
