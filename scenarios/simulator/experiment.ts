import type { Analysed, Experiment } from '../../lab/experiment.ts';
import type { TheoryCheck } from '../../lab/result.ts';
import { list, number, percent, plural } from '../../reports/format.ts';
import { poisson } from '../hit-ratio/grid.ts';
import { ARMS } from './arms.ts';
import { type Cell, cellsOf, WIDEST_BAND } from './cells.ts';
import { charts } from './charts.ts';
import { protocol } from './protocol.ts';

const SIMULATED = { ttl: 'the TTL', expiry: 'the service', avalanche: 'the service' };

/** More outliers than this are counted, not named. */
const MOST_NAMED = 3;

export const experiment: Experiment = {
  name: 'simulator',
  title: 'The simulator against the real server',
  question: 'Does the simulator predict what the real server does?',
  load: poisson(200),
  updatesPerSecond: 0,
  arms: ARMS,
  protocol,
  measures: [
    {
      name: 'gap',
      title: 'largest gap to the prediction',
      unit: '',
      better: 'lower',
      read: ({ findings }) => findings?.samples['gap']?.[0] ?? null,
    },
  ],
  comparisons: [],
  profiles: {
    headline: null,
    quick: {
      ...{ rounds: 1, warmSeconds: 1, measureSeconds: 12 },
      arms: ['ttl-1000-r200'],
    },
    standard: {
      ...{ rounds: 1, warmSeconds: 2, measureSeconds: 24 },
      arms: [
        ...['ttl-1000-r200', 'ttl-only-1000', 'del-1000'],
        ...['cached-open', 'single-flight-open-x4', 'lease-open', 'flat-300', 'jitter10'],
      ],
    },
    full: { rounds: 4, warmSeconds: 2, measureSeconds: 24 },
  },
  flagsAsMeasures: {
    errors:
      'pages fail where the database is asked for more than it can do; in the arms of one page a failed page is a problem',
    'host-busy': 'what a busy machine adds to a load is measured, and the simulation gets it',
    'foreign-cpu': 'what a busy machine adds to a load is measured, and the simulation gets it',
    'start-lag': 'no figure here is a latency',
    'not-steady': 'no figure here is a latency',
  },
  answer,
  claims: () => [],
  theory: (analysis) => cellsOf(analysis).map(checkOf),
  caveats: [
    'The simulation is fed with what the trial measured: arrivals, load times, pool, processes, TTL, pages. Nothing is fitted, but nothing is foretold either that depends on how long a load takes on this machine.',
    `A band is what one more trial like it would show in 95 of 100 cases. Where its half is wider than ${percent(WIDEST_BAND)}, the trial is too short to say anything, and the cell is not judged.`,
    'The simulation of TTLs gets the very requests and changes of the trial, so its band knows only what the journal does not tell of the copies before the window; such a cell counts, too, when the prediction lies in the measured interval.',
    'Cores that processes share are not simulated: without defence the loads of one expiry slow each other down, and the load times that are fed in have that already.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const judged = cellsOf(analysis).filter(({ agrees }) => agrees !== null);
  if (judged.length === 0) return 'No answer: no valid trial.';
  const outside = judged.filter(({ agrees }) => agrees === false);
  const share = `The real server does what the simulator predicts in ${judged.length - outside.length} of ${judged.length} cells`;
  if (outside.length === 0) return `${share}.`;
  if (outside.length > MOST_NAMED) return `${share}; ${outside.length} lie outside.`;
  return `${share}; outside: ${list(outside.map(inWords))}.`;
}

/** Shares in per cent with a decimal, other figures with three digits. */
function shownIn(unit: string): (value: number) => string {
  return (value) => (unit === '' ? `${(100 * value).toFixed(1)} %` : number(value));
}

/** `cached-open, loads per expiry: 31 instead of 26.2 loads`. */
function inWords({ arm, quantity, unit, predicted, measured }: Cell): string {
  const show = shownIn(unit);
  return `${arm}, ${quantity}: ${show(measured.value)} instead of ${show(predicted.value)}`;
}

function checkOf({
  arm,
  model,
  quantity,
  unit,
  predicted,
  measured,
  agrees,
  fed,
}: Cell): TheoryCheck {
  const { low, high } = predicted.interval!;
  const show = shownIn(unit);
  const half = (high - low) / 2 / predicted.value;
  const width = Number.isFinite(half) ? ` (± ${percent(half)})` : '';
  const band = `95 % band of ${plural(predicted.n, 'trial')}: ${show(low)} to ${show(high)}${width}`;
  return {
    ...{ arm, quantity, unit, agrees },
    formula: `simulation of ${SIMULATED[model]}`,
    theory: predicted.value,
    measured,
    note: `${band}${agrees === null ? ', too wide to tell' : ''}; ${fed}`,
  };
}
