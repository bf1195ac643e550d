import { comparisonOf, figure, times } from '../../lab/claims.ts';
import type { Analysed, Experiment, Measure } from '../../lab/experiment.ts';
import { cpuMicros } from '../../lab/measures.ts';
import type { TheoryCheck } from '../../lab/result.ts';
import { meanOf, sampled, samplesOf, totalOf } from '../stampede/results.ts';
import { ARMS, LIBRARIES, PROCESSES } from './arms.ts';
import { charts } from './charts.ts';
import { protocol } from './protocol.ts';

const serverCpu = cpuMicros('server', 'server');

/** Of the arms with one process: four of them, idle for most of the time, cost something of their own. */
const hitCpuMicros: Measure = {
  ...serverCpu,
  name: 'hitCpuMicros',
  title: 'CPU of the server per hit',
  read: (measurement) =>
    measurement.findings?.totals['edits'] === undefined ? serverCpu.read(measurement) : null,
};

export const experiment: Experiment = {
  name: 'peers',
  title: 'Beside other cache libraries',
  question:
    'What does a hit cost, how often is an expired page loaded by 4 processes, and does an old page survive its invalidation, with us and with other libraries?',
  // Closed: a process that is never idle spends its CPU on requests alone, and no time is claimed.
  load: { kind: 'closed', virtualUsers: 8 },
  updatesPerSecond: 0,
  arms: ARMS,
  protocol,
  measures: [
    hitCpuMicros,
    sampled('loadsPerExpiry', 'mean', {
      title: `Loads per expiry, ${PROCESSES} processes`,
      unit: 'loads',
      better: 'lower',
    }),
  ],
  comparisons: [
    { baseline: 'cached', candidate: 'bentocache', measure: 'hitCpuMicros', rank: 'primary' },
    {
      baseline: 'cached',
      candidate: 'async-cache-dedupe',
      measure: 'hitCpuMicros',
      rank: 'family',
    },
    { baseline: 'cached', candidate: 'cacheable', measure: 'hitCpuMicros', rank: 'family' },
    { baseline: 'cached', candidate: 'cache-manager', measure: 'hitCpuMicros', rank: 'family' },
    { baseline: 'cached', candidate: 'cachified', measure: 'hitCpuMicros', rank: 'interval only' },
    {
      baseline: 'cached',
      candidate: 'cached-identity',
      measure: 'hitCpuMicros',
      rank: 'interval only',
    },
    { baseline: 'cached', candidate: 'hardened', measure: 'hitCpuMicros', rank: 'interval only' },
    ...LIBRARIES.map((library) => ({
      baseline: 'hardened',
      candidate: library,
      measure: 'hitCpuMicros',
      rank: 'interval only' as const,
    })),
  ],
  profiles: {
    headline: null,
    quick: null,
    standard: null,
    full: { rounds: 12, warmSeconds: 4, measureSeconds: 5 },
  },
  flagsAsMeasures: {
    'not-steady': 'bursts and edits come after the schedule',
    'generator-cpu': 'what a hit costs the server is measured, not how long it takes',
    'host-busy': 'what a hit costs the server is measured, not how long it takes',
  },
  answer,
  claims: () => [],
  theory,
  caveats: [
    'Each library is set up as its README shows, with Redis as its only store. A first level of objects in memory, which most of them offer, makes hits cheaper and old pages more frequent.',
    'The libraries hand out objects, so their page is written anew for each reader and not compressed; ours is sent as Redis holds it. `cached-identity` is ours without the compression.',
    'Eight users ask for one page again and again (closed model): CPU per hit is of a process that is busy all the time. async-cache-dedupe and cache-manager let readers of one moment share one GET and one parse, which one hot page shows at its best.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const ratios = LIBRARIES.flatMap((library) => {
    const ratio = comparisonOf(analysis, 'cached', library, 'hitCpuMicros')?.ratio ?? null;
    return ratio === null ? [] : [`${times(ratio)} with ${library}`];
  });
  const loads = [...LIBRARIES, 'hardened'].flatMap((policy) => {
    const mean = meanOf(analysis, `${policy}-x${PROCESSES}`, 'loadsPerExpiry');
    return mean === null ? [] : [`${figure(mean.value)} with ${policy}`];
  });
  const stuck = [...LIBRARIES, 'hardened'].flatMap((policy) => {
    const arm = `${policy}-x${PROCESSES}`;
    const edits = totalOf(analysis, arm, 'edits');
    return edits === 0 ? [] : [`${totalOf(analysis, arm, 'staleSets')} of ${edits} with ${policy}`];
  });
  const sentences = [
    ...(ratios.length > 0
      ? [`A hit costs the server this many times the CPU of ours: ${ratios.join(', ')}`]
      : []),
    ...(loads.length > 0
      ? [`an expired page is loaded by ${PROCESSES} processes ${loads.join(', ')} times`]
      : []),
    ...(stuck.length > 0
      ? [`after an edit during a load the old page stays in ${stuck.join(', ')}`]
      : []),
  ];
  if (sentences.length === 0)
    return 'No answer: no round has valid trials of ours and of a library.';
  const text = `${sentences.join('; ')}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Promise sharing in each process makes P loads; only who asks the other processes makes fewer. */
function theory(analysis: Analysed): TheoryCheck[] {
  return [...LIBRARIES, 'hardened'].flatMap((policy): TheoryCheck[] => {
    const arm = `${policy}-x${PROCESSES}`;
    const measured = meanOf(analysis, arm, 'loadsPerExpiry');
    if (measured === null) return [];
    const expected = policy === 'hardened' ? 1 : PROCESSES;
    return [
      {
        arm,
        quantity: 'loads per expiry',
        unit: 'loads',
        formula: policy === 'hardened' ? '1' : 'P',
        theory: expected,
        measured,
        agrees: samplesOf(analysis, arm, 'loadsPerExpiry').every((loads) => loads === expected),
        note:
          policy === 'hardened'
            ? 'one lease for all processes'
            : `P = ${PROCESSES} server processes, each with its own shared promise`,
      },
    ];
  });
}
