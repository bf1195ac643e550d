import type { Arm, Experiment } from '../../lab/experiment.ts';
import { charts } from './charts.ts';
import { answer, claims, theory } from './judgement.ts';
import { COPIES, protocol } from './protocol.ts';

const arm = (name: string, title: string, role: Arm['role']): Arm => ({
  ...{ name, title, role },
  redis: 'own',
  ...{ policy: 'cached', cache: 'cold', expects: { selectsPerLoad: null } },
});

export const experiment: Experiment = {
  name: 'memory',
  title: 'How to lay out a page in Redis',
  question:
    'What do Strings, compressed Strings and Hashes take for the same page, what does it cost to read all of it, a part of it, or to change one price, and does a Hash save half?',
  pages: false,
  arms: [
    arm('layouts', 'the restaurant’s page in nine layouts', 'baseline'),
    arm('listpack', 'Hashes of many shapes around the limits of listpacks', 'candidate'),
  ],
  load: { kind: 'closed', virtualUsers: 1 },
  updatesPerSecond: 0,
  protocol,
  measures: [
    {
      ...{ name: 'dishSaved', unit: '', better: 'higher' },
      title: 'Memory saved by a Hash per dish against a String per field',
      read({ findings }) {
        const hash = findings?.samples['hash-per-dish/dishBytes']?.[0];
        const strings = findings?.samples['string-per-field/dishBytes']?.[0];
        return hash === undefined || strings === undefined ? null : 1 - hash / strings;
      },
    },
    {
      ...{ name: 'jsonReadMicros', unit: 'µs', better: 'lower' },
      title: 'Median time to read the page as one JSON String',
      read: ({ findings }) => findings?.samples['json/allP50Micros']?.[0] ?? null,
    },
  ],
  comparisons: [],
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 1, measureSeconds: 4 },
    standard: { rounds: 2, warmSeconds: 1, measureSeconds: 8 },
    full: { rounds: 12, warmSeconds: 2, measureSeconds: 20 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  theory,
  caveats: [
    `Memory is the growth of used_memory by ${COPIES} copies of the page in an empty server, an allocator's rounding and the table's buckets included; a table is between half full and full, 8 to 16 bytes a key. Keys have no TTL here: one takes another entry in a second table.`,
    'Times are those of one client that waits for each reply, on loopback and with its own work in them (parsing, compressing): where a network lies between, each round trip more costs another 0.2 to 1 ms.',
    'A price that is changed by reading, changing and writing a part can lose another change made meanwhile; in the layouts with a field of its own it cannot. The store itself deletes the page instead.',
  ],
  charts,
};
