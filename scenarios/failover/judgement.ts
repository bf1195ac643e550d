import { claim, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ClaimResult, Estimate } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { number, percent } from '../../reports/format.ts';
import { CLIENTS, FAULTS, TOPOLOGIES, type Topology } from './arms.ts';
import { type CellResult, cellsOf } from './cells.ts';

/** Kinds that are said to fail over by themselves. */
const BY_THEMSELVES: readonly Topology[] = ['sentinel', 'cluster'];
/** An outage of this share of the fault's length means that the client waited for the old primary to come back. */
const WAITED_MS = 7000;

const shown = (ms: number): string => number(Math.max(0, ms) / 1000, 2);

/** `3.1 s (2.8 to 3.4)`. */
export function seconds(estimate: Estimate | null): string {
  if (estimate === null) return 'unknown';
  const { value, interval } = estimate;
  const range = interval === null ? '' : ` (${shown(interval.low)} to ${shown(interval.high)})`;
  return `${shown(value)} s${range}`;
}

const nameOf = ({ topology, fault, client }: CellResult): string =>
  `${TOPOLOGIES[topology]}, ${FAULTS[fault]}, ${CLIENTS[client]}`;

/** Cells in which nobody gave the command. */
function unasked(cells: readonly CellResult[], topology: Topology): CellResult[] {
  return cells.filter((cell) => cell.topology === topology && cell.fault !== 'command');
}

const sum = (cells: readonly CellResult[], read: (cell: CellResult) => number): number =>
  cells.reduce((total, cell) => total + read(cell), 0);

export function answer(analysis: Analysed): string {
  const cells = cellsOf(analysis);
  if (cells.length === 0) return 'No answer: no valid trial.';
  const ours = cells.filter(({ client }) => client === 'recommended');
  const outages = BY_THEMSELVES.flatMap((topology) => {
    const killed = ours.find((cell) => cell.topology === topology && cell.fault === 'kill');
    return killed === undefined ? [] : [`${TOPOLOGIES[topology]} ${seconds(killed.outageMs)}`];
  });
  const judged = ours.length > 0 ? ours : cells;
  const unanswered = sum(judged, (cell) => cell.unanswered);
  const share =
    sum(judged, (cell) => cell.degraded) /
    Math.max(
      1,
      sum(judged, (cell) => cell.pages),
    );
  const losing = cells.filter(({ lost }) => lost > 0);
  const worst = losing.toSorted((a, b) => b.lost / b.trials - a.lost / a.trials)[0];
  return [
    ...(outages.length === 0
      ? []
      : [`With the primary killed the cache is without an answer for: ${outages.join(', ')}`]),
    `with our client settings ${unanswered} of ${number(sum(judged, (cell) => cell.pages))} pages stay without an answer, ${percent(share)} come from the database in the cache’s place`,
    worst === undefined
      ? 'no acknowledged write is lost'
      : `most writes are lost with ${nameOf(worst)}: ${number(worst.lost / worst.trials)} of ${number(worst.acked / worst.trials)} acknowledged`,
  ]
    .join('; ')
    .replace(/^./, (first) => first.toUpperCase())
    .concat('.');
}

export function claims(analysis: Analysed): ClaimResult[] {
  const cells = cellsOf(analysis);
  const [sentinel = [], cluster = []] = BY_THEMSELVES.map((topology) => unasked(cells, topology));
  if (sentinel.length === 0 || cluster.length === 0)
    return [notJudged('C16', 'no valid trial of both Sentinel and Cluster without their primary')];
  const both = [...sentinel, ...cluster];
  const trials = sum(both, (cell) => cell.trials);
  const failovers = sum(both, (cell) => cell.failovers);
  const share = wilson(failovers, trials)!;
  const { low, high } = share.interval ?? { low: share.value, high: share.value };
  const outages = [sentinel, cluster].map((own) => {
    const killed = own.find(({ fault, client }) => fault === 'kill' && client === 'recommended');
    return killed === undefined
      ? `${TOPOLOGIES[own[0]!.topology]} in ${failoversOf(own)}`
      : `${TOPOLOGIES[killed.topology]} in ${failoversOf(own)}, without an answer for ${seconds(killed.outageMs)} after a kill`;
  });
  const figure = `another primary in ${failovers} of ${trials} trials (${percent(low)} to ${percent(high)}): ${outages.join('; ')}`;
  const { verdict, reason } = verdictOf(both, failovers, trials);
  return [
    claim(
      'C16',
      verdict,
      figure,
      `${reason} All processes are on one machine: partitions between sites, and clocks that differ, were not tried.`,
    ),
  ];
}

const failoversOf = (cells: readonly CellResult[]): string =>
  `${sum(cells, (cell) => cell.failovers)} of ${sum(cells, (cell) => cell.trials)}`;

/** The servers' part is the election; a client that goes on with the old primary undoes it. */
function verdictOf(
  cells: readonly CellResult[],
  failovers: number,
  trials: number,
): Pick<ClaimResult, 'verdict' | 'reason'> {
  if (failovers === 0) return { verdict: 'refuted', reason: 'No other primary was elected.' };
  if (failovers < trials)
    return {
      verdict: 'depends',
      reason: `In ${trials - failovers} trials the old primary stayed, or was it again, when all was over.`,
    };
  const undone = cells.filter(
    (cell) => cell.lost > 0 || (cell.outageMs !== null && cell.outageMs.value >= WAITED_MS),
  );
  if (undone.length === 0)
    return {
      verdict: 'confirmed',
      reason: 'Nobody gave a command, and no acknowledged write was missing afterwards.',
    };
  const words = undone.map(
    (cell) =>
      `${nameOf(cell)}: ${seconds(cell.outageMs)} without an answer, ${number(cell.lost)} of ${number(cell.acked)} acknowledged writes lost`,
  );
  return {
    verdict: 'depends',
    reason: `The servers elect by themselves; whether the store follows depends on its client: ${words.join('; ')}.`,
  };
}
