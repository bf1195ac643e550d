import type { RecommendationResult, RecommendationRow } from '../../lab/sim/result.ts';
import { thin } from '../charts/series.ts';
import type { Figure } from '../figure.ts';
import { number, percent } from '../format.ts';
import { DEFENCE_TEXT, memoryText, timeText } from './recommend-answer.ts';

type Table = Figure['table'];

/** Rows of the front that a table shows. */
const MOST_FRONT_ROWS = 16;

/** The tables of a recommendation, in the order of the page; those without a row are left out. */
export function recommendationTables(
  result: RecommendationResult,
): { title: string; table: Table }[] {
  const { byWay, front, chosen, whatIf } = result;
  const all = [
    { title: 'What was chosen, and what it costs', table: choices(result) },
    { title: 'Each way to stay fresh at its best', table: rowsTable(byWay, result) },
    { title: 'If things were different', table: whatIfTable(whatIf, result) },
    {
      title: 'The front: nothing asks for less, is fresher, smaller and lets fewer wait',
      table: rowsTable(
        front.length <= MOST_FRONT_ROWS
          ? front
          : [
              ...new Set([
                ...thin(front, MOST_FRONT_ROWS),
                ...front.filter((row) => row === chosen),
              ]),
            ],
        result,
      ),
    },
  ];
  return all.filter(({ table }) => table.rows.length > 0);
}

/** One line a setting: its value, why, and what the next ones would give. */
function choices(result: RecommendationResult): Table {
  const { chosen } = result;
  const columns = ['setting', 'value', 'why, and what it costs'];
  if (chosen === null) return { columns, rows: [] };
  const rows = [
    ['preset', chosen.way, wayCosts(chosen, result)],
    ['TTL', timeText(chosen.ttlMs), ttlCosts(chosen, result)],
    ['jitter', chosen.jitter === 0 ? 'none' : `± ${percent(chosen.jitter)}`, jitterCosts(result)],
    ['maxmemory', memoryText(chosen.memoryBytes), memoryCosts(chosen, result)],
    ['maxmemory-policy', chosen.policy, policyCosts(chosen, result)],
    ['stampede defence', DEFENCE_TEXT[result.stampede.defence], defenceCosts(result)],
  ];
  return { columns, rows };
}

const loads = ({ loadsPerSecond }: RecommendationRow): string =>
  `${number(loadsPerSecond)} loads/s`;

function wayCosts(
  chosen: RecommendationRow,
  { byWay, invalidation }: RecommendationResult,
): string {
  const others = byWay
    .filter(({ way }) => way !== chosen.way)
    .map((row) => `${row.way} ${loads(row)} and ${percent(1 - row.hitRatio)} waiting`);
  const against = others.length === 0 ? '' : `; ${others.join(', ')}`;
  return `${loads(chosen)}, ${percent(1 - chosen.hitRatio)} of the readers wait for one${against}. ${invalidation ?? ''}`;
}

function ttlCosts(chosen: RecommendationRow, { rows }: RecommendationResult): string {
  const shorter = rows
    .filter((row) => alike(row, chosen, ['ttlMs']) && row.ttlMs < chosen.ttlMs)
    .toSorted((a, b) => b.ttlMs - a.ttlMs)[0];
  const next =
    shorter === undefined ? '' : `; ${timeText(shorter.ttlMs)} would cost ${loads(shorter)}`;
  return `${loads(chosen)}, old for ${timeText(chosen.boundMs)} at most${next}`;
}

function jitterCosts({ avalanche, chosen }: RecommendationResult): string {
  if (avalanche === null || chosen === null) return '';
  const { copies, perSecond } = avalanche;
  const at = `were all ${number(copies, 4)} copies made at one moment, up to ${number(perSecond)} of them would end in a second`;
  if (chosen.jitter === 0) return `${at}, which the database bears`;
  const least = timeText(chosen.ttlMs * (1 - chosen.jitter));
  const most = timeText(chosen.ttlMs * (1 + chosen.jitter));
  return `${at} instead of all; lives differ from ${least} to ${most}`;
}

function memoryCosts(chosen: RecommendationRow, result: RecommendationResult): string {
  const held = `copies take ${memoryText(chosen.residentBytes)} at most`;
  const smaller = result.rows
    .filter((row) => alike(row, chosen, ['memoryBytes']) && row.memoryBytes < chosen.memoryBytes)
    .toSorted((a, b) => b.memoryBytes - a.memoryBytes)[0];
  const next =
    smaller === undefined
      ? ''
      : `; ${memoryText(smaller.memoryBytes)} would cost ${loads(smaller)}`;
  return `${held}; allowed are ${memoryText(result.asked.memoryBytes)}${next}`;
}

function policyCosts(chosen: RecommendationRow, { rows }: RecommendationResult): string {
  const others = rows.filter(
    (row) => alike(row, chosen, ['policy']) && row.policy !== chosen.policy,
  );
  if (others.every(({ loadsPerSecond }) => loadsPerSecond === chosen.loadsPerSecond))
    return 'makes no difference: nothing is evicted before its time';
  return others.map((row) => `${row.policy} ${loads(row)}`).join(', ');
}

function defenceCosts({ stampede, asked }: RecommendationResult): string {
  const { hottestPerSecond, loadsPerExpiry, defended } = stampede;
  const formula = `1 + λΔ = 1 + ${number(hottestPerSecond)}/s × ${timeText(asked.loadMs)} = ${number(loadsPerExpiry)} loads each time the hottest key ends`;
  return stampede.defence === 'none'
    ? `${formula}: too few to defend against`
    : `${formula}, with it ${number(defended)}; the others wait`;
}

type Varied = 'ttlMs' | 'memoryBytes' | 'policy';

/** Whether two rows differ in nothing but what is named. */
function alike(row: RecommendationRow, other: RecommendationRow, but: readonly Varied[]): boolean {
  return (
    (['ttlMs', 'memoryBytes', 'policy'] as const).every(
      (name) => but.includes(name) || row[name] === other[name],
    ) && row.way === other.way
  );
}

const FIGURES = [
  ...['loads/s', 'SELECTs in the fullest second', 'that over the mean'],
  ...['readers who wait, %', 'stale reads, %'],
];

function figuresOf(
  row: Omit<RecommendationRow, 'way'> | RecommendationResult['whatIf'][number],
): (number | null)[] {
  return [
    row.loadsPerSecond,
    row.peakSelectsPerSecond,
    row.peakOverMean,
    100 * (1 - row.hitRatio),
    row.staleShare === null ? null : 100 * row.staleShare,
  ];
}

function rowsTable(rows: readonly RecommendationRow[], { chosen }: RecommendationResult): Table {
  return {
    columns: ['preset', 'TTL', 'promised', 'maxmemory', 'policy', ...FIGURES, ''],
    rows: rows.map((row) => [
      ...[row.way, timeText(row.ttlMs), timeText(row.boundMs)],
      ...[memoryText(row.memoryBytes), row.policy, ...figuresOf(row)],
      isSame(row, chosen) ? 'chosen' : '',
    ]),
  };
}

function isSame(row: RecommendationRow, other: RecommendationRow | null): boolean {
  return other !== null && alike(row, other, []);
}

function whatIfTable(
  whatIf: RecommendationResult['whatIf'],
  { asked }: RecommendationResult,
): Table {
  return {
    columns: ['change', ...FIGURES, 'within --db-rps'],
    rows: whatIf.map((one) => [
      one.change,
      ...figuresOf(one),
      asked.dbRps === null ? 'no limit' : one.bearable ? 'yes' : 'no',
    ]),
  };
}
