import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { dotStrip, sampleRows } from '../../reports/charts/dot-strip.ts';
import { forest } from '../../reports/charts/forest.ts';
import { heatmap } from '../../reports/charts/heatmap.ts';
import { rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number, plural, ratioWithInterval } from '../../reports/format.ts';

/** Figures of the stampede, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const theory = Object.fromEntries(
    (analysis.theory ?? [])
      .filter(({ quantity }) => quantity === 'loads per expiry')
      .map((check) => [check.arm, check.theory]),
  );
  const comparisons = analysis.comparisons.filter(({ ratio }) => ratio?.interval != null);
  return [
    dotStrip(analysis, {
      id: 'loads',
      title: loadsTitle(analysis),
      subtitle: 'How often the page was loaded for one expiry; each dot is one expiry.',
      axis: 'loads per expiry (log scale)',
      spacing: 'log',
      rows: sampleRows(analysis, 'loadsPerExpiry', theory),
    }),
    rateLines(analysis, {
      id: 'in-flight',
      title: inFlightTitle(analysis),
      subtitle: 'Loads under way at the same time, mean over all expiries of the arm.',
      axis: 'loads under way',
      unit: '',
      lines: seriesLines(analysis, 'loadsInFlight').filter(({ arm }) => IN_FLIGHT.includes(arm)),
      xTitle: 'seconds since the expiry',
      events: {},
    }),
    heatmap(analysis, {
      id: 'heat',
      title: 'An expiry without defence is a block of slow pages; with hardened it cannot be seen',
      subtitle: 'Response times about the expiries, laid over each other; open arrivals.',
      axis: 'response time, ms (log scale)',
      panels: analysis.arms.flatMap(({ arm, findings }) => {
        const own = (findings?.series ?? []).filter(({ name }) => name === 'response');
        return own.length === 0 ? [] : [{ arm, points: own.flatMap(({ points }) => points) }];
      }),
      xTitle: 'seconds since the expiry',
    }),
    dotStrip(analysis, {
      id: 'tail',
      title: tailTitle(analysis),
      subtitle:
        'Slowest reader about an expiry over the slowest of as many hits before it; open arrivals, each dot one expiry. “hits over hits” is the same for two stretches of hits: what chance makes of equals.',
      axis: 'p99 about an expiry / p99 on hits (log scale)',
      spacing: 'log',
      rows: [...sampleRows(analysis, 'p99Ratio'), ...hitsRow(analysis)],
    }),
    dotStrip(analysis, {
      id: 'recovery',
      title: recoveryTitle(analysis),
      subtitle:
        'From the first read that was no hit to the end of the last one. Under stale-while-revalidate such readers have the old page at once.',
      axis: 'ms (log scale)',
      spacing: 'log',
      rows: sampleRows(analysis, 'recoveryMs'),
    }),
    comparisons.length === 0
      ? null
      : forest(analysis, { title: forestTitle(analysis), comparisons }),
  ].filter((figure) => figure !== null);
}

/** Few enough panels to be read at a glance. */
const IN_FLIGHT = [
  'cached',
  'lock-naive-x4',
  'single-flight-x4',
  'hardened',
  'cached-open',
  'lock-short',
];

const armNamed = (analysis: ExperimentAnalysis, name: string): ArmAnalysis | undefined =>
  analysis.arms.find(({ arm }) => arm === name);

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function loadsTitle(analysis: ExperimentAnalysis): string {
  const none = mean(armNamed(analysis, 'cached')?.findings?.samples['loadsPerExpiry'] ?? []);
  const ones = analysis.arms.filter(({ findings }) => {
    const values = findings?.samples['loadsPerExpiry'] ?? [];
    return values.length > 0 && values.every((value) => value === 1);
  });
  if (none === null) return 'Loads per expiry';
  return `One expiry: ${number(none)} loads without defence, exactly 1 in ${plural(ones.length, 'arm')}`;
}

function inFlightTitle(analysis: ExperimentAnalysis): string {
  const lines = seriesLines(analysis, 'loadsInFlight');
  const none = lines.find(({ arm }) => arm === 'cached');
  if (none === undefined) return 'What an expiry sends to the database';
  const peak = Math.max(...none.points.map(([, value]) => value));
  return `Without defence ${number(peak)} loads are under way at once, each with a connection of its own`;
}

function recoveryTitle(analysis: ExperimentAnalysis): string {
  const ms = armNamed(analysis, 'cached')?.measures['recoveryMs']?.value;
  if (ms === undefined) return 'Until all reads are plain hits again';
  return `Without defence it takes ${milliseconds(ms)} until all reads are hits again`;
}

function tailTitle(analysis: ExperimentAnalysis): string {
  const median = (name: string): number | null =>
    armNamed(analysis, name)?.measures['p99Ratio']?.value ?? null;
  const [none, all] = [median('cached-open'), median('hardened-open')];
  if (none === null || all === null) return 'What an expiry does to the tail';
  const around = armNamed(analysis, 'cached-open')?.measures['p99Ms']?.value;
  const word = around === undefined ? '' : ` (${milliseconds(around)})`;
  return `About an expiry the p99 is ${number(none)} times that on hits without defence${word}, ${number(all)} times with hardened`;
}

/** The noise of the machine, from the arm with the most expiries. */
function hitsRow(analysis: ExperimentAnalysis): { arm: string; values: readonly number[] }[] {
  const values = analysis.arms.flatMap(({ findings }) => findings?.samples['p99HitsRatio'] ?? []);
  return values.length === 0 ? [] : [{ arm: 'hits over hits', values }];
}

function forestTitle(analysis: ExperimentAnalysis): string {
  const primary = analysis.comparisons.find(({ rank }) => rank === 'primary');
  if (primary?.ratio == null) return 'Defences against none';
  return `${primary.measure.title} of ${primary.candidate}: ${ratioWithInterval(primary.ratio)} of ${primary.baseline}`;
}
