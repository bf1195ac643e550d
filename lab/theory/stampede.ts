/**
 * What theory says of a page that expires while it is asked for. Times in ms, rates per second unless the name says
 * otherwise. Closed forms and one small simulation that checks them; no clock, and chance is a parameter.
 */

/** Loads without defence: the reader that finds the expiry, and all that arrive before the first copy is back. */
export function loadsWithoutDefence(ratePerSecond: number, loadMs: number): number {
  return 1 + (ratePerSecond * loadMs) / 1000;
}

/**
 * Loads under a lock that runs out before the load is done: each time it does, the next waiter begins another one.
 * Only sure where `loadMs / lockTtlMs` keeps away from whole numbers.
 */
export function loadsUnderShortLock(loadMs: number, lockTtlMs: number): number {
  return Math.ceil(loadMs / lockTtlMs);
}

/** How far `loadMs / lockTtlMs` is from the nearest whole number, 0 to 0.5. */
export function distanceFromWhole(loadMs: number, lockTtlMs: number): number {
  const ratio = loadMs / lockTtlMs;
  return Math.abs(ratio - Math.round(ratio));
}

/** Wait of the readers when the holder of the lock dies right after it took it: nobody frees the lock, then one loads. */
export function waitForDeadHolderMs(lockTtlMs: number, loadMs: number): number {
  return lockTtlMs + loadMs;
}

/** Of a page under XFetch (Vattani et al., VLDB 2015) without coalescing. */
export interface EarlyExpiry {
  ratePerSecond: number;
  loadMs: number;
  beta: number;
}

/**
 * Mean loads per refresh under XFetch.
 *
 * Readers that find `t` left to live load with probability e^(-t/βΔ), so early loads are a Poisson process of rate
 * λ·e^(-t/βΔ); up to a moment that has `t` left, λβΔ·e^(-t/βΔ) of them are expected. At the first one that figure, U, is
 * an exponential draw of mean 1. Δ later it has become U·e^(1/β): the first load and U·(e^(1/β) - 1) more, on average
 * e^(1/β). That needs U·e^(1/β) to stay below λβΔ, which is so for λβΔ >= 20; else the expiry falls into the load,
 * and from then on everybody loads.
 */
export function xfetchLoads({ ratePerSecond, loadMs, beta }: EarlyExpiry): number {
  const perLoad = (ratePerSecond * loadMs) / 1000; // λΔ
  const untilExpiry = perLoad * beta; // λβΔ
  const more = (drawn: number): number => {
    if (drawn >= untilExpiry) return perLoad;
    if (drawn * Math.exp(1 / beta) <= untilExpiry) return drawn * (Math.exp(1 / beta) - 1);
    const leftShare = beta * Math.log(untilExpiry / drawn); // of Δ, at the first load
    return untilExpiry - drawn + perLoad * (1 - leftShare);
  };
  // Mean over U: its quantiles at the middles of equal shares.
  const steps = 20_000;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) sum += more(-Math.log(1 - (step + 0.5) / steps));
  return 1 + sum / steps;
}

/** Median time that XFetch begins before the expiry, for λβΔ above 1: βΔ·(ln(λβΔ) + 0.37). */
export function xfetchLeadMs({ ratePerSecond, loadMs, beta }: EarlyExpiry): number {
  const untilExpiry = (ratePerSecond * loadMs * beta) / 1000;
  return Math.max(0, beta * loadMs * (Math.log(untilExpiry) - Math.log(Math.LN2)));
}

/**
 * One refresh after the other, read by Poisson arrivals; each load takes exactly `loadMs` and the first to end gives the
 * new copy. What the closed forms above are checked against.
 * @param beta - Null: no early expiry, so readers load from the expiry on.
 * @param random - Uniform in [0, 1).
 * @returns Loads of each refresh.
 */
export function simulateRefreshes(
  page: { ratePerSecond: number; loadMs: number; beta: number | null; ttlMs: number },
  refreshes: number,
  random: () => number,
): number[] {
  const { ratePerSecond, loadMs, beta, ttlMs } = page;
  const gapMs = (): number => (-Math.log(1 - random()) * 1000) / ratePerSecond;
  const loads: number[] = [];
  let loadedAtMs = 0; // the copy's age counts from the start of its load
  let nowMs = 0;
  while (loads.length < refreshes) {
    // Poisson arrivals have no memory, and 20βΔ before the expiry the chance of an early load is e^-20: begin there.
    nowMs = Math.max(nowMs, loadedAtMs + loadMs, loadedAtMs + ttlMs - 20 * (beta ?? 0) * loadMs);
    nowMs += gapMs();
    let firstMs: number | null = null;
    let count = 0;
    while (firstMs === null || nowMs < firstMs + loadMs) {
      const aheadMs = beta === null ? 0 : -Math.log(1 - random()) * beta * loadMs;
      if (nowMs + aheadMs >= loadedAtMs + ttlMs) {
        firstMs ??= nowMs;
        count += 1;
      }
      nowMs += gapMs();
    }
    loads.push(count);
    loadedAtMs = firstMs;
  }
  return loads;
}
