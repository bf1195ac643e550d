import { armOf } from '../../lab/claims.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { dotStrip } from '../../reports/charts/dot-strip.ts';
import { intervals } from '../../reports/charts/intervals.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number } from '../../reports/format.ts';
import { busiestShare, inPercent, longestStaleMs, staleShare } from './judgement.ts';
import { COPIES } from './keys.ts';

/** Figures of the hot-key experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [busiest(analysis), nodes(analysis), stale(analysis), trialStrip(analysis)].filter(
    (figure) => figure !== null,
  );
}

function busiest(analysis: ExperimentAnalysis): Figure | null {
  const share = (name: string): number | null => busiestShare(armOf(analysis, name))?.value ?? null;
  const [hot, copies] = [share('cluster'), share('cluster-copies')];
  return intervals(analysis, {
    id: 'busiest',
    title:
      hot === null || copies === null
        ? 'Share of the reads that the busiest node answers'
        : `${COPIES} copies of a hot key take the busiest of three nodes from ${number(hot * 100)} % to ${number(copies * 100)} % of the reads`,
    subtitle:
      'GETs that the busiest node counted over all reads, one key having 90 % of them; 95 % intervals (Wilson).',
    axis: 'share of the reads',
    share: true,
    rows: analysis.arms.flatMap((arm) => {
      const estimate = busiestShare(armOf(analysis, arm.arm));
      if (estimate === null) return [];
      const commands = arm.findings?.samples['commandsPerWrite']?.[0] ?? 1;
      const text = `${inPercent(estimate)}${commands > 1 ? `; ${number(commands)} commands per change` : ''}`;
      return [{ arm: arm.arm, estimate, text }];
    }),
  });
}

function nodes(analysis: ExperimentAnalysis): Figure | null {
  const rows = ['cluster', 'cluster-copies'].flatMap((name) => {
    const samples = armOf(analysis, name)?.findings?.samples ?? {};
    return Object.entries(samples)
      .filter(([key]) => key.startsWith('share/'))
      .map(([key, values]) => {
        const theory = samples[key.replace('share/', 'expected/')]?.[0];
        return {
          arm: `${name}, ${key.replace('share/', '')}`,
          values,
          ...(theory === undefined ? {} : { theory }),
        };
      });
  });
  return dotStrip(analysis, {
    id: 'nodes',
    title: 'Which node answers: the slot of the key decides, and so does that of each copy',
    subtitle: 'Share of all GETs by node, one dot a trial.',
    rows,
    axis: 'share of the GETs',
    share: true,
  });
}

function stale(analysis: ExperimentAnalysis): Figure | null {
  const local = armOf(analysis, 'local');
  const longest = longestStaleMs(local);
  return intervals(analysis, {
    id: 'stale',
    title:
      longest === null
        ? 'Reads of the hot key that were old'
        : `Behind a local cache of 1 s the hot value is old for up to ${milliseconds(longest)}`,
    subtitle:
      'Share of the hot reads that began after a newer value had been acknowledged; it changes every 300 ms. 95 % intervals, and 3 / n where none was old.',
    axis: 'old reads',
    share: true,
    rows: analysis.arms.flatMap((arm) => {
      const estimate = staleShare(armOf(analysis, arm.arm));
      if (estimate === null) return [];
      const most = longestStaleMs(arm) ?? 0;
      const text = `${inPercent(estimate)}${most > 0 ? `, for ${milliseconds(most)} at most` : ''}`;
      return [{ arm: arm.arm, estimate, text }];
    }),
  });
}
