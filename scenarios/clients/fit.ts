/** A straight line through points, by least squares. */
export interface Line {
  slope: number;
  /** Where x is 0. */
  start: number;
}

/** @returns Null for fewer than 2 different x. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line | null {
  const mean = (of: 0 | 1): number =>
    points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (points.length < 2 || spread === 0) return null;
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  return { slope, start: meanY - slope * meanX };
}

/** k of y = a x^k: the slope between the logarithms. Points that are not above zero have none and are left out. */
export function exponentOf(points: readonly (readonly [x: number, y: number])[]): number | null {
  const logs = points
    .filter(([x, y]) => x > 0 && y > 0)
    .map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  return lineThrough(logs)?.slope ?? null;
}
