import { armOf, claim, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate } from '../../lab/result.ts';
import { milliseconds, number, percent, plural } from '../../reports/format.ts';
import { COMPRESSED_TTL_MS } from './arms.ts';
import { hitRatio, longestMs, staleShare, total } from './figures.ts';

/** A window shorter than this is the way of the message, not a race that was lost. */
const MESSAGE_MS = 100;

/** C26, C28, C29 and C30: functions of the arms alone. */
export function claims(analysis: Analysed): ClaimResult[] {
  return [wholeTtl(analysis), forGood(analysis), productionGrade(analysis), beatsExpiry(analysis)];
}

function withInterval({ value, interval }: Estimate): string {
  if (interval === null) return percent(value);
  return `${percent(value)} (${percent(interval.low)} to ${percent(interval.high)})`;
}

function wholeTtl(analysis: Analysed): ClaimResult {
  const arm = armOf(analysis, 'short-ttl');
  const share = arm === null ? null : staleShare(arm);
  const longest = arm === null ? null : longestMs(arm);
  if (arm === null || share === null || longest === null) {
    return notJudged('C26', 'no valid trial with a TTL alone');
  }
  const ttl = milliseconds(COMPRESSED_TTL_MS);
  const kept = armOf(analysis, 'cached');
  const open =
    kept === null
      ? ''
      : `; with 1 h ${number(total(kept, 'windowsOpen'))} of ${plural(total(kept, 'writes'), 'edit')} were never shown`;
  const measured = `TTL compressed to ${ttl}: ${withInterval(share)} of the reads stale, the longest by ${milliseconds(longest)}${open}`;
  if (longest < 0.5 * COMPRESSED_TTL_MS) {
    return claim('C26', 'refuted', measured, 'no page was old for even half of the TTL');
  }
  if (longest > 1.5 * COMPRESSED_TTL_MS) {
    return claim('C26', 'depends', measured, 'some pages were old for longer than their TTL');
  }
  return claim(
    'C26',
    'confirmed',
    measured,
    'the TTL is counted from the start of the load: an edit just after it waits for the whole of it',
  );
}

/** Several arms as if they were one. */
function together(arms: readonly ArmAnalysis[]): {
  reads: number;
  stale: number;
  sets: number;
  edits: number;
  longest: number;
} {
  const sum = (name: string): number => arms.reduce((all, arm) => all + total(arm, name), 0);
  return {
    reads: sum('reads'),
    stale: sum('staleReads'),
    sets: sum('staleSets'),
    edits: sum('writes'),
    longest: Math.max(0, ...arms.map((arm) => longestMs(arm) ?? 0)),
  };
}

function armsOf(analysis: Analysed, names: readonly string[]): ArmAnalysis[] {
  return names.flatMap((name) => armOf(analysis, name) ?? []);
}

function forGood(analysis: Analysed): ClaimResult {
  const { reads, stale, sets, edits, longest } = together(
    armsOf(analysis, ['event-driven', 'ten-event-driven']),
  );
  if (reads === 0) return notJudged('C28', 'no valid trial with event-driven invalidation');
  const measured = `${number(stale)} of ${plural(reads, 'read')} stale, by up to ${milliseconds(longest)}; ${plural(sets, 'stale set')} in ${plural(edits, 'edit')}`;
  if (sets > 0 || longest > MESSAGE_MS) {
    return claim(
      'C28',
      'refuted',
      measured,
      'a load that began before the edit fills the old page after the DEL, and it stays until the next edit or the TTL',
    );
  }
  if (stale > 0) {
    return claim('C28', 'depends', measured, 'old only until the notification has arrived');
  }
  return claim('C28', 'confirmed', measured, 'none was found: that bounds the share at 3 / n');
}

function productionGrade(analysis: Analysed): ClaimResult {
  const told = armOf(analysis, 'psql-event-driven');
  const untold = armOf(analysis, 'psql-invalidated');
  const share = told === null ? null : staleShare(told);
  const without = untold === null ? null : staleShare(untold);
  if (told === null || share === null || without === null) {
    return notJudged('C29', 'no valid trial with edits by psql');
  }
  const { sets } = together(
    armsOf(analysis, ['psql-event-driven', 'event-driven', 'ten-event-driven']),
  );
  const measured = `edits by psql: ${withInterval(share)} of the reads stale, against ${withInterval(without)} with DEL by the application; ${plural(sets, 'stale set')}`;
  if (share.value > without.value / 2) {
    return claim('C29', 'refuted', measured, 'edits beside the application go unseen');
  }
  if (sets === 0) {
    return claim(
      'C29',
      'confirmed',
      measured,
      'edits beside the application are seen, no old page was kept',
    );
  }
  return claim(
    'C29',
    'depends',
    measured,
    'no change in the application: true; production-grade: not against the stale-set race, nor for what is sent while nobody listens',
  );
}

const hits = (arm: ArmAnalysis): string => percent(hitRatio(arm)?.value ?? 0);
const low = (one: Estimate): number => one.interval?.low ?? one.value;
const high = (one: Estimate): number => one.interval?.high ?? one.value;

function beatsExpiry(analysis: Analysed): ClaimResult {
  const waiting = armOf(analysis, 'short-ttl');
  const deleting = armOf(analysis, 'invalidated');
  const before = waiting === null ? null : staleShare(waiting);
  const after = deleting === null ? null : staleShare(deleting);
  if (waiting === null || deleting === null || before === null || after === null) {
    return notJudged('C30', 'no valid trials of both');
  }
  const measured = `stale reads ${withInterval(after)} with DEL, ${withInterval(before)} with a TTL of ${milliseconds(COMPRESSED_TTL_MS)}; hit ratio ${hits(deleting)} and ${hits(waiting)}`;
  if (high(after) < low(before)) {
    return claim('C30', 'confirmed', measured, 'fewer stale reads, though not none');
  }
  if (low(after) > high(before)) {
    return claim('C30', 'refuted', measured, 'more stale reads than by waiting');
  }
  return claim('C30', 'depends', measured, 'the intervals overlap: on how often edits come');
}
