import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { charts } from './charts.ts';
import { answer, claims } from './judgement.ts';
import { HOUR, type Mode, type Task } from './plan.ts';
import { protocol } from './protocol.ts';
import { theory } from './theory.ts';

/** The mean of what the protocol found in a trial. */
function found(
  name: string,
  title: string,
  unit: string,
  better: Measure['better'] = 'lower',
): Measure {
  return {
    ...{ name, title, unit, better },
    read({ findings }) {
      const values = findings?.samples[name] ?? [];
      return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
    },
  };
}

function arm(name: string, title: string, task: Task, mode: Mode): Arm {
  return {
    ...{ name, title, policy: 'cached', cache: 'cold', expects: { selectsPerLoad: null } },
    role: name === 'none' ? 'baseline' : 'candidate',
    parameters: { task, mode },
  };
}

const ARMS: Arm[] = [
  arm('none', 'nothing is kept', 'mode', 'none'),
  arm('rdb', 'RDB, a snapshot every 5 s', 'mode', 'rdb'),
  arm('aof-always', 'AOF, synced before each answer', 'mode', 'aof-always'),
  arm('aof-everysec', 'AOF, synced every second', 'mode', 'aof-everysec'),
  arm('aof-no', 'AOF, synced when the kernel likes', 'mode', 'aof-no'),
  arm('mixed', 'AOF everysec that begins with a snapshot', 'mode', 'mixed'),
  arm('slow-disk', 'AOF everysec, a sync takes 3 s', 'slow-disk', 'aof-everysec'),
  arm('restart-empty', 'the hour after an empty start', 'hour', 'none'),
  arm('restart-kept', 'the hour after a restart with its data', 'hour', 'aof-everysec'),
  arm('memory-disk', 'one row from memory, one page from disk', 'memory-disk', 'none'),
];

const against = (
  candidate: string,
  rank: 'primary' | 'family' | 'interval only',
  measure = 'writesPerSecond',
): Experiment['comparisons'][number] => ({ baseline: 'none', candidate, measure, rank });

export const experiment: Experiment = {
  name: 'durability',
  title: 'What a restart takes',
  question:
    'What does each way of keeping data on disk cost, and what of the acknowledged writes is gone after a kill, a power cut, a restart?',
  pages: false,
  arms: ARMS,
  load: { kind: 'closed', virtualUsers: 1 },
  updatesPerSecond: 0,
  protocol,
  measures: [
    found('writesPerSecond', 'Acknowledged writes of 50 callers', '/s', 'higher'),
    found('openP99Ms', '99th percentile at 1,000 writes/s', 'ms'),
    found('lagP99Ms', 'of that, the generator’s own lateness', 'ms'),
    found('killLost', 'Acknowledged writes lost at kill -9', ''),
    found('cutWindowMs', 'Acknowledged writes lost at a cut (model)', 'ms'),
    found('recoveryMs', 'Time until the first PONG, most keys', 'ms'),
    found('bytesPerKey', 'Bytes on disk per key', 'B'),
  ],
  comparisons: [
    against('aof-always', 'primary'),
    against('aof-everysec', 'family'),
    { baseline: 'aof-everysec', candidate: 'mixed', measure: 'recoveryMs', rank: 'family' },
    against('rdb', 'interval only'),
    against('aof-no', 'interval only'),
    against('mixed', 'interval only'),
    against('aof-always', 'interval only', 'openP99Ms'),
    against('aof-everysec', 'interval only', 'openP99Ms'),
  ],
  profiles: {
    headline: null,
    quick: {
      ...{ rounds: 1, warmSeconds: 0, measureSeconds: 1 },
      arms: ['rdb', 'aof-everysec', 'mixed', 'memory-disk'],
    },
    standard: { rounds: 1, warmSeconds: 0, measureSeconds: 2 },
    full: { rounds: 12, warmSeconds: 0, measureSeconds: 2.5 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  theory,
  caveats: [
    'Every loss is counted by reading back what had been acknowledged. A power cut is a model: of each file what had been synced, cut off there and read by a new server. No power was cut, and a disk that lies about its syncs would lose more.',
    'A DEL of a key that is absent either way counts as kept: of a server that keeps nothing, about nine in ten writes count as lost.',
    `The hour after a restart is shortened: TTLs and the time between requests by the same factor. Views follow Zipf’s law over ${HOUR.stores} stores, ${HOUR.requestsPerSecond} a second; a load takes no time.`,
    'The disk is this machine’s, virtual disks with a cache of their own included. Redis and its client share two cores with the disk’s driver.',
  ],
  charts,
};
