import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { dotStrip, sampleRows } from '../../reports/charts/dot-strip.ts';
import { rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { number } from '../../reports/format.ts';

/** Figures of the avalanche experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const capacity = capacitySelects(analysis.arms);
  const rules =
    capacity === null
      ? []
      : [{ value: capacity, label: `all that the database can do, ${number(capacity)}/s` }];
  return [
    rateLines(analysis, {
      id: 'selects',
      title: selectsTitle(analysis),
      subtitle: 'SELECTs in each second of the measured phase, mean over the valid trials.',
      lines: seriesLines(analysis, 'selects'),
      axis: 'SELECTs per second',
      unit: '/s',
      rules,
    }),
    rateLines(analysis, {
      id: 'expiries',
      title: 'The cliff is in the lives: copies that end in each second',
      subtitle:
        'From the lives that the server wrote into the copies; mean over the valid trials; log scale with 0.',
      lines: seriesLines(analysis, 'expiries'),
      axis: 'copies that end per second',
      unit: '/s',
      spacing: 'log',
    }),
    dotStrip(analysis, {
      id: 'peaks',
      title: peaksTitle(analysis),
      subtitle:
        'SELECTs in the highest second of each trial. Theory: copies that end per second times the SELECTs of a page; for one TTL what the database can do at most.',
      rows: sampleRows(analysis, 'peakSelectsPerSecond', theoryPeaks(analysis.arms)),
      axis: 'SELECTs in the highest second',
    }),
    rateLines(analysis, {
      id: 'failed',
      title: 'Pages that failed, by second',
      subtitle: 'Answers of 503: the wait for a connection was over. Mean over the valid trials.',
      lines: seriesLines(analysis, 'failed').filter(({ points }) => points.some(([, y]) => y > 0)),
      axis: 'failed pages per second',
      unit: '/s',
    }),
    timeline(analysis, { title: 'What readers wait, by second' }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
}

function capacitySelects(arms: readonly ArmAnalysis[]): number | null {
  return meanOf(
    arms.flatMap(({ findings }) => findings?.samples['capacitySelectsPerSecond'] ?? []),
  );
}

/** By arm, where theory knows the peak. */
function theoryPeaks(arms: readonly ArmAnalysis[]): Record<string, number> {
  const able = capacitySelects(arms);
  const known = arms.flatMap(({ arm, findings }): [string, number][] => {
    const seconds = findings?.totals['plateauSelectSeconds'] ?? 0;
    if (seconds > 0) return [[arm, (findings?.totals['plateauSelectsExpected'] ?? 0) / seconds]];
    return arm.startsWith('flat') && able !== null ? [[arm, able]] : [];
  });
  return Object.fromEntries(known);
}

function peakOf(analysis: ExperimentAnalysis, ...names: string[]): number | null {
  const found = analysis.arms.find(({ arm, trials }) => names.includes(arm) && trials.valid > 0);
  return found?.measures['peakSelectsPerSecond']?.value ?? null;
}

function selectsTitle(analysis: ExperimentAnalysis): string {
  const flat = peakOf(analysis, 'flat', 'flat-300');
  const jitter = peakOf(analysis, 'jitter10', 'jitter10-300');
  if (flat === null || jitter === null) return 'SELECTs per second around the end of the copies';
  return `One TTL for all drives the database to ${number(flat)} SELECTs/s, ± 10 % to ${number(jitter)}`;
}

function peaksTitle(analysis: ExperimentAnalysis): string {
  const even = peakOf(analysis, 'jitter50');
  const flat = peakOf(analysis, 'flat');
  if (even === null || flat === null) return 'The highest second of each trial';
  return `From one TTL to ± 50 % the highest second falls from ${number(flat)} to ${number(even)} SELECTs`;
}
