import type { Figure } from '../figure.ts';
import { estimateWithInterval, list, micros } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { seriesOf } from './series.ts';

const ROW_HEIGHT = 48;

/** Process groups in the order of their part of a bar, with the measure that each is read from. */
const APART = [
  { measure: 'serverCpuMicros', name: 'server', colour: colour('purple') },
  { measure: 'postgresCpuMicros', name: 'Postgres', colour: colour('green') },
  { measure: 'redisCpuMicros', name: 'Redis', colour: colour('sky') },
] as const;

/** The measure of experiments that do not tell the groups apart. */
const TOGETHER = [
  {
    measure: 'cpuMicrosPerPage',
    name: 'server, Postgres and Redis together',
    colour: colour('purple'),
  },
] as const;

/** CPU time per page of all groups, in µs; null where an experiment does not measure it. */
export function cpuMicros(arm: ArmAnalysis): number | null {
  const together = arm.measures[TOGETHER[0].measure];
  if (together != null) return together.value;
  const parts = APART.flatMap(({ measure }) => arm.measures[measure]?.value ?? []);
  return parts.length === 0 ? null : parts.reduce((sum, part) => sum + part, 0);
}

/** What a page costs: CPU time per request, by process group. The load generator is not in it. */
export function cpuBars(analysis: ExperimentAnalysis, text: { title: string }): Figure | null {
  const measured = ({ measure }: { measure: string }) =>
    analysis.arms.some(({ measures }) => measures[measure] != null);
  const apart = APART.filter(measured);
  const groups = apart.length > 0 ? apart : TOGETHER.filter(measured);
  const series = seriesOf(analysis.arms, ({ measures }) =>
    groups.some(({ measure }) => measures[measure] != null),
  );
  if (groups.length === 0 || series.length === 0) return null;
  const totals = series.map(({ arm, name }) => {
    const parts = groups.map(({ measure }) => arm.measures[measure]?.value ?? 0);
    const total = parts.reduce((sum, part) => sum + part, 0);
    return { arm: name, total, label: `${name}: ${micros(total)}` };
  });
  const parts = series.flatMap(({ arm, name }) => {
    let from = 0;
    return groups.map(({ measure, name: group }) => {
      const start = from;
      from += arm.measures[measure]?.value ?? 0;
      return { arm: name, group, from: start / 1000, to: from / 1000 };
    });
  });
  const y = {
    field: 'arm',
    type: 'nominal',
    sort: series.map(({ name }) => name),
    axis: null,
    scale: { domain: series.map(({ name }) => name), paddingInner: 0, paddingOuter: 0 },
  } as const;
  return {
    id: `${analysis.name}-cpu`,
    title: text.title,
    subtitle: `CPU time per page request, ${list(groups.map(({ name }) => name))}; geometric mean over trials, the load generator not counted.`,
    description: `${totals.map(({ label }) => label).join('; ')} of CPU per page.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: series.length * ROW_HEIGHT,
      layer: [
        {
          data: { values: parts },
          mark: { type: 'bar', height: 16, yOffset: 9 },
          encoding: {
            x: {
              field: 'from',
              type: 'quantitative',
              scale: { domainMin: 0, nice: true },
              axis: { title: 'CPU per page request, ms', tickCount: 6 },
            },
            x2: { field: 'to' },
            y,
            color: {
              field: 'group',
              type: 'nominal',
              scale: {
                domain: groups.map(({ name }) => name),
                range: groups.map((group) => group.colour),
              },
              ...(groups.length === 1 ? { legend: null } : { legend: { columns: 3 } }),
            },
          },
        },
        {
          data: { values: totals },
          mark: { type: 'text', x: 4, align: 'left', baseline: 'middle', dy: -10 },
          encoding: { y, text: { field: 'label' } },
        },
      ],
    },
    table: {
      columns: ['arm', ...groups.map(({ name }) => name), ...(groups.length > 1 ? ['sum'] : [])],
      rows: series.map(({ arm, name }, index) => [
        name,
        ...groups.map(({ measure }) => {
          const estimate = arm.measures[measure];
          return estimate == null ? null : estimateWithInterval(estimate, 'µs');
        }),
        ...(groups.length > 1 ? [micros(totals[index]?.total ?? 0)] : []),
      ]),
    },
  };
}
