import type { ArmAnalysis, Comparison, ExperimentAnalysis } from '../lab/result.ts';
import { capacityText } from './charts/capacity.ts';
import { cpuMicros } from './charts/cpu.ts';
import { quantileText } from './charts/percentiles.ts';
import type { Figure } from './figure.ts';
import { capital, micros, NO_VALUE, number, plural, ratioWithInterval } from './format.ts';
import { verdictText } from './verdict.ts';

/** The first table of an experiment: one row an arm, the same cells in HTML and Markdown. */
export interface ArmsTable {
  columns: string[];
  rows: { arm: ArmAnalysis; cells: string[] }[];
}

interface Column {
  title: string;
  cell: (arm: ArmAnalysis) => string;
}

const VALID_TRIALS = 'Valid trials';

/** What an arm that is compared with nothing is. */
const ROLES: Record<ArmAnalysis['role'], string> = {
  baseline: 'baseline',
  candidate: NO_VALUE,
  bound: 'bound',
  repeat: 'repeat',
};

/** A cell that shows one quantile. */
function quantile(q: number): Column['cell'] {
  return (arm) => quantileText(arm, q) ?? NO_VALUE;
}

/** Columns without a single value are left out. */
export function armsTable(analysis: ExperimentAnalysis): ArmsTable {
  const baseline = analysis.arms.find(({ role }) => role === 'baseline')?.arm ?? 'baseline';
  const comparisonOf = (arm: ArmAnalysis): Comparison | undefined => {
    const own = analysis.comparisons.filter(
      ({ candidate, measure }) =>
        candidate === arm.arm && measure.name === analysis.primaryMeasure.name,
    );
    return own.find((comparison) => comparison.baseline === baseline) ?? own[0];
  };
  const searches = analysis.arms.some(({ search }) => search !== null);
  const columns: Column[] = [
    { title: 'p50', cell: quantile(0.5) },
    { title: 'p95', cell: quantile(0.95) },
    { title: 'p99', cell: quantile(0.99) },
    {
      title: 'Highest rate',
      cell: (arm) => {
        if (arm.search !== null) return capacityText(arm);
        return searches && arm.trials.valid > 0 ? 'none: no probe passed' : NO_VALUE;
      },
    },
    {
      title: 'SELECTs per page',
      cell: ({ selectsPerPage: { server } }) => (server === null ? NO_VALUE : number(server)),
    },
    {
      title: 'CPU per page',
      cell: (arm) => {
        const cost = cpuMicros(arm);
        return cost === null ? NO_VALUE : micros(cost);
      },
    },
    {
      title: `${capital(analysis.primaryMeasure.title)} against ${baseline}`,
      cell: (arm) => {
        const comparison = comparisonOf(arm);
        if (comparison?.ratio == null) return arm.arm === baseline ? '1' : NO_VALUE;
        const other = comparison.baseline === baseline ? '' : ` of ${comparison.baseline}`;
        return `${ratioWithInterval(comparison.ratio)}${other}`;
      },
    },
    {
      title: 'Verdict',
      cell: (arm) => {
        const comparison = comparisonOf(arm);
        return comparison === undefined ? ROLES[arm.role] : verdictText(comparison);
      },
    },
    { title: VALID_TRIALS, cell: trialsText },
  ];
  const used = columns.filter(
    ({ title, cell }) =>
      title === VALID_TRIALS ||
      analysis.arms.some((arm) => ![NO_VALUE, 'baseline', '1'].includes(cell(arm))),
  );
  return {
    columns: ['Arm', ...used.map(({ title }) => title)],
    rows: analysis.arms.map((arm) => ({ arm, cells: used.map(({ cell }) => cell(arm)) })),
  };
}

/** `12`, `12 of 13`. */
function trialsText({ trials }: ArmAnalysis): string {
  const all = trials.valid + trials.invalid + trials.failed;
  return all === trials.valid ? `${all}` : `${trials.valid}\u00a0of\u00a0${all}`;
}

/** What the noise of this run allows to be found, in sentences. */
export function noiseSentences(analysis: ExperimentAnalysis): string[] {
  const sentences = analysis.comparisons
    .filter(({ rank }) => rank === 'noise floor')
    .map(({ candidate, baseline, ratio, measure, p, rounds }) =>
      ratio === null
        ? `A/A: ${candidate} against ${baseline}, the same arm twice, has no valid round.`
        : `A/A: the ${measure.title} of ${candidate} against ${baseline}, the same arm twice, is ${ratioWithInterval(ratio)} over ${plural(rounds, 'round')}${p === null ? '' : ` (p = ${number(p, 2)})`}; a difference of this size is noise.`,
    );
  const primary = analysis.comparisons.find(({ rank }) => rank === 'primary');
  const smallest = primary?.smallestFindableRatio;
  if (primary !== undefined && smallest != null) {
    sentences.push(
      `Smallest effect that ${plural(primary.rounds, 'round')} could have found (in 80 % of runs): a ${primary.measure.title} ${number((smallest - 1) * 100, 2)} % higher or ${number((1 - 1 / smallest) * 100, 2)} % lower.`,
    );
  } else if (primary?.rounds === 0) {
    sentences.push(
      `No verdict: no round has a valid trial of both ${primary.candidate} and ${primary.baseline}.`,
    );
  } else if (primary !== undefined) {
    sentences.push(
      `No verdict: ${plural(primary.rounds, 'round')} ${primary.rounds === 1 ? 'is' : 'are'} too few for a test. The intervals are drawn all the same.`,
    );
  }
  return sentences;
}

/** Every comparison of an experiment, those on other measures than the primary one included. */
export function comparisonTable({ comparisons }: ExperimentAnalysis): Figure['table'] {
  return {
    columns: [
      'measure',
      'candidate',
      'baseline',
      'ratio with 95 % interval',
      'rounds',
      'p',
      'p after Holm',
      'verdict',
    ],
    rows: comparisons.map((comparison) => [
      comparison.measure.title,
      comparison.candidate,
      comparison.baseline,
      comparison.ratio === null ? null : ratioWithInterval(comparison.ratio),
      comparison.rounds,
      comparison.p,
      comparison.pHolm,
      verdictText(comparison),
    ]),
  };
}

/** How the experiment was done, in one sentence. */
export function designSentence({ design, primaryMeasure }: ExperimentAnalysis): string {
  const rate =
    design.ratePerSecond === null ? '' : ` at ${number(design.ratePerSecond)} requests/s`;
  const updates =
    design.updatesPerSecond === 0
      ? ''
      : `, ${number(design.updatesPerSecond)} price updates per second where an arm has them`;
  const trial =
    design.pages === false
      ? 'each trial by itself: no page is asked for, the lab speaks to the services directly'
      : `each trial a fresh server: ${number(design.warmSeconds)} s of warm-up, ${number(design.measureSeconds)} s measured; ${design.arrivals}${rate}${updates}; database latency ${design.dbLatency} ms a round trip`;
  return `${plural(design.rounds, 'round')} of all arms in random order, ${trial}. Primary measure: ${primaryMeasure.title}. The trial is the sample; intervals are at 95 %.`;
}
