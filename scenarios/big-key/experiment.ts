import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { charts } from './charts.ts';
import { answer, claims, theory } from './judgement.ts';
import { SMALL } from './plan.ts';
import { protocol } from './protocol.ts';

const arm = (name: string, title: string, role: Arm['role']): Arm => ({
  ...{ name, title, role },
  redis: 'own',
  ...{ policy: 'cached', cache: 'cold', expects: { selectsPerLoad: null } },
});

const p99 = (name: string, operation: string, title: string): Measure => ({
  ...{ name, title, unit: 'ms', better: 'lower' },
  read: ({ findings }) => findings?.samples[`${operation}/p99Ms`]?.[0] ?? null,
});

export const experiment: Experiment = {
  name: 'big-key',
  title: 'One big key among small ones',
  question:
    'How long do readers of small keys wait while somebody reads, writes, deletes or searches something big, and what helps?',
  pages: false,
  arms: [
    arm('value', 'a value of 10 MB, whole, split and compressed', 'baseline'),
    arm('members', 'a Hash of 1 M fields and a Set of 1 M members', 'candidate'),
    arm('keyspace', '1 M keys', 'candidate'),
  ],
  load: {
    ...{ kind: 'open', arrivals: 'even', expectedP99Ms: 10 },
    ratePerSecond: SMALL.readsPerSecond,
  },
  updatesPerSecond: 0,
  protocol,
  measures: [
    p99('quietP99Ms', 'quiet', 'p99 of small reads while nothing big happens'),
    p99('bigReadP99Ms', 'get', 'p99 of small reads while 10 MB are read'),
  ],
  comparisons: [],
  profiles: {
    headline: null,
    quick: {
      ...{ rounds: 1, warmSeconds: 0, measureSeconds: 1 },
      arms: ['value', 'keyspace'],
    },
    standard: { rounds: 1, warmSeconds: 0, measureSeconds: 1.5 },
    full: { rounds: 6, warmSeconds: 0, measureSeconds: 6 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  theory,
  caveats: [
    'Loopback has no network to fill: on a line of 1 Gbit/s a value of 10 MB takes another 80 ms, which all share.',
    'Small reads are due every millisecond by the timers of a Node process, which are up to about 1 ms late; responses count from the due moment, so figures below 2 ms say nothing of Redis. The reader is a process of its own; on a machine of two cores it shares them with Redis and with the client of the big key.',
    'Replies of the big commands are not decoded here, as a client would: what a real one does with a million fields blocks the client itself for longer still.',
  ],
  charts,
};
