import { claim, milliseconds, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ClaimResult, Estimate, TheoryCheck } from '../../lab/result.ts';
import { list } from '../../reports/format.ts';
import { allFigures, ends, type Figures, figuresOf } from './figures.ts';
import { type ArmName, SLOW_MS } from './plan.ts';

/** Theory is given the server's own time of a command; what its reply costs afterwards it does not know. */
const THEORY_TOLERANCE = 0.15;

/** Reading all of the value, and what the story does instead. */
const CURES = [
  'get-gzip',
  'get-part',
  'hget-field',
  'awaited-parts',
  'mget-parts',
  'pipeline-parts',
] as const;

/** Commands that C19 warns of, and what it recommends in their place. */
const PAIRS: readonly { arm: ArmName; whole: string; steps: string; names: string }[] = [
  { arm: 'keyspace', whole: 'keys', steps: 'scan', names: 'KEYS and SCAN' },
  { arm: 'members', whole: 'smembers', steps: 'sscan', names: 'SMEMBERS and SSCAN' },
  { arm: 'members', whole: 'hgetall', steps: 'hscan', names: 'HGETALL and HSCAN' },
];

const isLonger = (one: Estimate, other: Estimate): boolean => ends(one).low > ends(other).high;

/** `11.4 ms (8.9 ms to 13 ms)`. */
function shown({ value, interval }: Estimate): string {
  if (interval === null) return milliseconds(value);
  return `${milliseconds(value)} (${milliseconds(interval.low)} to ${milliseconds(interval.high)})`;
}

const named = (figures: readonly Figures[]): string =>
  list(figures.map(({ title, felt }) => `${title} ${milliseconds(felt.value)}`));

export function answer(analysis: Analysed): string {
  const [quiet, get] = [figuresOf(analysis, 'value', 'quiet'), figuresOf(analysis, 'value', 'get')];
  const whole = PAIRS.flatMap(({ arm, whole: name }) => figuresOf(analysis, arm, name) ?? []);
  const longest = whole.toSorted((a, b) => b.felt.value - a.felt.value)[0];
  const parts = [
    ...(quiet === null || get === null
      ? []
      : [
          `while 10 MB are read, others wait up to ${shown(get.felt)} instead of ${shown(quiet.felt)}`,
        ]),
    ...(longest === undefined
      ? []
      : [`while ${longest.title} goes on, up to ${shown(longest.felt)}`]),
  ];
  if (parts.length === 0) return 'No answer: no valid trial.';
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  return [bigValueClaim(analysis), scanClaim(analysis)];
}

function bigValueClaim(analysis: Analysed): ClaimResult {
  const of = (name: string): Figures | null => figuresOf(analysis, 'value', name);
  const [quiet, get, set] = [of('quiet'), of('get'), of('set')];
  const [del, unlink] = [of('del'), of('unlink')];
  if (quiet === null || get === null || set === null || del === null || unlink === null)
    return notJudged('C17', 'no valid trial of the value of 10 MB');
  const measured = `longest wait of a small read: ${shown(quiet.felt)} with nothing big, ${shown(get.felt)} beside GET, ${shown(set.felt)} beside SET, ${shown(del.felt)} beside DEL of 10 MB`;
  const network = 'the network, where 10 MB take 80 ms at 1 Gbit/s, is not there on loopback';
  if (!isLonger(get.felt, quiet.felt))
    return claim('C17', 'refuted', measured, `reading it holds nobody up measurably; ${network}`);
  const cures = CURES.flatMap((name) => of(name) ?? []);
  const [help, fail] = [
    cures.filter(({ felt }) => isLonger(get.felt, felt)),
    cures.filter(({ felt }) => !isLonger(get.felt, felt)),
  ];
  const freed = isLonger(unlink.felt, del.felt) || isLonger(del.felt, unlink.felt);
  const deletion = freed
    ? `UNLINK of the String: ${shown(unlink.felt)}`
    : 'UNLINK frees a String in the same moment as DEL does: no difference';
  const logged = `SLOWLOG at its ${SLOW_MS} ms has ${get.inShippedLog.events} of ${get.inShippedLog.n} GETs: it times the command, not the way of its reply`;
  const rest = `${deletion}; ${logged}; ${network}`;
  if (fail.length === 0)
    return claim('C17', 'confirmed', measured, `all of these help: ${named(help)}; ${rest}`);
  if (help.length === 0)
    return claim(
      'C17',
      'refuted',
      measured,
      `it blocks, and none of these helps: ${named(fail)}; ${rest}`,
    );
  return claim(
    'C17',
    'depends',
    measured,
    `it blocks, and what helps depends on how the parts are read: less with ${named(help)}; not with ${named(fail)}; ${rest}`,
  );
}

/** Others wait for the whole command; one step takes less than what Redis calls slow. */
function scanClaim(analysis: Analysed): ClaimResult {
  const pairs = PAIRS.map(({ arm, whole, steps, names }) => ({
    ...{ names, whole: figuresOf(analysis, arm, whole), steps: figuresOf(analysis, arm, steps) },
  }));
  const judged = pairs.flatMap(({ names, whole, steps }) =>
    whole === null || steps === null ? [] : [{ names, whole, steps }],
  );
  if (judged.length < pairs.length) {
    const missing = pairs.filter(({ whole, steps }) => whole === null || steps === null);
    return notJudged('C19', `no valid trial of ${list(missing.map(({ names }) => names))}`);
  }
  const measured = judged
    .map(
      ({ names, whole, steps }) =>
        `${names}: others wait up to ${shown(whole.felt)} and ${shown(steps.felt)}, longest command ${shown(whole.longestCommand)} and ${shown(steps.longestCommand)}`,
    )
    .join('; ');
  const blocks = judged.filter(
    ({ whole }) => ends(whole.felt).low >= SLOW_MS && ends(whole.longestCommand).low >= SLOW_MS,
  );
  const lets = judged.filter(
    ({ whole, steps }) =>
      // The median alone: the longest of a thousand steps is now and then one that the machine interrupted.
      steps.longestCommand.value < SLOW_MS && isLonger(whole.felt, steps.felt),
  );
  const price = list(
    judged.map(
      ({ whole, steps }) =>
        `${milliseconds(steps.took.value)} instead of ${milliseconds(whole.took.value)}`,
    ),
  );
  const cost = `all steps together took ${price}`;
  if (blocks.length === judged.length && lets.length === judged.length)
    return claim('C19', 'confirmed', measured, cost);
  if (blocks.length === 0 || lets.length === 0)
    return claim(
      'C19',
      'refuted',
      measured,
      `${blocks.length} of 3 block, ${lets.length} of 3 scans do not; ${cost}`,
    );
  const odd = judged.filter((one) => !blocks.includes(one) || !lets.includes(one));
  return claim(
    'C19',
    'depends',
    measured,
    `not so for ${list(odd.map(({ names }) => names))}; ${cost}`,
  );
}

/** Reads that come while a command of B ms goes on wait for its end: the p99 of all reads lies 1 % of the period below B. */
export function theory(analysis: Analysed): TheoryCheck[] {
  const arms = ['value', 'members', 'keyspace'] as const;
  return arms.flatMap((arm) =>
    allFigures(analysis, arm).flatMap(({ title, longestCommand, p99, periodMs }): TheoryCheck[] => {
      const expected = longestCommand.value - periodMs / 100;
      if (longestCommand.value < SLOW_MS || expected <= 0 || p99 === null) return [];
      const { low, high } = ends(p99);
      const near = Math.abs(p99.value / expected - 1) <= THEORY_TOLERANCE;
      return [
        {
          ...{ arm, quantity: `p99 of small reads, ${title}`, unit: 'ms', formula: 'B - P / 100' },
          theory: expected,
          measured: p99,
          agrees: near || (p99.interval !== null && expected >= low && expected <= high),
          note: `B: median time of the command by SLOWLOG; P: one in ${milliseconds(periodMs)}; within 15 %`,
        },
      ];
    }),
  );
}
