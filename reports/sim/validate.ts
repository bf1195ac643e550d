import type { SimulatedSource } from '../../lab/sim/result.ts';
import { csv } from '../csv.ts';
import { intervals } from '../charts/intervals.ts';
import { escapeXml } from '../escape.ts';
import type { Figure } from '../figure.ts';
import { list, number } from '../format.ts';
import { bullets, type DrawnFigure, figure, prose, scrollTable } from '../html-parts.ts';
import { PAGE_STYLE } from '../page-style.ts';
import { draw, writeAll } from '../write.ts';

/** One replay of a trace on a real Redis, and the same in its model. */
export interface ValidationRow {
  /** Value of `maxmemory-policy`. */
  policy: string;
  samples: number;
  seed: number;
  /** How many times as fast as ours the server’s clock ran; 1: the real one. */
  clockFactor: number;
  residentKeys: number;
  realHitRatio: number;
  modelHitRatio: number;
  /** Model − real, in points of hit ratio. */
  gapPoints: number;
  /** Server seconds in which as many keys are evicted as are resident. */
  turnoverSeconds: number;
}

/** The repetitions of one policy, number of samples and clock together. */
export interface ValidationVerdict {
  policy: string;
  /** Several where the policy draws none. */
  samples: number[];
  clockFactor: number;
  modelHitRatio: number;
  realHitRatio: number;
  /** Of each repetition. */
  gaps: number[];
  /** Mean of these. */
  gapPoints: number;
  boundPoints: number;
  agrees: boolean;
}

/** What `sim validate` found: the same on the screen, as JSON and on a page. */
export interface ValidationResult {
  schema: number;
  command: string;
  seed: number;
  source: SimulatedSource;
  redis: { version: string; origin: string };
  /** `reason`: why the clock could not be accelerated; null: it was. */
  clock: { factor: number; reason: string | null };
  rows: ValidationRow[];
  verdicts: ValidationVerdict[];
  wallSeconds: { reading: number; replaying: number };
}

function nameOf(verdict: ValidationVerdict): string {
  return `${verdict.policy}, ${samplesOf(verdict)}, ${clockOf(verdict)}`;
}

function samplesOf({ samples }: ValidationVerdict): string {
  return samples.length === 1 ? `${samples[0]} samples` : 'no samples';
}

function clockOf({ clockFactor }: Pick<ValidationRow, 'clockFactor'>): string {
  return clockFactor === 1 ? 'real clock' : `clock × ${clockFactor}`;
}

function mean(rows: readonly ValidationRow[], read: (row: ValidationRow) => number): number {
  return rows.reduce((sum, row) => sum + read(row), 0) / rows.length;
}

/** `+0.02`, `−0.13`. */
function signed(points: number): string {
  return `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;
}

/** One row a policy, number of samples and clock: hit ratios in %, gaps in points. */
export function validationTable({ verdicts }: Pick<ValidationResult, 'verdicts'>): Figure['table'] {
  return {
    columns: [
      ...['policy', 'samples', 'clock', 'model, %', 'real, %', 'gap, points'],
      ...['bound', 'verdict', 'of each replay'],
    ],
    rows: verdicts.map((verdict) => [
      ...[verdict.policy, samplesOf(verdict), clockOf(verdict)],
      ...[100 * verdict.modelHitRatio, 100 * verdict.realHitRatio],
      ...[signed(verdict.gapPoints), `± ${verdict.boundPoints}`],
      verdict.agrees ? 'agrees' : 'differs',
      verdict.gaps.map(signed).join(' '),
    ]),
  };
}

/** The finding in one sentence. */
export function validationAnswer({ verdicts }: Pick<ValidationResult, 'verdicts'>): string {
  const wrong = verdicts.filter(({ agrees }) => !agrees);
  const widest = Math.max(...verdicts.map(({ gapPoints }) => Math.abs(gapPoints)));
  const most = `the widest gap is ${widest.toFixed(2)} points of hit ratio`;
  return wrong.length === 0
    ? `Model and server agree in all ${verdicts.length} rows: ${most}.`
    : `Model and server differ under ${list(wrong.map(nameOf))}; ${most}.`;
}

/** What a reader should know: of the clock first. */
export function validationNotes(result: ValidationResult): string[] {
  const { source, clock, rows } = result;
  const why = clockSentence(rows);
  return [
    ...(why === null ? [] : [why]),
    ...(clock.reason === null
      ? []
      : [`All replays ran at the real clock, with its wider bound: ${clock.reason}.`]),
    ...chanceSentence(rows),
    ...source.notes,
  ];
}

/** What Redis’s own chance makes of the same requests. Empty where no replay was made twice. */
function chanceSentence(rows: readonly ValidationRow[]): string[] {
  const random = rows.filter(({ policy }) => policy === 'allkeys-random');
  const gaps = random.flatMap((one, at) =>
    random
      .slice(at + 1)
      .filter((other) => other.seed === one.seed && other.clockFactor === one.clockFactor)
      .map((other) => 100 * Math.abs(other.realHitRatio - one.realHitRatio)),
  );
  if (gaps.length === 0) return [];
  return [
    `allkeys-random draws no samples: the server got the same requests twice, and its hit ratios differ by up to ${Math.max(...gaps).toFixed(2)} points. So much is chance in a single replay; verdicts go by the mean.`,
  ];
}

/** Why a fast replay turns allkeys-lru into random: its clock. Null without a replay at the real clock. */
function clockSentence(rows: readonly ValidationRow[]): string | null {
  const ofPolicy = (policy: string, real: boolean): ValidationRow[] =>
    rows.filter((row) => row.policy === policy && (row.clockFactor === 1) === real);
  const lru = ofPolicy('allkeys-lru', true);
  const random = rows.filter(({ policy }) => policy === 'allkeys-random');
  if (lru.length === 0 || random.length === 0) return null;
  const hits = (own: readonly ValidationRow[]): string =>
    `${(100 * mean(own, (row) => row.realHitRatio)).toFixed(1)} %`;
  const turnover = number(mean(lru, (row) => row.turnoverSeconds));
  const fast = ofPolicy('allkeys-lru', false);
  const instead =
    fast.length === 0
      ? ''
      : `; with a clock ${fast[0]!.clockFactor} times as fast it hit ${hits(fast)}`;
  return `Redis’s LRU clock counts whole seconds, and at the real clock this replay replaced as many keys as are resident every ${turnover} s: nearly all of them look equally old, so allkeys-lru hit ${hits(lru)} where allkeys-random hit ${hits(random)}${instead}.`;
}

/** Gap of model and server by policy, number of samples and clock: mean and range of the repetitions. */
function gapsFigure(result: ValidationResult): Figure | null {
  const { verdicts, redis } = result;
  const bounds = verdicts.map((one) => `± ${one.boundPoints} points at the ${clockOf(one)}`);
  return intervals(
    { name: 'sim', arms: [] },
    {
      id: 'validate',
      title: validationAnswer(result),
      subtitle: `Model minus server: mean and range of the replays. Bounds of the mean: ${list([...new Set(bounds)])}. Redis ${redis.version}.`,
      axis: 'gap, points of hit ratio',
      rows: verdicts.map((verdict) => ({
        arm: nameOf(verdict),
        estimate: {
          value: verdict.gapPoints,
          interval: { low: Math.min(...verdict.gaps), high: Math.max(...verdict.gaps), level: 1 },
          n: verdict.gaps.length,
        },
        text: `server ${(100 * verdict.realHitRatio).toFixed(2)} %, model ${(100 * verdict.modelHitRatio).toFixed(2)} %; gaps ${verdict.gaps.map(signed).join(' ')}`,
      })),
    },
  );
}

/** The page of a validation as one HTML file: no script, no network. */
function validationPage(result: ValidationResult, figures: readonly DrawnFigure[]): string {
  const { source, redis, command, seed } = result;
  const title = `The model of Redis against Redis ${redis.version}`;
  const size = `${source.requests.toLocaleString('en-US')} requests for ${source.objects.toLocaleString('en-US')} objects`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(`${title} · cachelab`)}</title>
<style>${PAGE_STYLE}</style></head>
<body>
<header><h1>${prose(title)}</h1><p class="kicker">${prose(`${source.name}: ${size} in each replay, seed ${seed}`)}</p></header>
<main><section class="experiment">
<p class="answer">${prose(validationAnswer(result))}</p>
${figures.map((drawn) => figure(drawn)).join('\n')}
${scrollTable('Model and server by policy', validationTable(result))}
<h3>Before the numbers</h3>${bullets(validationNotes(result))}
</section></main>
<footer><h3>Run it again</h3><pre><code>${escapeXml(command)}</code></pre></footer>
</body></html>
`;
}

/**
 * Writes a validation as `report.html`, `results.json`, `csv/` and `charts/`; each appears whole or not at all.
 * @param folder - Made when it is missing.
 */
export async function writeValidation(result: ValidationResult, folder: string): Promise<void> {
  const files = new Map<string, string | Uint8Array>();
  const gaps = gapsFigure(result);
  const drawn = gaps === null ? [] : [await draw(gaps, files)];
  files.set('report.html', validationPage(result, drawn));
  files.set('results.json', `${JSON.stringify(result, null, 1)}\n`);
  files.set('csv/replays.csv', validationCsv(result));
  await writeAll(folder, files);
}

/** One row a replay. */
export function validationCsv({ rows }: ValidationResult): string {
  return csv(
    [
      ...['policy', 'samples', 'seed', 'clock_factor', 'resident_keys', 'real_hit_ratio'],
      ...['model_hit_ratio', 'gap_points', 'turnover_s'],
    ],
    rows.map((row) => [
      ...[row.policy, row.samples, row.seed, row.clockFactor, row.residentKeys, row.realHitRatio],
      ...[row.modelHitRatio, row.gapPoints, row.turnoverSeconds],
    ]),
  );
}
