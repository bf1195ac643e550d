import type { Question, QUESTIONS } from '../contract.ts';
import { linearTicks, logTicks } from './axis.ts';
import { svg } from './dom.ts';
import { formatNumber } from './format.ts';
import { sliderOf } from './knob-designs.ts';
import { word } from './language.ts';

type Design = (typeof QUESTIONS)[number];

/** The room's predictions as dots on the question's axis, those that would lie on each other stacked; what was measured as a line. */
export function drawDots(
  place: HTMLElement,
  design: Design,
  question: Question,
  mine: number | null,
): void {
  const width = place.clientWidth || 280;
  const em = Number.parseFloat(getComputedStyle(place).fontSize);
  const radius = 0.32 * em;
  const height = 5.4 * em;
  const floor = height - 1.6 * em;
  const at = (value: number): number => {
    const share = sliderOf({ ...design, log: design.scale === 'log' }, value) / 1000;
    return em + Math.min(1, Math.max(0, share)) * (width - 2 * em);
  };
  const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
  drawing.append(svg('line', { class: 'floor', x1: em, x2: width - em, y1: floor, y2: floor }));
  for (const tick of ticksOf(design)) {
    const x = at(tick);
    drawing.append(
      svg('line', { class: 'floor', x1: x, x2: x, y1: floor, y2: floor + 0.3 * em }),
      svg('text', { x, y: floor + 1.3 * em, 'text-anchor': 'middle' }, formatNumber(tick)),
    );
  }
  const stacks = new Map<number, number>();
  const room = Math.floor((floor - 0.8 * em) / (2 * radius));
  for (const value of question.predictions) {
    const slot = Math.round(at(value) / (2 * radius));
    const level = stacks.get(slot) ?? 0;
    stacks.set(slot, level + 1);
    drawing.append(
      svg('circle', {
        class: 'dot',
        cx: slot * 2 * radius,
        cy: floor - radius - 2 * radius * Math.min(level, room),
        r: radius * 0.9,
      }),
    );
  }
  if (mine !== null) {
    const x = at(mine);
    drawing.append(
      svg('path', {
        class: 'mine',
        d: `M${x} ${floor} l${0.4 * em} ${0.7 * em} h${-0.8 * em} z`,
      }),
    );
  }
  if (question.answer !== null) {
    const x = at(question.answer);
    drawing.append(
      svg('line', { class: 'answer', x1: x, x2: x, y1: 0.2 * em, y2: floor }),
      svg('path', {
        class: 'answer',
        d: `M${x - 0.35 * em} 0 h${0.7 * em} l${-0.35 * em} ${0.6 * em} z`,
      }),
    );
  }
  place.replaceChildren(drawing);
  place.setAttribute('aria-label', sentence(question, mine));
}

function ticksOf({ low, high, scale }: Design): number[] {
  if (scale === 'linear') return linearTicks([low, high], 6);
  const decades = [10 ** Math.ceil(Math.log10(low)), 10 ** Math.floor(Math.log10(high))] as const;
  return logTicks(decades, 7);
}

function sentence({ predictions, answer }: Question, mine: number | null): string {
  const median = predictions[Math.floor((predictions.length - 1) / 2)];
  return [
    word('answers', { count: predictions.length }),
    ...(median === undefined ? [] : [word('medianAnswer', { value: formatNumber(median) })]),
    ...(mine === null ? [] : [word('yourAnswer', { value: formatNumber(mine) })]),
    ...(answer === null ? [] : [word('measuredAnswer', { value: formatNumber(answer) })]),
  ].join(', ');
}
