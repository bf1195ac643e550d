import { armOf } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, TheoryCheck } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { poissonInterval } from '../../lab/stats/poisson.ts';
import { zipfShares } from '../lib/stores.ts';
import { atLeastZero, samplesOf, total } from './judgement.ts';
import { HOUR } from './plan.ts';

/**
 * Loads that theory expects in the first minutes after a restart.
 * @param cold - Whether the cache is empty. @param awaySeconds - Of the hour, in which kept copies ended and nobody asked.
 */
export function loadsExpected(cold: boolean, minutes: number, awaySeconds = 0): number {
  const seconds = minutes * 60;
  return zipfShares(HOUR.stores, 1).reduce((sum, share) => {
    const rate = share * HOUR.requestsPerSecond;
    const asked = -Math.expm1(-rate * seconds);
    // Empty: the first request of each store within its first TTL. Settled: one load per life and pause.
    const cycleSeconds = HOUR.ttlSeconds + 1 / rate;
    return sum + (cold ? asked : (seconds + awaySeconds * asked) / cycleSeconds);
  }, 0);
}

export function theory(analysis: Analysed): TheoryCheck[] {
  const hours = (['restart-empty', 'restart-kept'] as const).flatMap((name) => {
    const arm = armOf(analysis, name);
    if (arm === null) return [];
    const cold = name === 'restart-empty';
    return [
      loadsRow(arm, cold, 10, 'firstLoads'),
      ...(cold ? [loadsRow(arm, cold, 60, 'hourLoads')] : []),
    ];
  });
  return [...windowRows(analysis), ...hours];
}

/** A cut at any moment of the second between two syncs takes half of it on average. */
function windowRows(analysis: Analysed): TheoryCheck[] {
  const arm = armOf(analysis, 'aof-everysec');
  const measured = arithmeticMean(samplesOf(arm, 'cutWindowMs'));
  if (arm === null || measured === null || measured.interval === null) return [];
  const expected = 500;
  const { low, high } = measured.interval;
  return [
    {
      ...{ arm: arm.arm, quantity: 'acknowledged writes lost at a cut (model)', unit: 'ms' },
      ...{ formula: '1 s / 2', theory: expected, measured: atLeastZero(measured) },
      agrees: expected >= low && expected <= high,
      note: 'cuts at random moments between two syncs; what a sync takes comes on top; t interval over the cuts',
    },
  ];
}

function loadsRow(arm: ArmAnalysis, cold: boolean, minutes: number, name: string): TheoryCheck {
  const n = arm.trials.valid;
  const loads = total(arm, name);
  const { low, high } = poissonInterval(loads);
  const awaySeconds = arithmeticMean(samplesOf(arm, 'awaySeconds'))?.value ?? 0;
  const expected = loadsExpected(cold, minutes, awaySeconds);
  return {
    arm: arm.arm,
    quantity: `page loads in the ${minutes === 60 ? 'hour' : `first ${minutes} minutes`} after the restart`,
    unit: '',
    formula: cold ? 'Σ (1 - e^(-λt))' : 'Σ (t + a·(1 - e^(-λt))) / (T + 1/λ)',
    theory: expected,
    measured: { value: loads / n, interval: { low: low / n, high: high / n, level: 0.95 }, n },
    agrees: expected >= low / n && expected <= high / n,
    note: cold
      ? 'the first request of each store loads its page; exact Poisson interval'
      : 'copies end and are loaded as ever, those too that ended in the time a without Redis; exact Poisson interval',
  };
}
