/**
 * Adjusts the p values of one family so that the chance of any false alarm stays below the level.
 * Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
 * @param ps - In any order, 0 to 1.
 * @returns Adjusted values in the same order; compare them with the level, for example 0.05.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted = ps.slice();
  let highest = 0;
  order.forEach((index, rank) => {
    // A value never gets below that of a smaller p, or the order of the findings would turn round.
    highest = Math.max(highest, Math.min(1, ps[index]! * (ps.length - rank)));
    adjusted[index] = highest;
  });
  return adjusted;
}

/**
 * The least p after Holm that a design can reach, if all rounds agree: two of 2^rounds sign patterns, times the family.
 * A design in which it exceeds 0.05 cannot find anything, whatever is measured.
 */
export function smallestAttainableP(rounds: number, familySize: number): number {
  return Math.min(1, (2 / 2 ** rounds) * familySize);
}
