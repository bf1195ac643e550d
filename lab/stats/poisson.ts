import jStat from 'jstat';

/**
 * Exact interval of the mean of a Poisson count. Source: Garwood (1936), by quantiles of chi-squared.
 * @param events - Whole number, 0 or more. For 0 the interval begins at 0 and is one-sided: up to -ln(1 - level), about 3.
 */
export function poissonInterval(events: number, level = 0.95): { low: number; high: number } {
  if (events === 0) return { low: 0, high: -Math.log(1 - level) };
  const tail = (1 - level) / 2;
  return {
    low: jStat.chisquare.inv(tail, 2 * events) / 2,
    high: jStat.chisquare.inv(1 - tail, 2 * events + 2) / 2,
  };
}
