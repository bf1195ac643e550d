import { claim, figure, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ClaimResult, Estimate } from '../../lab/result.ts';
import { rateForHitRatio, renewalHitRatio } from '../../lab/theory/hit-ratio.ts';
import { percent } from '../../reports/format.ts';
import { type ArmFacts, factsOf } from './cells.ts';
import { shareOf } from './cycles.ts';
import { ALL, classesOf, STORY_REQUESTS_PER_TTL, strataOf } from './grid.ts';

/** Hit ratio of C8. */
const STORY_SHARE = 0.9997;
/** TTL of the story, and the time that its page takes. */
const STORY = { ttlSeconds: 3600, loadSeconds: 0.87 };
/** "About 50 %" of C27. */
const ABOUT_HALF = { low: 0.4, high: 0.6 };
/** Hit ratio that C9 calls healthy, and the stale share from which a page is not. */
const HEALTHY = 0.8;
const MOST_STALE = 0.01;

/** What this experiment says to C8, C9 and C27. */
export function claims(analysis: Analysed): ClaimResult[] {
  return [hourClaim(analysis), healthClaim(analysis), minuteClaim(analysis)];
}

/** Share of an arm's requests; null where the arm has no valid trial. */
export function armShare(
  analysis: Pick<Analysed, 'arms'>,
  name: string,
  counted: 'hits' | 'misses' | 'stale',
): Estimate | null {
  const found = factsOf(analysis).find(({ arm }) => arm.arm === name);
  return found === undefined
    ? null
    : shareOf(found.arm.findings?.totals ?? {}, strataOf(ALL), counted);
}

/** `98.2 % (97.9 % to 98.5 %)`. */
export function shareText({ value, interval }: Estimate): string {
  if (interval === null) return percent(value);
  return `${percent(value)} (${percent(interval.low)} to ${percent(interval.high)})`;
}

function hourClaim(analysis: Analysed): ClaimResult {
  const hour = armShare(analysis, 'story-hour', 'hits');
  const minute = armShare(analysis, 'story-minute', 'hits');
  if (hour === null) return notJudged('C8', 'no valid trial of the story’s page');
  const needed = STORY_REQUESTS_PER_TTL / STORY.ttlSeconds;
  const slow = rateForHitRatio(STORY_SHARE, STORY);
  const measured = `${shareText(hour)} at ${figure(STORY_REQUESTS_PER_TTL)} requests per TTL`;
  const arithmetic = `99.97 % is λT = 3,332: ${figure(needed)} requests/s on that one page if loads took no time, ${figure(slow)}/s with loads of ${STORY.loadSeconds} s`;
  // Loads of our own Δ cost up to 1 + λΔ misses a cycle: a tenth of a point below is what that explains.
  if (hour.value < STORY_SHARE - 0.002) {
    return claim('C8', 'refuted', measured, `not even at the rate that it needs; ${arithmetic}`);
  }
  const same =
    minute === null ? '' : `; the same traffic with TTL 1 min gives ${shareText(minute)}`;
  if (minute !== null && minute.value >= STORY_SHARE - 0.002) {
    return claim(
      'C8',
      'confirmed',
      measured,
      `a TTL sixty times shorter gives ${shareText(minute)} too`,
    );
  }
  return claim('C8', 'depends', measured, `on the requests per TTL: ${arithmetic}${same}`);
}

/** A hit ratio says nothing of how old the hits are. Judged over all classes of pages, of which each is a service of its own. */
function healthClaim(analysis: Analysed): ClaimResult {
  const high = factsOf(analysis).flatMap(({ arm, traffic }) =>
    classesOf(traffic.stores).flatMap((ranks) => {
      const totals = arm.findings?.totals ?? {};
      const hits = shareOf(totals, strataOf(ranks), 'hits');
      const stale = shareOf(totals, strataOf(ranks), 'stale');
      const where = traffic.stores === 1 ? arm.title : `${ranks.name}, ${arm.title}`;
      return hits === null || stale === null || hits.value < HEALTHY
        ? []
        : [{ where, hits, stale }];
    }),
  );
  if (high.length === 0) return notJudged('C9', 'no class of pages has a hit ratio of 80 %');
  const ill = high.filter(({ stale }) => (stale.interval?.low ?? stale.value) > MOST_STALE);
  const [worst] = ill.toSorted((a, b) => b.stale.value - a.stale.value);
  const [best] = high.toSorted((a, b) => b.hits.value - a.hits.value);
  const { where, hits, stale } = worst ?? best!;
  const measured = `${shareText(hits)} hits and ${shareText(stale)} of the requests stale (${where})`;
  const counted = `${ill.length} of ${high.length} classes of pages above 80 % sent more than 1 % old pages`;
  if (ill.length === 0) return claim('C9', 'confirmed', measured, counted);
  return ill.length === high.length
    ? claim('C9', 'refuted', measured, counted)
    : claim('C9', 'depends', measured, `on how old the hits are: ${counted}`);
}

function minuteClaim(analysis: Analysed): ClaimResult {
  const minute = armShare(analysis, 'story-minute', 'hits');
  const quiet = armShare(analysis, 'story-quiet', 'hits');
  if (minute === null) return notJudged('C27', 'no valid trial of the page with a TTL of 1 min');
  const times = loadsPerSecondRatio(analysis);
  const measured = [
    `${shareText(minute)} with TTL 1 min and the traffic that gives 99.97 % with 1 h`,
    ...(times === null ? [] : [`${figure(times)} times the loads`]),
    ...(quiet === null ? [] : [`${shareText(quiet)} at one request a minute`]),
  ].join('; ');
  const { low, high } = minute.interval ?? { low: minute.value, high: minute.value };
  if (low <= ABOUT_HALF.high && high >= ABOUT_HALF.low) {
    return claim('C27', 'confirmed', measured, 'about half of the requests are hits');
  }
  const perMinute = STORY_REQUESTS_PER_TTL / 60;
  const missed = figure(100 * (1 - renewalHitRatio(perMinute, 1)));
  const arithmetic = `one miss a minute is ${missed} % of ${figure(perMinute)} requests`;
  return claim(
    'C27',
    'refuted',
    measured,
    `60 misses an hour instead of 1 is right, the ratio is not: ${arithmetic}; 50 % is a page that is asked for about once a minute`,
  );
}

/** Loads per second of the short TTL over those of the long one; null where either has none. */
function loadsPerSecondRatio(analysis: Analysed): number | null {
  const perSecond = (name: string): number => {
    const facts: ArmFacts | undefined = factsOf(analysis).find(({ arm }) => arm.arm === name);
    const share = armShare(analysis, name, 'misses');
    return facts === undefined || share === null ? 0 : share.value * facts.ratePerSecond;
  };
  const [short, long] = [perSecond('story-minute'), perSecond('story-hour')];
  return long > 0 && short > 0 ? short / long : null;
}
