import type { ArmAnalysis, Estimate } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { milliseconds } from '../../reports/format.ts';

/** Total of an arm's valid trials; 0 where it has none. */
export function total(arm: ArmAnalysis, name: string): number {
  return arm.findings?.totals[name] ?? 0;
}

/** Stale reads of all reads, with Wilson's interval, or the bound 3 / n for none. */
export function staleShare(arm: ArmAnalysis): Estimate | null {
  return wilson(total(arm, 'staleReads'), total(arm, 'reads'));
}

/** Longest staleness that any read showed, in ms; null without reads. */
export function longestMs(arm: ArmAnalysis): number | null {
  const all = arm.findings?.samples['longestAgeMs'] ?? [];
  return all.length === 0 ? null : Math.max(...all);
}

/** Quantile of a sample; null without one. */
export function sampleQuantile(arm: ArmAnalysis, name: string, q: number): number | null {
  const all = (arm.findings?.samples[name] ?? []).toSorted((a, b) => a - b);
  return all[Math.min(all.length - 1, Math.floor(q * all.length))] ?? null;
}

/** Reads answered from a copy, of all measured reads. */
export function hitRatio(arm: ArmAnalysis): Estimate | null {
  const { hit = 0, early = 0, stale = 0 } = arm.outcomes;
  const all = Object.values(arm.outcomes).reduce((sum, count) => sum + count, 0);
  return wilson(hit + early + stale, all);
}

/** What the policy promised as the longest staleness, in ms, in the words of a table; empty where it promises nothing. */
export function promised(arm: ArmAnalysis): string {
  const bounds = arm.findings?.samples['boundMs'] ?? [];
  return bounds.length === 0 ? '' : ` (promised: ${milliseconds(Math.max(...bounds))})`;
}
