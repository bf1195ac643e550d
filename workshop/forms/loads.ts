import type { SentenceInput } from '../contract.ts';
import type { Setting } from './setting.ts';

/**
 * Mean loads of one page each time its copy ends; Δ is the time of one load alone. Many at once take longer than one
 * alone, so on a small machine the undefended number is a lower bound.
 *
 * - Nobody shares: 1 + λΔ, the first reader and all who come before its copy is there (lab/theory/stampede.ts).
 * - A lock, a lease: 1. The published lock may let more in; that is its fault, not its form.
 * - Single-flight in P processes: the first, and each other process that a reader reaches in time, which has the
 *   probability 1 - e^(-λΔ/P). P for busy pages.
 * - XFetch: `xfetchLoads`.
 * Without a cache every reader loads; in the time of one load that is 1 + λΔ again.
 */
export function loadsPerExpiry(
  input: Pick<SentenceInput, 'readsPerSecond' | 'loadMs'>,
  { processes, shared, xfetchBeta }: Setting,
): number {
  const during = (input.readsPerSecond * input.loadMs) / 1000;
  if (shared === 'all') return 1;
  if (shared === 'process') return 1 + (processes - 1) * -Math.expm1(-during / processes);
  return xfetchBeta === null ? 1 + during : xfetchLoads(during, xfetchBeta);
}

/**
 * Mean loads per refresh under XFetch (Vattani et al., VLDB 2015): the first one is drawn when λβΔ·e^(-t/βΔ) reaches an
 * exponential draw U of mean 1, and U·(e^(1/β) - 1) more are drawn before its copy is there; if the end of the copy falls
 * into that load, everybody loads from then on. Source: `xfetchLoads` of lab/theory/stampede.ts.
 * @param during - λΔ.
 */
function xfetchLoads(during: number, beta: number): number {
  const untilExpiry = during * beta;
  const more = (drawn: number): number => {
    if (drawn >= untilExpiry) return during;
    if (drawn * Math.exp(1 / beta) <= untilExpiry) return drawn * (Math.exp(1 / beta) - 1);
    const leftShare = beta * Math.log(untilExpiry / drawn);
    return untilExpiry - drawn + during * (1 - leftShare);
  };
  // Mean over U: its quantiles at the middles of equal shares. As many as an input event has time for.
  const steps = 4000;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) sum += more(-Math.log(1 - (step + 0.5) / steps));
  return 1 + sum / steps;
}
