/** The 1-2-5 steps that enclose the values, for a log axis without empty room. */
export function logDomain(values: readonly number[], minimumDecades = 0.5): [number, number] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return [1, 10];
  let low = step125(Math.min(...positive), 'down');
  let high = step125(Math.max(...positive), 'up');
  while (Math.log10(high / low) < minimumDecades) {
    low = step125(low * 0.99, 'down');
    high = step125(high * 1.01, 'up');
  }
  return [low, high];
}

/** Ticks 1-2-5 over a log domain; powers of ten alone where that would be more than `most`. */
export function logTicks([low, high]: readonly [number, number], most = 10): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const lead of [1, 2, 5]) ticks.push(exact(lead, power));
  }
  const inside = ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  if (inside.length <= most) return inside;
  return inside.filter((tick) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9);
}

function step125(value: number, direction: 'up' | 'down'): number {
  const power = Math.floor(Math.log10(value));
  const steps = [0.5, 1, 2, 5, 10].map((lead) =>
    lead === 0.5 ? exact(5, power - 1) : lead === 10 ? exact(1, power + 1) : exact(lead, power),
  );
  const slack = 1e-9;
  return direction === 'up'
    ? (steps.find((step) => step >= value * (1 - slack)) ?? value)
    : (steps.findLast((step) => step <= value * (1 + slack)) ?? value);
}

/** 5 x 10^-3 as 0.005, not 0.005000000000000001. */
function exact(lead: number, power: number): number {
  return Number(`${lead}e${power}`);
}

/** Label expression of a log axis: `1,000`, `0.2`. */
export const PLAIN_LABELS = "format(datum.value, datum.value < 1 ? '~g' : ',~r')";

/** A log axis of times: domain, ticks and labels. */
export function logAxis(
  values: readonly number[],
  title: string,
): {
  scale: { type: 'log'; domain: [number, number]; nice: false };
  axis: { values: number[]; labelExpr: string; title: string };
} {
  const domain = logDomain(values);
  return {
    scale: { type: 'log', domain, nice: false },
    axis: { values: logTicks(domain), labelExpr: PLAIN_LABELS, title },
  };
}

/** How the values of an axis are spaced. */
export type Spacing = 'linear' | 'log';

interface ValueAxis {
  scale: { type: Spacing; domain: [number, number]; nice: false };
  axis: { values?: number[]; tickCount?: number; labelExpr?: string; title: string };
  /** Where a value is drawn: a zero has no logarithm and gets a place of its own at the start. */
  place: (value: number) => number;
}

const PERCENT_LABELS = "format(100 * datum.value, '~r') + ' %'";

/**
 * An axis for figures that may be zero. On a log axis zeros stand apart at the start, under a tick that says 0.
 * @param options.share - Values from 0 to 1, labelled in per cent.
 */
export function valueAxis(
  values: readonly number[],
  title: string,
  options: { spacing?: Spacing | undefined; share?: boolean | undefined } = {},
): ValueAxis {
  const finite = values.filter((value) => Number.isFinite(value));
  const labels = options.share === true ? PERCENT_LABELS : null;
  if (options.spacing !== 'log') {
    const low = Math.min(0, ...finite);
    const high = Math.max(...finite, low);
    const margin = (high - low) * 0.04;
    const domain: [number, number] = [
      low < 0 ? low - margin : low,
      high === low ? low + 1 : high + margin,
    ];
    const axis = { tickCount: 6, title, ...(labels === null ? {} : { labelExpr: labels }) };
    return { scale: { type: 'linear', domain, nice: false }, axis, place: (value) => value };
  }
  const [low, high] = logDomain(finite);
  const hasZero = finite.some((value) => value <= 0);
  const zeroAt = low / Math.max(2.5, (high / low) ** 0.12);
  // Marks at the ends of the axis stay whole.
  const margin = (high / low) ** 0.015;
  const ticks = logTicks([low, high], 8);
  const label = labels ?? PLAIN_LABELS;
  return {
    scale: { type: 'log', domain: [(hasZero ? zeroAt : low) / margin, high * margin], nice: false },
    axis: {
      values: hasZero ? [zeroAt, ...ticks] : ticks,
      labelExpr: hasZero ? `datum.value < ${low * 0.99} ? '0' : ${label}` : label,
      title,
    },
    place: (value) => (value > 0 ? Math.max(value, low) : zeroAt),
  };
}
