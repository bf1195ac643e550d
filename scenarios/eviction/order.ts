import type { ArmAnalysis, Estimate } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { CELL_NAMES } from './plan.ts';

/** Hit ratios closer than that are a tie, if the interval of their difference says so: a point, some 4 % of the usual misses. */
const TIE = 0.01;

/** Two policies on the same requests with the same room. */
export interface Pairing {
  higher: string;
  lower: string;
  /** Of their hit ratios, 0 to 1, paired by seed. */
  difference: Estimate;
  /** `differs`: the interval leaves 0 out. `tie`: it lies within a point. `open`: neither. */
  relation: 'differs' | 'tie' | 'open';
  /** Whether it has the same sign in every seed. */
  stable: boolean;
}

/** One value a seed; empty where the arm has no such cell. */
export function hitRatios({ findings }: Pick<ArmAnalysis, 'findings'>, name: string): number[] {
  return findings?.samples[`hitRatio ${name}`] ?? [];
}

/** Redis's policies of an arm, the best first. */
export function ranked(arm: Pick<ArmAnalysis, 'findings'>): string[] {
  const mean = (name: string): number => arithmeticMean(hitRatios(arm, name))?.value ?? 0;
  return CELL_NAMES.filter((name) => hitRatios(arm, name).length > 0).toSorted(
    (a, b) => mean(b) - mean(a),
  );
}

/** Every two policies of an arm. */
export function pairingsOf(arm: Pick<ArmAnalysis, 'findings'>): Pairing[] {
  const names = ranked(arm);
  return names.flatMap((higher, at) =>
    names.slice(at + 1).flatMap((lower) => pairingOf(arm, higher, lower) ?? []),
  );
}

function pairingOf(
  arm: Pick<ArmAnalysis, 'findings'>,
  higher: string,
  lower: string,
): Pairing | null {
  const others = hitRatios(arm, lower);
  const differences = hitRatios(arm, higher).map(
    (value, seed) => value - (others[seed] ?? Number.NaN),
  );
  const difference = arithmeticMean(differences.filter(Number.isFinite));
  if (difference === null) return null;
  const sign = Math.sign(difference.value);
  const stable = differences.every((one) => Math.sign(one) === sign);
  return { higher, lower, difference, relation: relationOf(difference), stable };
}

function relationOf({ interval }: Estimate): Pairing['relation'] {
  if (interval === null) return 'open';
  const { low, high } = interval;
  if (low > -TIE && high < TIE) return 'tie';
  return low > 0 || high < 0 ? 'differs' : 'open';
}

const SIGNS = { differs: '>', tie: '=', open: '≈' };

/** `allkeys-lfu = volatile-lfu > allkeys-lru`: `>` differs, `=` tie, `≈` too few seeds to tell. */
export function orderText(arm: Pick<ArmAnalysis, 'findings'>): string {
  const names = ranked(arm);
  return names
    .map((name, at) => {
      const before = names[at - 1];
      if (before === undefined) return name;
      return `${SIGNS[pairingOf(arm, before, name)?.relation ?? 'open']} ${name}`;
    })
    .join(' ');
}
