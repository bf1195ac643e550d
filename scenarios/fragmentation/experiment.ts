import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { charts } from './charts.ts';
import { answer, claims } from './judgement.ts';
import type { Cure } from './plan.ts';
import { protocol } from './protocol.ts';

function arm(name: Cure, title: string, role: Arm['role'] = 'candidate'): Arm {
  return {
    ...{ name, title, role, policy: 'cached', redis: 'own' },
    ...{ cache: 'cold', expects: { selectsPerLoad: null } },
  };
}

function found(name: string, title: string, unit: string): Measure {
  return {
    ...{ name, title, unit, better: 'lower' },
    read: ({ findings }) => findings?.samples[name]?.[0] ?? null,
  };
}

const design = { rounds: 1, warmSeconds: 0, measureSeconds: 0 };

export const experiment: Experiment = {
  name: 'fragmentation',
  title: 'Memory that Redis has and does not use',
  question:
    'What takes mem_fragmentation_ratio above 1.5, is that serious, and what brings it down again?',
  pages: false,
  arms: [
    arm('leave', 'nothing is done', 'baseline'),
    arm('purge', 'MEMORY PURGE'),
    arm('activedefrag', 'activedefrag yes'),
    arm('refill', 'as much is written again'),
    arm('restart', 'restarted from a snapshot'),
  ],
  load: { kind: 'closed', virtualUsers: 1 },
  updatesPerSecond: 0,
  protocol,
  measures: [
    found('ratio cured', 'mem_fragmentation_ratio after the cure', ''),
    found('ratio fragmented', 'mem_fragmentation_ratio before it', ''),
    found('allocatorRatio cured', 'allocator_frag_ratio after the cure', ''),
    found('rssMiB cured', 'memory of the process after the cure', 'MiB'),
  ],
  comparisons: [],
  profiles: {
    headline: null,
    quick: { ...design, arms: ['activedefrag', 'restart'] },
    standard: design,
    full: { ...design, rounds: 6 },
  },
  flagsAsMeasures: {
    'host-busy': 'bytes are counted, not times; CPU is the server’s own account of it',
    'foreign-cpu': 'bytes are counted, not times; CPU is the server’s own account of it',
  },
  answer,
  claims,
  caveats: [
    '60,000 values of 100 to 1,100 bytes: some tens of MB, not the gigabytes of a real cache. The ratio of so small a server has some 10 MB of program and libraries in it.',
    'How much the deletes leave behind depends on their order: here they are spread at random, the worst case; values that are deleted in the order in which they were written leave whole pages free.',
    'Active defragmentation needs the jemalloc that Redis ships; builds of distributions are linked with the system’s. The notes of the trial name the allocator and what Redis says.',
  ],
  charts,
};
