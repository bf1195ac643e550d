import { armOf, claim, figure, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { percent } from '../../reports/format.ts';

const total = ({ findings }: ArmAnalysis, name: string): number => findings?.totals[name] ?? 0;

/** Share of an arm's pages that failed. */
export function failedShare(arm: ArmAnalysis | null): Estimate | null {
  return arm === null ? null : wilson(total(arm, 'failed'), total(arm, 'pages'));
}

/** Share of the copies that Redis did not take. */
export function refusedShare(arm: ArmAnalysis | null): Estimate | null {
  if (arm === null) return null;
  const refused = total(arm, 'refused');
  return wilson(refused, refused + total(arm, 'filled'));
}

/** Share of the answered pages that a copy answered. */
export function hitShare(arm: ArmAnalysis | null): Estimate | null {
  return arm === null
    ? null
    : wilson(total(arm, 'hits'), total(arm, 'pages') - total(arm, 'failed'));
}

const inWords = ({ value, interval }: Estimate): string =>
  interval === null
    ? percent(value)
    : `${percent(value)} (${percent(interval.low)} to ${percent(interval.high)})`;

export function answer(analysis: Analysed): string {
  const full = armOf(analysis, 'noeviction');
  const [failed, refused] = [failedShare(full), refusedShare(full)];
  if (full === null || failed === null || refused === null)
    return 'No answer: no valid trial under noeviction.';
  return `Under noeviction ${inWords(failed)} of ${figure(total(full, 'pages'))} pages fail while Redis refuses ${inWords(refused)} of the copies.`;
}

/** C13, by what visitors got. */
export function claims(analysis: Analysed): ClaimResult[] {
  const full = armOf(analysis, 'noeviction');
  const [failed, refused, hits] = [failedShare(full), refusedShare(full), hitShare(full)];
  if (full === null || failed === null || refused === null || hits === null)
    return [notJudged('C13', 'no valid trial under noeviction')];
  if (refused.value === 0) return [notJudged('C13', 'Redis refused no copy: it was never full')];
  const lru = hitShare(armOf(analysis, 'allkeys-lru'));
  const measured = `${figure(total(full, 'failed'))} of ${figure(total(full, 'pages'))} pages failed, ${inWords(failed)}; ${inWords(refused)} of the copies refused; hit ratio ${inWords(hits)}${lru === null ? '' : `, under allkeys-lru ${inWords(lru)}`}`;
  if ((failed.interval?.low ?? 0) > 0.01)
    return [claim('C13', 'confirmed', measured, 'pages fail with the copies that Redis refuses')];
  if (failed.value > 0)
    return [claim('C13', 'depends', measured, 'a few pages fail; why, their status tells')];
  return [
    claim(
      'C13',
      'refuted',
      measured,
      'Redis refuses writes and goes on answering reads; a cache-aside page counts the error and sends what it loaded. An application that lets a failed SET fail the request would fail, and copies that came first stay while new ones are never kept',
    ),
  ];
}
