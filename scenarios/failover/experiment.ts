import type { Experiment, Measure } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import { ARMS, type Cell, nameOf, OPERATOR_MS, PAGES_PER_SECOND } from './arms.ts';
import { charts } from './charts.ts';
import { answer, claims } from './judgement.ts';
import { protocol } from './protocol.ts';

/** A figure that the protocol finds once in a trial. */
function found(name: string, title: string, unit: string): Measure {
  return {
    ...{ name, title, unit, better: 'lower' },
    read: ({ findings }) => findings?.samples[name]?.[0] ?? null,
  };
}

const names = (...cells: Cell[]): string[] => cells.map(nameOf);
const ours = (topology: Cell['topology'], fault: Cell['fault']): Cell => ({
  ...{ topology, fault, client: 'recommended' },
});

const KILLS = [ours('sentinel', 'kill'), ours('cluster', 'kill')];

export const experiment: Experiment = {
  name: 'failover',
  title: 'The primary is gone',
  question:
    'A primary of Redis is killed, frozen, cut off or told to step down: how long is the cache without an answer, what is lost of what it had acknowledged, and do the pages stay up?',
  arms: ARMS,
  load: {
    kind: 'open',
    ratePerSecond: PAGES_PER_SECOND,
    arrivals: 'even',
    expectedP99Ms: 1000,
    virtualUsers: 200,
  },
  updatesPerSecond: 0,
  protocol,
  measures: [
    found('outageMs', 'Longest time without an acknowledged write', 'ms'),
    found('lostWrites', 'Acknowledged writes lost', 'writes'),
    found('lostAfterReturn', 'Of them acknowledged after the old primary was back', 'writes'),
    found('refusedWrites', 'Writes refused or not answered', 'writes'),
    found('unansweredPages', 'Pages without an answer', 'pages'),
    found('degradedShare', 'Share of pages from the database in the cache’s place', ''),
    found('hitRatioBackMs', 'Time to the old hit ratio', 'ms'),
    responseMs('p99Ms', 0.99, '99th percentile of the response time'),
  ],
  comparisons: [
    {
      baseline: nameOf({ topology: 'sentinel', fault: 'freeze', client: 'default' }),
      candidate: nameOf(ours('sentinel', 'freeze')),
      measure: 'outageMs',
      rank: 'interval only',
    },
  ],
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 1, measureSeconds: 22, arms: names(...KILLS) },
    standard: {
      ...{ rounds: 1, warmSeconds: 1, measureSeconds: 22 },
      arms: names(
        ...KILLS,
        ours('none', 'kill'),
        ours('replicated', 'kill'),
        ours('sentinel', 'freeze'),
        { topology: 'sentinel', fault: 'freeze', client: 'default' },
        { topology: 'sentinel', fault: 'command', client: 'default' },
      ),
    },
    full: { rounds: 3, warmSeconds: 1, measureSeconds: 22 },
  },
  flagsAsMeasures: {
    errors: 'pages that fail while the cache has no primary are the question',
    dropped:
      'pages that wait for a client that waits hold their users: such arrivals count as unanswered',
    'achieved-rate': 'pages wait or fail while the cache has no primary',
    'not-steady': 'the fault is what is looked at',
    'host-busy': 'outages of seconds and lost writes do not hang on milliseconds',
    'start-lag': 'outages of seconds and lost writes do not hang on milliseconds',
    'witnesses-disagree': 'a page may be given up while its statement runs',
  },
  answer,
  claims,
  caveats: [
    'All processes are on one machine: replication lags by less than 10 ms, so a kill at 100 writes a second loses next to nothing. Loss is shown by the freeze and by the command, where the old primary goes on taking writes.',
    'Sentinel takes a node for dead after 1 s (default 30 s) and a cluster after 2 s (default 15 s): outages grow with these settings.',
    `By hand means the lab: after ${OPERATOR_MS / 1000} s it promotes a replica and moves the address, or starts a lone Redis again. A human takes minutes.`,
    'A node that is cut off keeps its own connections to others; one of a cluster, whose nodes call each other, is stopped for as long.',
    `The page is one statement (query "joined"), so that the database can bear ${PAGES_PER_SECOND} pages a second without a cache.`,
    'The seconds that are measured differ by fault: 8 after a command, 12 after a kill, 14 or 22 after a freeze or a cut.',
  ],
  charts,
};
