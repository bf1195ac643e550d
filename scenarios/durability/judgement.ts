import { armOf, claim, figure, milliseconds, notJudged, times } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate } from '../../lab/result.ts';
import { arithmeticMean, geometricMean } from '../../lab/stats/mean.ts';
import { medianOf } from '../../lab/stats/median.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { percent, plural } from '../../reports/format.ts';
import { SLOW_SYNC_MS } from './plan.ts';

/** What the story allows `everysec` to lose: a second, by a clock of Redis that ticks ten times in it. */
const PROMISED_MS = 1100;
/** Memory against disk as in the story, and by which factor a disk may miss it. */
const STORY_RATIO = 100;
const RATIO_TOLERANCE = 2;

export const total = (arm: ArmAnalysis | null, name: string): number =>
  arm?.findings?.totals[name] ?? 0;

export const samplesOf = (arm: ArmAnalysis | null, name: string): number[] =>
  arm?.findings?.samples[name] ?? [];

const longest = (values: readonly number[]): number => Math.max(0, ...values);

/**
 * `0 of 7,000 acknowledged writes in 8 kills (at most 38 % of kills lose any)`, `3,017 of 7,410 acknowledged writes in 2 kills, 1,510 a
 * kill`. Writes are lost together, so the repetition is the kill or the cut, not the write.
 */
function lossText(arm: ArmAnalysis, end: 'kill' | 'cut'): string {
  const each = samplesOf(arm, `${end}Lost`);
  const [lost, of] = [total(arm, `${end}Lost`), total(arm, `${end}Acknowledged`)];
  const text = `${figure(lost)} of ${figure(of)} acknowledged writes in ${plural(each.length, end)}`;
  const mean = arithmeticMean(each);
  if (mean === null) return text;
  if (lost > 0) return `${text}, ${times(atLeastZero(mean))} a ${end}`;
  const bound = wilson(0, each.length)?.interval?.high ?? 1;
  return bound <= 0.5 ? `${text} (at most ${percent(bound)} of ${end}s lose any)` : text;
}

/** Counts and times are not negative, whatever the t interval says. */
export function atLeastZero(estimate: Estimate): Estimate {
  const { interval } = estimate;
  return interval === null
    ? estimate
    : { ...estimate, interval: { ...interval, low: Math.max(0, interval.low) } };
}

export function answer(analysis: Analysed): string {
  const [everysec, rdb] = [armOf(analysis, 'aof-everysec'), armOf(analysis, 'rdb')];
  if (everysec === null) return 'No answer: no valid trial of AOF everysec.';
  const cuts = samplesOf(everysec, 'cutWindowMs');
  const cut =
    cuts.length === 0
      ? ''
      : `; by the model a power cut takes up to the last ${milliseconds(longest(cuts))}`;
  const snapshot =
    rdb === null
      ? ''
      : `; RDB loses ${lossText(rdb, 'kill')}, and ${total(rdb, 'pricesBack')} of ${total(rdb, 'pricesDeleted')} prices that were deleted after the snapshot are back`;
  return `At kill -9 AOF everysec loses ${lossText(everysec, 'kill')}${cut}${snapshot}.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  return [memoryAgainstDisk(analysis), durable(analysis)];
}

function durable(analysis: Analysed): ClaimResult {
  const [everysec, rdb, mixed] = ['aof-everysec', 'rdb', 'mixed'].map((name) =>
    armOf(analysis, name),
  );
  const cuts = samplesOf(everysec ?? null, 'cutWindowMs');
  if (everysec == null || rdb == null || mixed == null)
    return notJudged('C12', 'no valid trial of each of everysec, RDB and mixed');
  if (cuts.length === 0)
    return notJudged(
      'C12',
      `at kill -9 everysec lost ${lossText(everysec, 'kill')}; what a power cut takes was not modelled: ${everysec.findings?.notes[0] ?? 'no strace'}`,
    );
  const slow = armOf(analysis, 'slow-disk');
  const recovery = [samplesOf(everysec, 'recoveryMs'), samplesOf(mixed, 'recoveryMs')] as const;
  const measured = [
    `kill -9 of everysec: ${lossText(everysec, 'kill')}; of a cut of its fsynced prefix (model, ${plural(cuts.length, 'cut')}): the last ${spreadMs(cuts)}`,
    `RDB: ${lossText(rdb, 'kill')}, the last ${spreadMs(samplesOf(rdb, 'killWindowMs'))}`,
    `mixed: ${lossText(mixed, 'kill')}, back after ${meanMs(recovery[1])}, a plain log after ${meanMs(recovery[0])}`,
    ...(slow === null
      ? []
      : [
          `everysec where a sync takes ${SLOW_SYNC_MS / 1000} s: ${lossText(slow, 'kill')}, the last ${spreadMs(samplesOf(slow, 'cutWindowMs'))} at a cut`,
        ]),
  ].join('; ');
  const broken = brokenPromises({ everysec, rdb, mixed, recovery });
  if (broken.length > 0) return claim('C12', 'refuted', measured, broken.join('; '));
  const slowMs = longest([...samplesOf(slow, 'cutWindowMs'), ...samplesOf(slow, 'killWindowMs')]);
  if (slowMs > PROMISED_MS) {
    return claim(
      'C12',
      'depends',
      measured,
      `on the disk: it holds where a sync is quick; where one takes ${SLOW_SYNC_MS / 1000} s, everysec answers on and up to ${milliseconds(slowMs)} of acknowledged writes are gone`,
    );
  }
  return claim('C12', 'confirmed', measured, keptPromises(everysec, recovery));
}

function keptPromises(
  everysec: ArmAnalysis,
  recovery: readonly [log: number[], mixed: number[]],
): string {
  const killMs = longest(samplesOf(everysec, 'killWindowMs'));
  const ratio = recoveryRatio(recovery);
  const sooner = ratio?.interval != null && ratio.interval.high < 1;
  return [
    `from everysec a kill takes ${killMs === 0 ? 'nothing' : `the last ${milliseconds(killMs)}`} of what was acknowledged, a cut (model) up to ${milliseconds(longest(samplesOf(everysec, 'cutWindowMs')))}`,
    'from RDB what came since the snapshot and nothing older',
    sooner
      ? `mixed loses no more than a plain log and is back in ${times(ratio)} of its time`
      : 'mixed loses no more than a plain log; that it is back sooner is not shown by so few restarts',
    'all on this disk',
  ].join('; ');
}

/** What of the claim does not hold on this machine's own disk. */
function brokenPromises(found: {
  everysec: ArmAnalysis;
  rdb: ArmAnalysis;
  mixed: ArmAnalysis;
  recovery: readonly [log: number[], mixed: number[]];
}): string[] {
  const { everysec, rdb, mixed, recovery } = found;
  const worst = longest([
    ...samplesOf(everysec, 'cutWindowMs'),
    ...samplesOf(everysec, 'killWindowMs'),
  ]);
  const ratio = recoveryRatio(recovery);
  const kills = [everysec, mixed].map((arm) => total(arm, 'killLost'));
  return [
    ...(worst > PROMISED_MS ? [`everysec lost ${milliseconds(worst)} of acknowledged writes`] : []),
    ...(total(rdb, 'killHoles') > 0
      ? [`RDB lost ${total(rdb, 'killHoles')} writes that are older than one which it kept`]
      : []),
    ...(kills[1]! > kills[0]!
      ? [`mixed lost ${kills[1]} acknowledged writes at kills, a plain log ${kills[0]}`]
      : []),
    ...(ratio !== null && ratio.interval !== null && ratio.interval.low > 1
      ? [`mixed takes ${times(ratio)} times as long to be back as a plain log`]
      : []),
  ];
}

/** Time of mixed over that of a plain log, for the same keys; from the ends of both intervals, so rather too wide. */
function recoveryRatio([log, mixed]: readonly [number[], number[]]): Estimate | null {
  const [a, b] = [geometricMean(log), geometricMean(mixed)];
  if (a === null || b === null) return null;
  const value = b.value / a.value;
  const interval =
    a.interval === null || b.interval === null
      ? null
      : {
          low: b.interval.low / a.interval.high,
          high: b.interval.high / a.interval.low,
          level: 0.95,
        };
  return { value, interval, n: Math.min(a.n, b.n) };
}

function spreadMs(values: readonly number[]): string {
  if (values.length === 0) return 'unknown';
  return `${milliseconds(Math.min(...values))} to ${milliseconds(Math.max(...values))}`;
}

function meanMs(values: readonly number[]): string {
  const mean = arithmeticMean(values);
  if (mean === null) return 'unknown';
  if (mean.interval === null) return milliseconds(mean.value);
  const { low, high } = atLeastZero(mean).interval!;
  return `${milliseconds(mean.value)} (${milliseconds(low)} to ${milliseconds(high)})`;
}

function memoryAgainstDisk(analysis: Analysed): ClaimResult {
  const arm = armOf(analysis, 'memory-disk');
  const [memory, postgres, disk] = (['memoryMs', 'postgresMs', 'diskMs'] as const).map((name) =>
    medianOf(samplesOf(arm, name)),
  );
  const ratio = diskRatio(arm);
  if (arm === null || memory == null || postgres == null) {
    return notJudged('C5', 'no valid trial of reads from memory and disk');
  }
  const inMemory = `GET ${micros(memory)}, the row by primary key from Postgres's memory ${micros(postgres)}`;
  if (disk == null || ratio === null)
    return notJudged(
      'C5',
      `${inMemory}; ${arm.findings?.notes[0] ?? 'no read past the page cache'}`,
    );
  const measured = `${inMemory}, 8 KiB at a random place of the disk ${micros(disk)}: disk over GET ${times(ratio)}`;
  const { low, high } = ratio.interval ?? { low: ratio.value, high: ratio.value };
  if (high >= STORY_RATIO / RATIO_TOLERANCE && low <= STORY_RATIO * RATIO_TOLERANCE)
    return claim(
      'C5',
      'confirmed',
      measured,
      'the ratio is that of the story within a factor of 2',
    );
  return claim(
    'C5',
    'depends',
    measured,
    `on the disk: 1 : 100 fits the 10 ms seek of a turning disk; this disk takes ${figure(ratio.value)} times a GET over loopback, and neither takes a millisecond. The row that a cache replaces is in the database's memory most of the time: Postgres gives it in ${figure(postgres.value / memory.value)} times the time of a GET. What a cache saves is the 114 queries, not the disk`,
  );
}

const micros = ({ value, interval }: Estimate): string =>
  interval === null
    ? `${figure(value)} ms`
    : `${figure(value)} ms (${figure(interval.low)} to ${figure(interval.high)})`;

/** Time of a read from disk over that of a GET, from blocks of reads that followed each other. */
function diskRatio(arm: ArmAnalysis | null): Estimate | null {
  const [memory, disk] = [samplesOf(arm, 'memoryMs'), samplesOf(arm, 'diskMs')];
  if (disk.length !== memory.length) return null;
  return geometricMean(disk.map((ms, index) => ms / memory[index]!));
}
