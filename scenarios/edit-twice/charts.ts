import { wilson } from '../../lab/stats/wilson.ts';
import type { ArmAnalysis, Estimate, ExperimentAnalysis } from '../../lab/result.ts';
import { intervals } from '../../reports/charts/intervals.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { list, percent } from '../../reports/format.ts';

/** Stuck rounds of all rounds, with Wilson's interval. */
export function stuckShare({ findings }: ArmAnalysis): Estimate | null {
  const { rounds = 0, stuckRounds = 0 } = findings?.totals ?? {};
  return wilson(stuckRounds, rounds);
}

/** Figures of the edit-twice experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const rows = analysis.arms.flatMap((arm) => {
    const estimate = arm.trials.valid === 0 ? null : stuckShare(arm);
    if (estimate === null) return [];
    const { rounds = 0, stuckRounds = 0, overtakenRounds = 0 } = arm.findings?.totals ?? {};
    return [
      {
        arm: arm.arm,
        estimate,
        text: `${stuckRounds} of ${rounds} rounds stuck; the second edit fell into a load in ${overtakenRounds}`,
      },
    ];
  });
  return [
    intervals(analysis, {
      id: 'stuck',
      title: title(analysis.arms),
      subtitle:
        'Rounds of two edits inside one rebuild, then quiet: the share whose page still lacks the second edit, with Wilson’s 95 % interval; where there is none, the bar ends at the bound 3 / n.',
      axis: 'rounds stuck until the TTL',
      share: true,
      rows,
    }),
    trialStrip(analysis, { look: 'policy' }),
  ].filter((figure) => figure !== null);
}

function title(arms: readonly ArmAnalysis[]): string {
  const parts = ['lock', 'single-flight', 'invalidated', 'lease'].flatMap((name) => {
    const arm = arms.find((one) => one.arm === name);
    const share = arm === undefined ? null : stuckShare(arm);
    return share === null ? [] : [`${percent(share.value)} with ${name}`];
  });
  return parts.length === 0
    ? 'Rounds stuck until the TTL'
    : `Two edits in one rebuild leave the page old until its TTL: ${list(parts)}`;
}
