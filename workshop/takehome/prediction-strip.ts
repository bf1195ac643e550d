import type { TopLevelSpec } from 'vega-lite';
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import { valueAxis } from '../../reports/charts/axes.ts';
import { colour } from '../../reports/palette.ts';
import { PLOT_WIDTHS } from '../../reports/theme.ts';
import { type Question, QUESTIONS } from '../contract.ts';

const DOT_PX = 8;
const MOST_HIGH = 9;
/** Room under the lowest dot, and above the highest for the answer's words. */
const BELOW_PX = 8;
const ABOVE_PX = 24;

/**
 * The class's predictions as dots on the slider's own scale, those of one place upon each other, and the measured answer as
 * a bar through them.
 * @param answer - Words at the bar.
 */
export function predictionStrip(
  question: Question,
  text: { axis: string; answer: string },
  screen: 'wide' | 'narrow',
): TopLevelSpec {
  const scaleOf = QUESTIONS.find(({ id }) => id === question.id)!;
  const { answer, predictions } = question;
  const x = valueAxis(
    [scaleOf.low, scaleOf.high, ...predictions, ...(answer === null ? [] : [answer])],
    text.axis,
    { spacing: scaleOf.scale },
  );
  const shown = PLOT_WIDTHS.full[screen];
  const [low, high] = x.scale.domain;
  const shareOf = (at: number): number =>
    scaleOf.scale === 'log' ? Math.log(at / low) / Math.log(high / low) : (at - low) / (high - low);
  const heights = new Map<number, number>();
  const dots = predictions.map((value) => {
    const at = x.place(value);
    const column = Math.round((shareOf(at) * shown) / DOT_PX);
    const turn = heights.get(column) ?? 0;
    heights.set(column, turn + 1);
    // Beyond the highest row dots lie on each other; the sentence has their number.
    return { at, y: BELOW_PX + Math.min(turn, MOST_HIGH - 1) * DOT_PX };
  });
  const rows = Math.min(MOST_HIGH, Math.max(2, ...heights.values()));
  const height = BELOW_PX + rows * DOT_PX + ABOVE_PX;
  const y = {
    field: 'y',
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, height], nice: false },
  } satisfies PositionFieldDef<Field>;
  const at = {
    field: 'at',
    type: 'quantitative',
    scale: x.scale,
    axis: { ...x.axis, grid: false },
  } satisfies PositionFieldDef<Field>;
  const bars =
    answer === null
      ? []
      : [{ at: x.place(answer), y: 0, y2: height - ABOVE_PX + 4, label: text.answer }];
  const onTheRight = answer !== null && shareOf(x.place(answer)) > 0.6;
  return {
    usermeta: { plot: 'full' },
    width: PLOT_WIDTHS.full.wide,
    height,
    layer: [
      {
        data: { values: dots },
        mark: { type: 'point', filled: true, size: 38, opacity: 0.9, color: colour('blue') },
        encoding: { x: at, y },
      },
      {
        data: { values: bars },
        mark: { type: 'rule', strokeWidth: 3, color: colour('vermilion') },
        encoding: { x: at, y, y2: { field: 'y2' } },
      },
      {
        data: { values: bars },
        mark: {
          ...{ type: 'text', baseline: 'bottom', fontWeight: 'bold', clip: false, dy: -2 },
          align: onTheRight ? 'right' : 'left',
        },
        encoding: { x: at, y: { ...y, field: 'y2' }, text: { field: 'label' } },
      },
    ],
  };
}
