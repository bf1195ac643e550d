import {
  type ClaimResult,
  DISEASES,
  type Disease,
  type Estimate,
  type ExperimentAnalysis,
  type Score,
  type TheoryCheck,
  type TradeOff,
} from '../lab/result.ts';
import type { Figure } from './figure.ts';
import { capital, estimateWithInterval, inUnit, list, number, plural } from './format.ts';
import { POLICY_STYLES } from './palette.ts';

/** What the first page of a run of several experiments says, before it becomes HTML or Markdown. */

/** Our best combination: where something beats it, the scorecard says so. */
const BEST = 'hardened';
/** The story makes claims C1 to C30. */
const CLAIMS = 30;

/** What a tone looks like without colour. */
export const TONE_SIGNS = { good: '✓', bad: '✗', neutral: '·' } as const;

/** A score and the experiment that gave it. */
export type Scored = Score & { experiment: string };

/** Policies by diseases; a disease that nothing was scored in has no column. */
export interface Scorecard {
  diseases: Disease[];
  rows: { policy: string; cells: Scored[][] }[];
}

/** Null where no experiment has a score, as in runs of older versions. */
export function scorecard(experiments: readonly ExperimentAnalysis[]): Scorecard | null {
  const scores = allScores(experiments);
  if (scores.length === 0) return null;
  const diseases = DISEASES.filter((disease) => scores.some((one) => one.disease === disease));
  const known = Object.keys(POLICY_STYLES).filter((policy) => policy !== BEST);
  const place = (policy: string): number =>
    policy === BEST ? Number.POSITIVE_INFINITY : known.indexOf(policy) + 1 || known.length + 1;
  const policies = [...new Set(scores.map(({ policy }) => policy))].sort(
    (a, b) => place(a) - place(b),
  );
  return {
    diseases,
    rows: policies.map((policy) => ({
      policy,
      cells: diseases.map((disease) =>
        scores.filter((one) => one.policy === policy && one.disease === disease),
      ),
    })),
  };
}

function allScores(experiments: readonly ExperimentAnalysis[]): Scored[] {
  return experiments.flatMap(({ name, scores = [] }) =>
    scores.map((score) => ({ ...score, experiment: name })),
  );
}

/** `95 % interval 51.1 to 57.3, n = 20`; empty without an interval. */
export function intervalText(estimate: Estimate | null): string {
  if (estimate?.interval == null) return '';
  const { low, high } = estimate.interval;
  return `95 % interval ${number(low)} to ${number(high)}, n = ${estimate.n}`;
}

/** Where another policy has a smaller figure than our best one, by scores of the same experiment and disease. */
export interface Defeat {
  disease: Disease;
  best: Scored;
  by: Scored;
}

/**
 * Every policy that beats the best one in a disease: its interval lies below, or, for counts without interval, its value.
 * A score's figure is a cost in every disease, so smaller is better.
 */
export function defeats(experiments: readonly ExperimentAnalysis[]): Defeat[] {
  const scores = allScores(experiments);
  return scores
    .filter(({ policy }) => policy === BEST)
    .flatMap((best) =>
      scores
        .filter(
          (other) =>
            other.policy !== BEST &&
            other.disease === best.disease &&
            other.experiment === best.experiment &&
            isBelow(other.estimate, best.estimate),
        )
        .map((by) => ({ disease: best.disease, best, by })),
    );
}

function isBelow(a: Estimate | null, b: Estimate | null): boolean {
  if (a === null || b === null) return false;
  const [high, low] = [a.interval?.high ?? a.value, b.interval?.low ?? b.value];
  return high < low;
}

/** What the scorecard says about our best combination, one sentence a line; empty where it was not scored. */
export function bestSentences(experiments: readonly ExperimentAnalysis[]): string[] {
  const own = allScores(experiments).filter(({ policy }) => policy === BEST);
  if (own.length === 0) return [];
  const found = defeats(experiments);
  const beaten = new Set(found.map(({ disease }) => disease));
  const scored = DISEASES.filter((disease) => own.some((one) => one.disease === disease));
  const held = scored.filter((disease) => !beaten.has(disease));
  return [
    ...DISEASES.filter((disease) => beaten.has(disease)).map((disease) => {
      const here = found.filter((one) => one.disease === disease);
      const by = [...new Set(here.map(({ by: other }) => `${other.policy} (${other.words})`))];
      const mine = [...new Set(here.map(({ best }) => best.words))];
      return `${BEST} is beaten in ${disease}: ${list(by)}, against its ${list(mine)}.`;
    }),
    ...(held.length === 0 ? [] : [`No other arm beats ${BEST} in ${list(held)}.`]),
  ];
}

/** All points of the Pareto picture; those of two experiments with one name are told apart by the experiment. */
export function allTradeOffs(experiments: readonly ExperimentAnalysis[]): TradeOff[] {
  const all = experiments.flatMap(({ name, tradeOffs = [] }) =>
    tradeOffs.map((point) => ({ point, name })),
  );
  return all.map(({ point, name }) => {
    const twice = all.some(
      (other) => other.name !== name && pointName(other.point) === pointName(point),
    );
    if (!twice) return point;
    return { ...point, variant: [point.variant, name].filter((part) => part !== '').join(', ') };
  });
}

const pointName = ({ policy, variant }: TradeOff): string => `${policy} ${variant}`;

/** One line of the ledger: a claim as one experiment judged it. */
export type Judgement = ClaimResult & { experiment: string; title: string };

/** The story's claims in their order, each as often as it was judged, and the ids that nothing judged. */
export function ledger(experiments: readonly ExperimentAnalysis[]): {
  judged: Judgement[];
  open: string[];
} {
  const judged = experiments
    .flatMap(({ name, title, claims }) =>
      claims.map((claim) => ({ ...claim, experiment: name, title })),
    )
    .filter(({ verdict }) => verdict !== 'not judged')
    .sort((a, b) => numberOf(a) - numberOf(b));
  const ids = Array.from({ length: CLAIMS }, (_, index) => `C${index + 1}`);
  return { judged, open: ids.filter((id) => judged.every((one) => one.id !== id)) };
}

const numberOf = ({ id }: ClaimResult): number => Number(id.slice(1));

/** `3 confirmed, 4 refuted, 2 depend; not judged in this run: C2, C9.` */
export function ledgerSentence({ judged, open }: ReturnType<typeof ledger>): string {
  const count = (verdict: ClaimResult['verdict']): number =>
    judged.filter((one) => one.verdict === verdict).length;
  const counts = `${plural(judged.length, 'judgement')}: ${count('confirmed')} confirmed, ${count('refuted')} refuted, ${count('depends')} depending on conditions.`;
  return open.length === 0 ? counts : `${counts} Not judged in this run: ${open.join(', ')}.`;
}

/** What theory says and what was measured, in one row each. */
export function theoryTable(theory: readonly TheoryCheck[]): Figure['table'] {
  return {
    columns: ['arm', 'quantity', 'formula', 'theory', 'measured', 'verdict', 'note'],
    rows: theory.map((check) => [
      check.arm,
      check.quantity,
      check.formula,
      inUnit(check.theory, check.unit),
      estimateWithInterval(check.measured, check.unit),
      check.agrees === null ? 'no interval' : check.agrees ? 'agrees' : 'differs',
      check.note,
    ]),
  };
}

/**
 * How many of the comparisons with theory differ, and how many would by chance: a 95 % interval misses the truth in 1 of 20
 * cases.
 */
export function differenceSentence(experiments: readonly ExperimentAnalysis[]): string {
  const judged = experiments.flatMap(({ theory = [] }) =>
    theory.filter(({ agrees }) => agrees !== null),
  );
  const differing = judged.filter(({ agrees }) => agrees === false).length;
  return `Theory and measurement differ in ${differing} of ${plural(judged.length, 'comparison')}; by chance alone it would be about ${number(judged.length * 0.05)}`;
}

/** Theory that the measurement contradicts, one sentence each. */
export function mismatches({ theory = [] }: ExperimentAnalysis): string[] {
  return theory
    .filter(({ agrees }) => agrees === false)
    .map(
      ({ arm, quantity, formula, theory: expected, unit, measured, note }) =>
        `${arm}, ${quantity}: theory says ${inUnit(expected, unit)} (${formula}), measured ${estimateWithInterval(measured, unit)}. ${capital(note)}`,
    );
}
