import type { ExperimentAnalysis } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { dotStrip, sampleRows } from '../../reports/charts/dot-strip.ts';
import { forest } from '../../reports/charts/forest.ts';
import { intervals } from '../../reports/charts/intervals.ts';
import type { IntervalRow } from '../../reports/charts/intervals.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { ratioWithInterval } from '../../reports/format.ts';

/** Figures of the experiment, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const comparisons = analysis.comparisons.filter(
    ({ baseline, ratio }) => baseline === 'cached' && ratio !== null,
  );
  const theory = Object.fromEntries(
    (analysis.theory ?? []).map((check) => [check.arm, check.theory]),
  );
  return [
    forest(analysis, { title: hitTitle(analysis), comparisons }),
    dotStrip(analysis, {
      id: 'loads',
      title: 'How often an expired page is loaded by 4 processes',
      subtitle:
        '40 readers at once of a page that is gone; each dot is one expiry, the bar is theory.',
      axis: 'loads per expiry (log scale)',
      spacing: 'log',
      rows: sampleRows(analysis, 'loadsPerExpiry', theory),
    }),
    intervals(analysis, {
      id: 'stale-sets',
      title: 'Whether the old page stays after an edit that fell into a load',
      subtitle:
        'Share of edits after which some process still sends the old page when all is quiet.',
      axis: 'edits with a stale set, share',
      share: true,
      rows: staleRows(analysis),
    }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function hitTitle(analysis: ExperimentAnalysis): string {
  const primary = analysis.comparisons.find(({ rank }) => rank === 'primary');
  if (primary?.ratio == null) return 'Too few valid rounds for a ratio';
  return `A hit through ${primary.candidate} costs ${ratioWithInterval(primary.ratio)} of ours in CPU`;
}

function staleRows({ arms }: ExperimentAnalysis): IntervalRow[] {
  return arms.flatMap(({ arm, findings }) => {
    const edits = findings?.totals['edits'] ?? 0;
    const staleSets = findings?.totals['staleSets'] ?? 0;
    const estimate = wilson(staleSets, edits);
    return estimate === null ? [] : [{ arm, estimate, text: `${staleSets} of ${edits}` }];
  });
}
