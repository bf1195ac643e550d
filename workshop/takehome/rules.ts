import type { Mark } from '../contract.ts';

/** Marks that stand so close together that they share a number over the chart. */
export interface Rule {
  /** Where the first of them stands, in px from the left. */
  px: number;
  /** `7`, or `7–9`. */
  label: string;
}

const DIGIT_PX = 7.5;
const GAP_PX = 6;

/**
 * Numbers over a chart's rules that do not run into each other: where there is no room for a number of its own, a mark
 * joins the one before it.
 * @param marks - In order of time.
 * @param place - A mark's place in px.
 */
export function numbered(marks: readonly Mark[], place: (mark: Mark) => number): Rule[] {
  const groups: { px: number; first: number; last: number }[] = [];
  for (const mark of marks) {
    const px = place(mark);
    const before = groups.at(-1);
    if (before !== undefined && px < before.px + width(label(before)) + GAP_PX)
      before.last = mark.id;
    else groups.push({ px, first: mark.id, last: mark.id });
  }
  // A group that grew may reach its neighbour: then they are one.
  const apart: typeof groups = [];
  for (const group of groups) {
    const before = apart.at(-1);
    if (before !== undefined && group.px < before.px + width(label(before)) + GAP_PX)
      before.last = group.last;
    else apart.push(group);
  }
  return apart.map((group) => ({ px: group.px, label: label(group) }));
}

function label({ first, last }: { first: number; last: number }): string {
  return first === last ? String(first) : `${first}–${last}`;
}

function width(text: string): number {
  return text.length * DIGIT_PX;
}
