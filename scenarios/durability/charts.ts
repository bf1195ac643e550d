import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { curves } from '../../reports/charts/curves.ts';
import { dotStrip, sampleRows } from '../../reports/charts/dot-strip.ts';
import { forest } from '../../reports/charts/forest.ts';
import { type IntervalRow, intervals } from '../../reports/charts/intervals.ts';
import { rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number, percent } from '../../reports/format.ts';
import { samplesOf, total } from './judgement.ts';

/** Figures of the durability experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const valid = analysis.arms.filter(({ trials }) => trials.valid > 0);
  return [
    dotStrip(analysis, {
      id: 'kill',
      title: killTitle(valid),
      subtitle:
        'From the acknowledgement of the oldest write that was gone when the server was back to the kill, one dot a kill.',
      axis: 'acknowledged writes lost, ms before the kill',
      rows: sampleRows({ ...analysis, arms: valid }, 'killWindowMs'),
    }),
    dotStrip(analysis, {
      id: 'cut',
      title: cutTitle(valid),
      subtitle:
        'Fsynced prefix (model): from the acknowledgement of the oldest lost write to the cut, one dot a cut. What the kernel may have written back by itself is left out.',
      axis: 'acknowledged writes lost, ms before the cut',
      rows: sampleRows({ ...analysis, arms: valid }, 'cutWindowMs'),
    }),
    intervals(analysis, {
      id: 'writes',
      title: writesTitle(valid),
      subtitle: 'Acknowledged writes per second of 50 callers; t interval over the trials.',
      axis: 'writes per second',
      rows: meanRows(valid, 'writesPerSecond', (value) => `${number(value)}/s`),
    }),
    dotStrip(analysis, {
      id: 'p99',
      title: waitTitle(valid),
      subtitle:
        '99th percentile of the response time from the scheduled moment, one dot a stretch; the generator’s own lateness is in it and alike in all arms.',
      axis: 'p99, ms (log scale)',
      spacing: 'log',
      rows: sampleRows({ ...analysis, arms: valid }, 'openP99Ms'),
    }),
    curves(analysis, {
      id: 'recovery',
      title: recoveryTitle(valid),
      subtitle: 'From the start of the process to the first PONG, by keys that it has to read.',
      x: { title: 'keys (log scale)', spacing: 'log' },
      y: { title: 'ms until the first PONG' },
      words: { lines: 'join the means', points: 'measured' },
      series: valid.map((arm) => {
        const measured = recoveryPoints(arm);
        return { name: arm.arm, theory: measured.map(({ x, y }) => [x, y] as const), measured };
      }),
    }),
    intervals(analysis, {
      id: 'bytes',
      title: 'What a key takes on the disk',
      subtitle: 'All files of the data folder after each key was written three times.',
      axis: 'bytes per key',
      rows: meanRows(
        valid.filter(({ arm }) => arm !== 'none'),
        'bytesPerKey',
        (value) => `${number(value)} bytes`,
      ),
    }),
    rateLines(analysis, {
      id: 'hour',
      title: hourTitle(valid),
      subtitle: `Hit ratio by minute of the shortened hour, mean over the valid trials; Redis is killed at minute 0.`,
      lines: seriesLines(analysis, 'hitRatio'),
      axis: 'hit ratio',
      unit: '',
      share: true,
      xTitle: 'minute after the restart',
      events: { 'restart-empty': [], 'restart-kept': [] },
    }),
    rateLines(analysis, {
      id: 'loads',
      title: 'The database pays for the cold hour, and again when the copies of that hour end',
      subtitle: 'Pages that are loaded in each minute, mean over the valid trials.',
      lines: seriesLines(analysis, 'loads'),
      axis: 'page loads per minute',
      unit: '/min',
      xTitle: 'minute after the restart',
      events: { 'restart-empty': [], 'restart-kept': [] },
    }),
    dotStrip(analysis, readTimes(valid)),
    forest(analysis, {
      title: 'What durability costs, against none',
      comparisons: analysis.comparisons,
    }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function meanRows(
  arms: readonly ArmAnalysis[],
  name: string,
  show: (value: number) => string,
): IntervalRow[] {
  return arms.flatMap((arm) => {
    const estimate = arithmeticMean(samplesOf(arm, name));
    return estimate === null ? [] : [{ arm: arm.arm, estimate, text: show(estimate.value) }];
  });
}

/** One point per number of keys, the mean over trials. */
function recoveryPoints(arm: ArmAnalysis): { x: number; y: number; low?: number; high?: number }[] {
  const points = (arm.findings?.series ?? [])
    .filter(({ name }) => name === 'recovery')
    .flatMap((one) => one.points);
  return [...new Set(points.map(([keys]) => keys))].flatMap((keys) => {
    const mean = arithmeticMean(points.filter(([x]) => x === keys).map(([, y]) => y));
    if (mean === null) return [];
    const { low = mean.value, high = mean.value } = mean.interval ?? {};
    return [{ x: keys, y: mean.value, low, high }];
  });
}

function readTimes(arms: readonly ArmAnalysis[]): Parameters<typeof dotStrip>[1] {
  const arm = arms.find((one) => one.arm === 'memory-disk') ?? null;
  const rows = [
    { arm: 'GET from Redis', values: samplesOf(arm, 'memoryMs') },
    { arm: 'row from Postgres', values: samplesOf(arm, 'postgresMs') },
    { arm: '8 KiB from disk', values: samplesOf(arm, 'diskMs') },
  ];
  return {
    id: 'reads',
    title: 'Memory behind a socket against a disk of today',
    subtitle: 'Medians of blocks of 100 reads, one dot a block; the disk past the page cache.',
    axis: 'ms (log scale)',
    spacing: 'log',
    rows,
  };
}

const named = (arms: readonly ArmAnalysis[], name: string): ArmAnalysis | null =>
  arms.find(({ arm }) => arm === name) ?? null;

function killTitle(arms: readonly ArmAnalysis[]): string {
  const rdb = samplesOf(named(arms, 'rdb'), 'killWindowMs');
  const everysec = samplesOf(named(arms, 'aof-everysec'), 'killWindowMs');
  if (rdb.length === 0 || everysec.length === 0) return 'What kill -9 takes of acknowledged writes';
  const most = Math.max(...everysec);
  const log = most === 0 ? 'nothing' : `up to ${milliseconds(most)}`;
  return `kill -9 takes up to ${milliseconds(Math.max(...rdb))} of acknowledged writes from RDB, ${log} from AOF everysec`;
}

function cutTitle(arms: readonly ArmAnalysis[]): string {
  const cuts = samplesOf(named(arms, 'aof-everysec'), 'cutWindowMs');
  const slow = samplesOf(named(arms, 'slow-disk'), 'cutWindowMs');
  if (cuts.length === 0) return 'What a power cut takes, by the model';
  const most = `By the model a power cut takes up to ${milliseconds(Math.max(...cuts))} of writes from everysec`;
  return slow.length === 0
    ? most
    : `${most}, ${milliseconds(Math.max(...slow))} where a sync takes 3 s`;
}

function writesTitle(arms: readonly ArmAnalysis[]): string {
  const of = (name: string): number | null =>
    arithmeticMean(samplesOf(named(arms, name), 'writesPerSecond'))?.value ?? null;
  const [none, always] = [of('none'), of('aof-always')];
  if (none === null || always === null) return 'Acknowledged writes per second';
  return `A sync before each answer leaves ${percent(always / none)} of the writes per second`;
}

function waitTitle(arms: readonly ArmAnalysis[]): string {
  const of = (name: string): number | null =>
    arithmeticMean(samplesOf(named(arms, name), 'openP99Ms'))?.value ?? null;
  const [none, always] = [of('none'), of('aof-always')];
  if (none === null || always === null) return 'What a writer waits at 1,000 writes a second';
  return `At 1,000 writes a second the p99 is ${milliseconds(none)} where nothing is kept, ${milliseconds(always)} with a sync before each answer`;
}

function recoveryTitle(arms: readonly ArmAnalysis[]): string {
  const of = (name: string): number | null =>
    arithmeticMean(samplesOf(named(arms, name), 'recoveryMs'))?.value ?? null;
  const [log, mixed] = [of('aof-everysec'), of('mixed')];
  const keys = samplesOf(named(arms, 'mixed'), 'recoveryKeys')[0];
  if (log === null || mixed === null || keys === undefined)
    return 'How long Redis takes to be back';
  return `${number(keys)} keys are back after ${milliseconds(log)} from a plain log, ${milliseconds(mixed)} from mixed`;
}

function hourTitle(arms: readonly ArmAnalysis[]): string {
  const ratio = (name: string): number | null => {
    const arm = named(arms, name);
    const requests = total(arm, 'firstRequests');
    return requests === 0 ? null : 1 - total(arm, 'firstLoads') / requests;
  };
  const [empty, kept] = [ratio('restart-empty'), ratio('restart-kept')];
  if (empty === null || kept === null) return 'The hour after a restart';
  return `In the first 10 minutes ${percent(empty)} hits after an empty start, ${percent(kept)} where the copies were kept`;
}
