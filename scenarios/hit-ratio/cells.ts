import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, Estimate } from '../../lab/result.ts';
import { type Flows, type KeyModel, sumFlows } from '../../lab/theory/hit-ratio.ts';
import { zipfShares } from '../lib/stores.ts';
import { type Counted, meanUntilCopy, shareOf } from './cycles.ts';
import { ALL, classesOf, type RankClass, type Traffic, trafficOf, strataOf } from './grid.ts';

/** Requests during a load, and its share of the TTL, from which its time shows in the hit ratio. */
const INSTANT = 0.05;

/** What an arm did, with what was measured of it. */
export interface ArmFacts {
  arm: ArmAnalysis;
  traffic: Traffic;
  /** Offered, of all pages together. */
  ratePerSecond: number;
}

/** The arms of this experiment that have a valid trial. */
export function factsOf({ arms }: Pick<Analysed, 'arms'>): ArmFacts[] {
  return arms.flatMap((arm) => {
    const traffic = trafficOf(arm.arm);
    const totals = arm.findings?.totals;
    if (traffic === null || totals === undefined || !(totals['trials']! > 0)) return [];
    const ratePerSecond = (totals['ratePerSecond'] ?? 0) / totals['trials']!;
    return [{ arm, traffic, ratePerSecond }];
  });
}

/** Mean time from a miss to the copy, Δ, measured in these keys; in all of the arm's where these have no miss. */
export function loadSecondsOf({ arm }: ArmFacts, ranks: RankClass): number {
  const totals = arm.findings?.totals ?? {};
  return meanUntilCopy(totals, strataOf(ranks)) ?? meanUntilCopy(totals, strataOf(ALL)) ?? 0;
}

/** The keys of a class as theory sees them: each has its share of the arm's offered rate. */
export function keysOf(
  facts: ArmFacts,
  ranks: RankClass,
  {
    ttlSeconds = facts.traffic.ttlMs / 1000,
    loadSeconds = loadSecondsOf(facts, ranks),
  }: { ttlSeconds?: number; loadSeconds?: number } = {},
): KeyModel[] {
  const { arm, traffic, ratePerSecond } = facts;
  return zipfShares(traffic.stores, 1).flatMap((share, index) => {
    const rank = index + 1;
    if (rank < ranks.from || rank > ranks.to) return [];
    const updated = rank <= traffic.updatedStores;
    return [
      {
        ratePerSecond: ratePerSecond * share,
        ttlSeconds,
        loadSeconds,
        coalesced: arm.policy === 'single-flight',
        updatesPerSecond: updated ? traffic.updatesPerSecond / traffic.updatedStores : 0,
        invalidated: arm.policy === 'invalidated',
      },
    ];
  });
}

/** Share of the requests. */
export function theoryShare(flows: Flows, counted: Counted): number {
  return flows[counted] / flows.requests;
}

/** One figure of one class of keys in one arm, measured and by theory. */
export interface Cell {
  facts: ArmFacts;
  ranks: RankClass;
  counted: Counted;
  measured: Estimate;
  theory: number;
  formula: string;
}

/** All hit ratios; with them the stale share of arms with changes, and the loads of arms that share them. */
export function cellsOf(analysis: Pick<Analysed, 'arms'>): Cell[] {
  return factsOf(analysis).flatMap((facts) =>
    classesOf(facts.traffic.stores).flatMap((ranks) => {
      const counted: Counted[] = ['hits'];
      if (ranks === ALL && facts.traffic.updatesPerSecond > 0) counted.push('stale');
      if (ranks === ALL && facts.arm.policy === 'single-flight') counted.push('misses');
      return counted.flatMap((name) => cellOf(facts, ranks, name) ?? []);
    }),
  );
}

/** Null without a request of the class. */
export function cellOf(facts: ArmFacts, ranks: RankClass, counted: Counted): Cell | null {
  const measured = shareOf(facts.arm.findings?.totals ?? {}, strataOf(ranks), counted);
  if (measured === null) return null;
  const keys = keysOf(facts, ranks);
  const instant = keys.every(
    ({ ratePerSecond, loadSeconds, ttlSeconds }) =>
      Math.max(ratePerSecond, 1 / ttlSeconds) * loadSeconds <= INSTANT,
  );
  const used =
    instant && counted === 'hits' ? keys.map((key) => ({ ...key, loadSeconds: 0 })) : keys;
  const theory = theoryShare(sumFlows(used), counted);
  return { facts, ranks, counted, measured, theory, formula: formulaOf(facts, counted, instant) };
}

function formulaOf({ arm, traffic }: ArmFacts, counted: Counted, instant: boolean): string {
  if (counted === 'misses') return '1 / (1 + λT)';
  if (counted === 'stale')
    return arm.policy === 'invalidated' ? '≤ h(1 − e^(−uΔ))' : 'λ∫(1 − e^(−ua))da per cycle';
  if (arm.policy === 'invalidated' && traffic.updatesPerSecond > 0) {
    return 'λE / (1 + λΔ + λE), E = (1 − e^(−uT)) / u';
  }
  if (instant) return 'λT / (1 + λT)';
  if (arm.policy === 'single-flight') return 'λ(T − Δ) / (1 + λT)';
  return '(λT − 1 + e^(−λΔ)) / (λT + λΔ + e^(−λΔ))';
}

/**
 * Whether theory lies in the measured interval; null without one. Of the race with DEL it knows a bound alone: what matters
 * is the time from the snapshot to the copy, which is less than Δ.
 */
export function agrees({ facts, counted, measured, theory }: Cell): boolean | null {
  const { interval } = measured;
  if (interval === null) return null;
  const bound = counted === 'stale' && facts.arm.policy === 'invalidated';
  return theory >= interval.low && (bound || theory <= interval.high);
}
