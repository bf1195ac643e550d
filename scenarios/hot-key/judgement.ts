import { armOf, claim, figure, milliseconds, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate, TheoryCheck } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { COPIES, HOT_SHARE, LOCAL_TTL_MS } from './keys.ts';

const total = (arm: ArmAnalysis, name: string): number => arm.findings?.totals[name] ?? 0;

const mean = (arm: ArmAnalysis | null, name: string): Estimate | null =>
  arithmeticMean(arm?.findings?.samples[name] ?? []);

/** Share of all reads that the busiest node answers. */
export function busiestShare(arm: ArmAnalysis | null): Estimate | null {
  return arm === null ? null : wilson(total(arm, 'busiestGets'), total(arm, 'reads'));
}

/** Share of the hot key's reads that began after a newer value had been acknowledged. */
export function staleShare(arm: ArmAnalysis | null): Estimate | null {
  return arm === null ? null : wilson(total(arm, 'staleReads'), total(arm, 'hotReads'));
}

export function longestStaleMs(arm: ArmAnalysis | null): number | null {
  const all = arm?.findings?.samples['longestStaleMs'] ?? [];
  return all.length === 0 ? null : Math.max(...all);
}

/** `93.3 % (93.1 to 93.5)`. */
export function inPercent({ value, interval }: Estimate): string {
  return interval === null
    ? `${figure(value * 100)} %`
    : `${figure(value * 100)} % (${figure(interval.low * 100)} to ${figure(interval.high * 100)})`;
}

export function answer(analysis: Analysed): string {
  const share = (name: string): Estimate | null => busiestShare(armOf(analysis, name));
  const [hot, copies, local] = [share('cluster'), share('cluster-copies'), share('local')];
  if (hot === null) return 'No answer: no valid trial of a hot key on a Cluster.';
  const others = [
    ...(copies === null ? [] : [`${inPercent(copies)} with ${COPIES} copies of the key`]),
    ...(local === null ? [] : [`${inPercent(local)} behind a local cache`]),
  ];
  return `One key with ${HOT_SHARE * 100} % of the reads puts ${inPercent(hot)} of them on one of three nodes${others.length === 0 ? '' : `; ${others.join(', ')}`}.`;
}

/** One of three nodes that has this share of the reads is overloaded when the others have room. */
const OVERLOADED = 0.8;
/** A cure takes a quarter of the busiest node's reads at least. */
const CURED = 0.75;

const helps = (cure: Estimate, against: number): boolean =>
  (cure.interval?.high ?? cure.value) <= against * CURED;

export function claims(analysis: Analysed): ClaimResult[] {
  const arm = (name: string): ArmAnalysis | null => armOf(analysis, name);
  const [hot, copies, local] = ['cluster', 'cluster-copies', 'local'].map((name) =>
    busiestShare(arm(name)),
  );
  if (hot == null || copies == null || local == null) {
    return [
      notJudged('C18', 'no valid trial of a hot key on a Cluster, its copies and a local cache'),
    ];
  }
  const single = busiestShare(arm('copies'));
  const measured = `the busiest of three nodes answers ${inPercent(hot)} of the reads, ${inPercent(copies)} with ${COPIES} copies; a local cache leaves ${inPercent(local)} for Redis`;
  const overloads = (hot.interval?.low ?? hot.value) >= OVERLOADED;
  const [copiesHelp, localHelps] = [helps(copies, hot.value), helps(local, 1)];
  const reason = [
    ...(overloads ? [] : ['no node has most of the load']),
    ...(copiesHelp ? [] : ['copies do not spread it']),
    ...(localHelps ? [] : ['a local cache takes little of it']),
    ...prices(analysis),
    ...(single === null
      ? []
      : [
          `on one node copies leave it ${inPercent(single)} of the reads: there is nowhere to spread to`,
        ]),
    'nodes share one machine here: shares of the load are measured, not that a node breaks',
  ].join('; ');
  if (overloads && copiesHelp && localHelps) return [claim('C18', 'confirmed', measured, reason)];
  const verdict = !overloads || (!copiesHelp && !localHelps) ? 'refuted' : 'depends';
  return [claim('C18', verdict, measured, reason)];
}

/** What the cures cost. */
function prices(analysis: Analysed): string[] {
  const stale = (name: string): string | null => {
    const arm = armOf(analysis, name);
    const [share, longest] = [staleShare(arm), longestStaleMs(arm)];
    return share === null
      ? null
      : `${inPercent(share)} old reads, for ${milliseconds(longest)} at most`;
  };
  const [local, tracking] = [stale('local'), stale('tracking')];
  const commands = mean(armOf(analysis, 'cluster-copies'), 'commandsPerWrite');
  const backward = armOf(analysis, 'cluster-copies');
  return [
    ...(local === null ? [] : [`the price of a local cache of ${LOCAL_TTL_MS} ms: ${local}`]),
    ...(tracking === null ? [] : [`told of changes by Redis it has ${tracking}`]),
    ...(commands === null || backward === null
      ? []
      : [
          `the price of copies: ${figure(commands.value)} commands per change, and ${figure(total(backward, 'backwardReads'))} of ${figure(total(backward, 'hotReads'))} reads that went back to an older value`,
        ]),
  ];
}

export function theory(analysis: Analysed): TheoryCheck[] {
  return analysis.arms.filter((arm) => arm.trials.valid > 0).flatMap((arm) => rowsOf(arm));
}

function rowsOf(arm: ArmAnalysis): TheoryCheck[] {
  const hotGets = mean(arm, 'hotGets');
  const [reads, n] = [total(arm, 'reads'), arm.trials.valid];
  const seconds = mean(arm, 'hotGetsPerSecond');
  if (hotGets === null || seconds === null || reads === 0) return [];
  if (arm.arm === 'local') {
    // As many seconds as the trial had, by the two figures that it noted.
    const expected = Math.ceil(hotGets.value / seconds.value / (LOCAL_TTL_MS / 1000));
    return [
      {
        ...{ arm: arm.arm, quantity: 'GETs of the hot key per trial', unit: '' },
        ...{ formula: 'T / TTL', theory: expected, measured: hotGets },
        agrees: Math.abs(hotGets.value - expected) <= 1,
        note: 'one process, whose readers share one GET; each further process adds as many; within 1',
      },
    ];
  }
  if (arm.arm === 'tracking') {
    const expected = 1 + total(arm, 'writes') / n;
    return [
      {
        ...{ arm: arm.arm, quantity: 'GETs of the hot key per trial', unit: '' },
        ...{ formula: '1 + changes', theory: expected, measured: hotGets },
        agrees: Math.abs(hotGets.value - expected) <= 1,
        note: 'one GET after each change, whatever the reads; within 1',
      },
    ];
  }
  const expected = Math.max(
    ...Object.entries(arm.findings?.samples ?? {}).map(([name, values]) =>
      name.startsWith('expected/') ? (values[0] ?? 0) : 0,
    ),
  );
  const measured = busiestShare(arm);
  if (measured === null) return [];
  const isCluster = expected > 0;
  const share = isCluster ? expected : 1;
  return [
    {
      ...{ arm: arm.arm, quantity: 'share of the reads at the busiest node', unit: '' },
      formula: isCluster ? 'h·k/K + (1 - h)/3' : '1',
      ...{ theory: share, measured },
      // Which cold keys belong to which node is drawn by CRC16 once: a thousand keys are not a third each.
      agrees: Math.abs(measured.value - share) <= 0.02,
      note: isCluster
        ? `h = ${HOT_SHARE}, k of the K hot keys in the slots of that node by CRC16; within 0.02`
        : 'one node answers all; within 0.02',
    },
  ];
}
