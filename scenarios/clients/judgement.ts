import { armOf, claim, figure, milliseconds, notJudged, times } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, Estimate, TheoryCheck } from '../../lab/result.ts';
import { geometricMean } from '../../lab/stats/mean.ts';
import { medianOf } from '../../lab/stats/median.ts';
import { cellOf } from './cells.ts';
import { ALL_TIMED, TIMED, type Timed } from './complexity.ts';
import { SERVICES, type ServiceName } from './service.ts';
import { BATCH, POOL_SIZE } from './ways.ts';

/** Geometric mean over the trials of one cell; null where the arm has no such cell. */
export function estimateOf(
  arm: ArmAnalysis | null,
  name: string,
  ...place: readonly (string | number)[]
): Estimate | null {
  return geometricMean(cellOf(arm?.findings?.samples, name, ...place));
}

/** Median over passes: one that another program interrupted does not move it. */
export function growthOf(
  arm: ArmAnalysis | null,
  name: 'exponent' | 'perDoubling',
  timed: Timed,
): Estimate | null {
  return medianOf(cellOf(arm?.findings?.samples, name, timed));
}

export function answer(analysis: Analysed): string {
  const rate = (name: string): Estimate | null =>
    estimateOf(armOf(analysis, name), 'perSecond', 1, 50);
  const [slow, shared, batched] = [rate('one-by-one'), rate('shared'), rate('mget')];
  if (slow === null || shared === null) {
    return 'No answer: no valid trial of both one connection awaited one by one and one that is shared.';
  }
  const ping = estimateOf(armOf(analysis, 'shared'), 'pingMs', 1);
  const mget = batched === null ? '' : `, and ${times(batched)} as MGETs of ${BATCH}`;
  return `Over a round trip of ${milliseconds(ping?.value ?? null)}, 50 callers get ${times(slow)} values a second where one command waits for the other, ${times(shared)} on the same one connection where none does${mget}.`;
}

export function claims(analysis: Analysed): ClaimResult[] {
  return [oneThread(analysis), synchronous(analysis)];
}

/** The table of the story: requests per second of each service. */
const TOLD: Record<ServiceName, number> = { sync: 100, 'async-sync': 200, async: 5000 };
/** A rate is as told within this factor. */
const ABOUT = 2;
/** An event loop with a client that blocks should serve this many times what a synchronous service does. */
const MORE = 1.5;

function synchronous(analysis: Analysed): ClaimResult {
  const arm = armOf(analysis, 'service');
  const rate = (name: ServiceName): Estimate | null => estimateOf(arm, 'perSecond', name, 50);
  const [sync, mixed, async_] = [rate('sync'), rate('async-sync'), rate('async')];
  if (sync === null || mixed === null || async_ === null) {
    return notJudged('C23', 'no valid trial of the three services');
  }
  const ms = (name: ServiceName): string =>
    milliseconds(estimateOf(arm, 'callMs', name, 50)?.value ?? null);
  const measured = `50 users, one wait of ${milliseconds(estimateOf(arm, 'waitMs')?.value ?? null)}: ${SERVICES.sync.workers} workers that block ${times(sync)}/s at ${ms('sync')}, an event loop with a client that blocks ${times(mixed)}/s at ${ms('async-sync')}, with one that does not ${times(async_)}/s at ${ms('async')}`;
  const limits =
    'no framework’s own work is in it, users and service share one machine, and the wait is a link’s';
  if (async_.value < ABOUT * Math.max(sync.value, mixed.value)) {
    const reason = `the client that does not block serves hardly more than those that do; ${limits}`;
    return claim('C23', 'refuted', measured, reason);
  }
  const asTold = (estimate: Estimate, name: ServiceName): boolean =>
    estimate.value >= TOLD[name] / ABOUT && estimate.value <= TOLD[name] * ABOUT;
  const isOrdered = mixed.value >= MORE * sync.value;
  if (isOrdered && asTold(sync, 'sync') && asTold(mixed, 'async-sync') && asTold(async_, 'async')) {
    return claim('C23', 'confirmed', measured, limits);
  }
  return claim(
    'C23',
    'depends',
    measured,
    `on workers and wait: a client that blocks serves workers / wait, whatever the framework around it (100/s is one worker and 10 ms, 200/s one and 5 ms), and an event loop that it blocks is one worker; without blocking it is users / wait up to the CPU. ${limits}`,
  );
}

/** Exponents that are still the stated order: caches and allocation bend every line a little. */
const ORDERS: { timed: Timed; low: number; high: number; order: string }[] = [
  { timed: 'get/same', low: -0.15, high: 0.15, order: 'O(1)' },
  { timed: 'set/same', low: -0.15, high: 0.15, order: 'O(1)' },
  { timed: 'lrange/whole', low: 0.8, high: 1.25, order: 'O(n)' },
  { timed: 'zadd/same', low: -0.05, high: 0.3, order: 'O(log n)' },
];

/** More than this, and commands of several connections ran beside each other. */
const BESIDE = 1.3;

function oneThread(analysis: Analysed): ClaimResult {
  const growing = armOf(analysis, 'complexity');
  const exponents = ORDERS.map((one) => ({
    ...one,
    found: growthOf(growing, 'exponent', one.timed),
  }));
  const ratio = estimateOf(armOf(analysis, 'one-thread'), 'severalOverOne');
  if (ratio === null || exponents.some(({ found }) => found === null)) {
    return notJudged('C10', 'no valid trial of both the sizes and the heavy commands');
  }
  const io = estimateOf(armOf(analysis, 'io-threads'), 'severalOverOne');
  const cores = estimateOf(armOf(analysis, 'one-thread'), 'cores');
  const used = cores === null ? '' : `, on ${times(cores)} cores`;
  const measured = [
    ...exponents.map(
      ({ timed, found }) => `${TIMED[timed].command.toUpperCase()} grows as n^${times(found!)}`,
    ),
    `4 connections get ${times(ratio)} times the heavy commands of one${used}${io === null ? '' : `, ${times(io)} with 2 I/O threads`}`,
  ].join(', ');
  const random = growthOf(growing, 'exponent', 'get/random');
  const caches =
    random === null
      ? ''
      : `; asked for at random, GET grows as n^${times(random)}: the steps stay, the CPU’s caches miss more`;
  const wrong = exponents.filter(
    ({ found, low, high }) => found!.value < low || found!.value > high,
  );
  if ((ratio.interval?.low ?? ratio.value) > BESIDE) {
    const reason = `commands of several connections run beside each other${caches}`;
    return claim('C10', 'refuted', measured, reason);
  }
  if (ratio.value > BESIDE) {
    return claim(
      'C10',
      'not judged',
      measured,
      'too few rounds to tell whether commands run beside each other',
    );
  }
  if (wrong.length > 0) {
    const names = wrong.map(
      ({ timed, order }) => `${TIMED[timed].command.toUpperCase()} is not ${order}`,
    );
    return claim('C10', 'refuted', measured, `${names.join(', ')}${caches}`);
  }
  return claim(
    'C10',
    'confirmed',
    measured,
    `the orders hold (ZADD grows no faster than log n, of which little shows beside what every call costs) and commands run one at a time; that this is *why* Redis is fast would take the same server with more threads${caches}`,
  );
}

/** Near enough: a PING alone is quicker than one of many commands. */
const TOLERANCE = 0.25;

export function theory(analysis: Analysed): TheoryCheck[] {
  return [...ways(analysis), ...services(analysis), ...orders(analysis)];
}

function check(row: Omit<TheoryCheck, 'agrees'>, tolerance: number): TheoryCheck {
  const { low, high } = row.measured.interval ?? { low: Number.NaN, high: Number.NaN };
  const near = Math.abs(row.measured.value - row.theory) <= tolerance;
  return { ...row, agrees: near || (row.theory >= low && row.theory <= high) };
}

/** Where only the round trip limits a way: values under way at once, over the round trip. */
const UNDER_WAY = [
  { arm: 'one-by-one', formula: '1 / r', atOnce: 1 },
  { arm: 'pool', formula: 'connections / r', atOnce: POOL_SIZE },
  { arm: 'shared', formula: 'callers / r', atOnce: 10 },
  { arm: 'auto-pipelined', formula: 'callers / r', atOnce: 10 },
  { arm: 'pipeline', formula: 'callers · batch / r', atOnce: 10 * BATCH },
  { arm: 'mget', formula: 'callers · batch / r', atOnce: 10 * BATCH },
] as const;

function ways(analysis: Analysed): TheoryCheck[] {
  return UNDER_WAY.flatMap(({ arm: name, formula, atOnce }) => {
    const arm = armOf(analysis, name);
    const measured = estimateOf(arm, 'perSecond', 1, 10);
    const ping = estimateOf(arm, 'pingMs', 1);
    if (measured === null || ping === null) return [];
    const expected = (atOnce * 1000) / ping.value;
    return check(
      {
        ...{ arm: name, quantity: 'values per second, 10 callers, 1 ms away', unit: '/s' },
        ...{ formula, theory: expected, measured },
        note: `r = ${milliseconds(ping.value)}, the median of a PING through the same link; within ${TOLERANCE * 100} %, while no CPU is at its limit`,
      },
      expected * TOLERANCE,
    );
  });
}

function services(analysis: Analysed): TheoryCheck[] {
  const arm = armOf(analysis, 'service');
  const wait = estimateOf(arm, 'waitMs');
  if (wait === null) return [];
  return (Object.keys(SERVICES) as ServiceName[]).flatMap((name) => {
    const { workers, client, title } = SERVICES[name];
    const measured = estimateOf(arm, 'perSecond', name, 50);
    if (measured === null) return [];
    const expected = ((client === 'blocking' ? workers : 50) * 1000) / wait.value;
    return check(
      {
        ...{ arm: 'service', quantity: `requests per second, 50 users, ${title}`, unit: '/s' },
        ...{ formula: client === 'blocking' ? 'workers / w' : 'users / w', theory: expected },
        measured,
        note: `w = ${milliseconds(wait.value)}, the median of a PING through the same link; within ${TOLERANCE * 100} %, while no CPU is at its limit`,
      },
      expected * TOLERANCE,
    );
  });
}

/** Exponent that log n has between 1,000 and 1 million, where nothing else costs anything. */
const LOG_EXPONENT = Math.log(Math.log(1e6) / Math.log(1e3)) / Math.log(1e3);

type Command = (typeof TIMED)[Timed]['command'];

const EXPECTED: Record<Command, { theory: number; formula: string }> = {
  get: { theory: 0, formula: 'O(1): n^0' },
  set: { theory: 0, formula: 'O(1): n^0' },
  lrange: { theory: 1, formula: 'O(n): n^1' },
  zadd: { theory: LOG_EXPONENT, formula: 'O(log n): n^0.1 from 1,000 to 1 million' },
};

function orders(analysis: Analysed): TheoryCheck[] {
  const arm = armOf(analysis, 'complexity');
  return ALL_TIMED.flatMap((timed) => {
    const measured = growthOf(arm, 'exponent', timed);
    const { command, growsFrom } = TIMED[timed];
    if (measured === null) return [];
    // Replies of more than a megabyte leave the CPU's caches.
    const within = command === 'lrange' ? 0.25 : 0.15;
    const among = timed.endsWith('random')
      ? 'any key or member: cache misses come on top of the steps'
      : timed.endsWith('same')
        ? 'the same 10 keys or members, whatever the number of others'
        : 'the whole list';
    const row = {
      ...{ arm: 'complexity', unit: '' },
      quantity: `exponent of the time of ${command.toUpperCase()}, ${timed.split('/')[1]}`,
      ...EXPECTED[command],
      measured,
      note: `${among}; fitted from ${figure(growsFrom)} to 1,000,000; within ${within}`,
    };
    return check(row, within);
  });
}
