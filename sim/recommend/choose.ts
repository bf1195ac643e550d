import type { Constraint, Question } from './question.ts';
import type { Row } from './rows.ts';

/** Constraints that a row does not meet. */
export function brokenBy(row: Row, question: Question): Constraint[] {
  const { maxStaleMs, memoryBytes, selectsPerSecond } = question;
  const broken: Constraint[] = [];
  if (row.boundMs > maxStaleMs) broken.push('max-stale');
  if (row.memoryBytes > memoryBytes) broken.push('memory');
  if (selectsPerSecond !== null && row.peakSelectsPerSecond > selectsPerSecond)
    broken.push('db-rps');
  return broken;
}

/**
 * Which of two rows is the better answer: fewer loads a second, then less memory, then fresher (the shorter promise, then the
 * shorter TTL), then the simpler way and the first policy.
 */
function inOrder({ ways, policies }: Question): (a: Row, b: Row) => number {
  const rank = new Map(ways.map(({ name }, at) => [name, at]));
  return (a, b) =>
    a.loadsPerSecond - b.loadsPerSecond ||
    a.memoryBytes - b.memoryBytes ||
    a.boundMs - b.boundMs ||
    a.ttlMs - b.ttlMs ||
    (rank.get(a.way) ?? 0) - (rank.get(b.way) ?? 0) ||
    policies.indexOf(a.policy) - policies.indexOf(b.policy);
}

/** The best of some rows, whatever they break; `null` without a row. */
export function bestOf(rows: readonly Row[], question: Question): Row | null {
  const order = inOrder(question);
  return rows.reduce<Row | null>(
    (best, row) => (best === null || order(row, best) < 0 ? row : best),
    null,
  );
}

/**
 * The Pareto front in loads a second, promised staleness, memory and readers who wait: no other row is as good in all and better
 * in one. Of rows that are alike in all four the best in order stands for all.
 * @returns In order.
 */
export function frontOf(rows: readonly Row[], question: Question): Row[] {
  const sorted = rows.toSorted(inOrder(question));
  const front: Row[] = [];
  // Whoever dominates a row asks for no more loads, so he comes before it, or beside it with the same number.
  for (const row of sorted) {
    if (front.some((other) => isAsGood(other, row))) continue;
    front.push(row);
  }
  return front.filter(
    (row) => !front.some((other) => other !== row && isAsGood(other, row) && !isAsGood(row, other)),
  );
}

function isAsGood(one: Row, other: Row): boolean {
  return (
    one.loadsPerSecond <= other.loadsPerSecond &&
    one.boundMs <= other.boundMs &&
    one.memoryBytes <= other.memoryBytes &&
    one.hitRatio >= other.hitRatio
  );
}

/** A constraint whose loosening alone would give an answer. */
export interface Binding {
  readonly constraint: Constraint;
  /** The least value of the grid that would do: ms, bytes, or SELECTs a second. */
  readonly needed: number;
  readonly row: Row;
}

/** What each constraint would have to be, were it the only one to give; those with which that cannot be are left out. */
export function bindingsOf(rows: readonly Row[], question: Question): Binding[] {
  const order = inOrder(question);
  return (['db-rps', 'max-stale', 'memory'] as const).flatMap((constraint) => {
    const alone = rows.filter((row) => {
      const broken = brokenBy(row, question);
      return broken.length === 1 && broken[0] === constraint;
    });
    const [row] = alone.sort((a, b) => ASKED[constraint](a) - ASKED[constraint](b) || order(a, b));
    return row === undefined ? [] : [{ constraint, needed: ASKED[constraint](row), row }];
  });
}

/** What a row asks of each. */
const ASKED: Record<Constraint, (row: Row) => number> = {
  'max-stale': ({ boundMs }) => boundMs,
  memory: ({ memoryBytes }) => memoryBytes,
  'db-rps': ({ peakSelectsPerSecond }) => peakSelectsPerSecond,
};
