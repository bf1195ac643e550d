import { claim, figure, notJudged } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ClaimResult, Estimate } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { SERIOUS_RATIO } from './plan.ts';

type Arms = Pick<Analysed, 'arms'>;

/** Before the cure all arms do the same: their trials count together. */
export function beforeCure(analysis: Arms, quantity: string): Estimate | null {
  return arithmeticMean(analysis.arms.flatMap(({ findings }) => findings?.samples[quantity] ?? []));
}

/** After one cure. */
export function afterCure(analysis: Arms, arm: string, quantity: string): Estimate | null {
  const samples = analysis.arms.find((one) => one.arm === arm)?.findings?.samples;
  return arithmeticMean(samples?.[quantity] ?? []);
}

export const inWords = ({ value, interval }: Estimate): string =>
  interval === null
    ? figure(value)
    : `${figure(value)} (${figure(interval.low)} to ${figure(interval.high)})`;

/** Memory that the operating system gave and no value is in. */
export function wastedMiB(analysis: Arms, moment: string, arm?: string): number | null {
  const read = (quantity: string): number | null =>
    (arm === undefined
      ? beforeCure(analysis, `${quantity} ${moment}`)
      : afterCure(analysis, arm, `${quantity} ${moment}`)
    )?.value ?? null;
  const [rss, used] = [read('rssMiB'), read('usedMiB')];
  return rss === null || used === null ? null : rss - used;
}

export function answer(analysis: Analysed): string {
  const ratio = beforeCure(analysis, 'ratio fragmented');
  const waste = wastedMiB(analysis, 'fragmented');
  if (ratio === null || waste === null) return 'No answer: no valid trial.';
  const cured = analysis.arms.flatMap(({ arm }) => {
    const after = afterCure(analysis, arm, 'ratio cured');
    return after === null ? [] : [`${arm} ${figure(after.value)}`];
  });
  return `Values of changing sizes and then deletes take the ratio to ${inWords(ratio)}, ${figure(waste)} MiB of nothing; after the cures: ${cured.join(', ')}.`;
}

/** C15: is the ratio a disease, and does activedefrag heal it? */
export function claims(analysis: Analysed): ClaimResult[] {
  const ratio = beforeCure(analysis, 'ratio fragmented');
  const empty = beforeCure(analysis, 'ratio empty');
  if (ratio === null || empty === null) return [notJudged('C15', 'no valid trial')];
  if ((ratio.interval?.low ?? ratio.value) <= SERIOUS_RATIO)
    return [notJudged('C15', `the ratio came to ${inWords(ratio)}, not above ${SERIOUS_RATIO}`)];
  const support = afterCure(analysis, 'activedefrag', 'supported');
  const healed = afterCure(analysis, 'activedefrag', 'ratio cured');
  const measured = [
    `ratio ${inWords(ratio)} after the churn, ${figure(wastedMiB(analysis, 'fragmented') ?? 0)} MiB too much`,
    `${inWords(empty)} on an empty server, ${figure(wastedMiB(analysis, 'empty') ?? 0)} MiB`,
    ...(healed === null || support === null
      ? []
      : [
          `${inWords(healed)} after activedefrag${support.value === 0 ? ', which this build lacks' : ''}`,
        ]),
  ].join('; ');
  const size =
    empty.value > SERIOUS_RATIO
      ? 'an empty server has a ratio above 1.5 too, and nothing is wrong with it: look at the bytes beside it'
      : null;
  const speed = speedText(analysis);
  if (healed === null || support === null)
    return [notJudged('C15', `no valid trial with activedefrag; ${measured}`)];
  if (support.value === 0) {
    const reason = [
      'on the build: this one has no active defragmentation (it needs the jemalloc that Redis ships), so whether that heals is not shown',
      ...othersText(analysis),
      ...(size === null ? [] : [size]),
      ...speed,
    ].join('; ');
    return [claim('C15', 'depends', measured, reason)];
  }
  if ((healed.interval?.high ?? healed.value) > SERIOUS_RATIO)
    return [claim('C15', 'refuted', measured, 'activedefrag did not bring it below 1.5')];
  return size === null
    ? [claim('C15', 'confirmed', measured, ['activedefrag heals it', ...speed].join('; '))]
    : [
        claim(
          'C15',
          'depends',
          measured,
          ['on the size: activedefrag heals it, but', size, ...speed].join(' '),
        ),
      ];
}

/** What else brings the memory back, or needs none. */
function othersText(analysis: Analysed): string[] {
  const of = (arm: string, words: string): string[] => {
    const ratio = afterCure(analysis, arm, 'ratio cured');
    const waste = wastedMiB(analysis, 'cured', arm);
    return ratio === null || waste === null
      ? []
      : [`${words} leaves ${inWords(ratio)}, ${figure(waste)} MiB too much`];
  };
  return [
    ...of('restart', 'a restart from a snapshot'),
    ...of('purge', 'MEMORY PURGE'),
    ...of('refill', 'to write as much again as was deleted'),
  ];
}

function speedText(analysis: Analysed): string[] {
  const [before, after] = [
    beforeCure(analysis, 'readMicros before'),
    beforeCure(analysis, 'readMicros after'),
  ];
  if (before === null || after === null) return [];
  return [
    `a GET costs ${inWords(before)} µs of CPU before the deletes and ${inWords(after)} µs after them`,
  ];
}
