import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { type MatrixCell, matrix } from '../../reports/charts/heatmap.ts';
import { type RateLine, rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number, percent } from '../../reports/format.ts';
import { type Fault, FAULTS, nameOf, type Protection, PROTECTIONS } from './arms.ts';
import { brokenParts, type Cell, cellOf, cellsOf, extraMs, PROMISE } from './cells.ts';

const LADDER = Object.keys(PROTECTIONS) as Protection[];
/** Shown on time axes, one panel a protection: those that were tried, the first ones first. */
const SHOWN: readonly Fault[] = ['redis-frozen', 'postgres-slow', 'both-away'];

/** Figures of the degradation experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [availability(analysis), ...timeAxes(analysis)].filter((figure) => figure !== null);
}

function availability(analysis: ExperimentAnalysis): Figure | null {
  const tried = LADDER.filter((protection) => cellsOf(analysis, [protection]).length > 0);
  return matrix(analysis, {
    id: 'matrix',
    title: titleOf(analysis),
    subtitle: `Pages that came within 2 s of those asked for from the fault to the end, and how much longer the slow ones took than undisturbed (p95, with many pages p99). Promise: ${percent(PROMISE.availability)}, no more than the configured timeouts longer, well again within ${PROMISE.recoverySeconds} s.`,
    columns: tried.map((protection) => PROTECTIONS[protection]),
    rows: (Object.keys(FAULTS) as Fault[]).map((fault) => ({
      name: FAULTS[fault],
      cells: tried.map((protection) => {
        const cell = cellOf(analysis, protection, fault);
        return cell === null ? null : wordOf(cell);
      }),
    })),
  });
}

function wordOf(cell: Cell): MatrixCell {
  const { pages, answered, availability: share, tail, recoverySeconds, configuredMs } = cell;
  const extra = extraMs(cell);
  const longer = extra === null ? '–' : Number.isFinite(extra) ? signed(extra) : 'no end';
  const broken = brokenParts(cell);
  const quantile =
    tail === null ? '' : `p${tail.q * 100}, undisturbed ${milliseconds(tail.quietMs)}`;
  const limit = configuredMs === null ? 'no timeout' : `timeouts ${milliseconds(configuredMs)}`;
  return {
    word: `${percent(share.value)}, ${longer}`,
    tone: broken.length === 0 ? 'good' : 'bad',
    detail:
      `${answered} of ${pages} pages (${percent(share.low)} to ${percent(share.high)}); ${quantile}; ${limit}; ` +
      `well again after ${recoverySeconds.toFixed(1)} s; at most ${cell.mostWaiting} waiting for a connection, ${cell.shed} turned away, ${cell.stale} old pages` +
      (broken.length === 0 ? '' : `; broken: ${broken.join(', ')}`),
  };
}

const signed = (ms: number): string => (ms < 0 ? `−${milliseconds(-ms)}` : `+${milliseconds(ms)}`);

function titleOf(analysis: ExperimentAnalysis): string {
  const held = (protection: Protection): string => {
    const cells = cellsOf(analysis, [protection]);
    return `${cells.filter((cell) => brokenParts(cell).length === 0).length} of ${cells.length}`;
  };
  return `Faults that the page survives: ${held('none')} without protection, ${held('full')} with all of it`;
}

/** Pages in time, queue and circuit by second, for a few faults. */
function timeAxes(analysis: ExperimentAnalysis): (Figure | null)[] {
  return SHOWN.flatMap((fault) => {
    const lines = (series: string): RateLine[] => linesOf(analysis, fault, series);
    const events = eventsOf(analysis.arms, fault);
    const name = FAULTS[fault];
    return [
      rateLines(analysis, {
        id: `answered-${fault}`,
        title: answeredTitle(name, lines('answered')),
        subtitle:
          'Per cent of the pages of each half second that came within 2 s, mean over the trials.',
        lines: lines('answered'),
        ...{ axis: 'pages in time, %', unit: '%', events },
      }),
      rateLines(analysis, {
        id: `slowest-${fault}`,
        title: `${name}: the slowest page`,
        subtitle:
          'Longest response time among the pages asked for in each half second, mean over the trials; log scale.',
        lines: lines('slowest'),
        ...{ axis: 'slowest page, ms', unit: 'ms', spacing: 'log', events },
      }),
      fault === 'redis-frozen'
        ? rateLines(analysis, {
            id: `circuit-${fault}`,
            title: `${name}: the circuit breaker`,
            subtitle:
              '1: open, no page waits for Redis; 0.5: a ping tries; 0: closed. Looked at four times a second, mean over the trials.',
            lines: lines('circuit').filter(({ panel }) => !unguarded(panel)),
            ...{ axis: 'circuit open', unit: '', events },
          })
        : rateLines(analysis, {
            id: `waiting-${fault}`,
            title: `${name}: who waits for a connection`,
            subtitle:
              'Callers in the queue of the pool. Looked at four times a second, mean over the trials.',
            lines: lines('waiting'),
            ...{ axis: 'callers waiting', unit: '', events },
          }),
    ];
  });
}

function answeredTitle(name: string, lines: readonly RateLine[]): string {
  const lowest = [PROTECTIONS.none, PROTECTIONS.full].flatMap((panel) => {
    const points = lines.find((line) => line.panel === panel)?.points ?? [];
    return points.length === 0 ? [] : [Math.min(...points.map(([, share]) => share))];
  });
  const [bare, full] = lowest;
  if (bare === undefined || full === undefined) return `${name}: pages in time`;
  return `${name}: in the worst half second ${number(bare)} % of the pages come in time without protection, ${number(full)} % with all of it`;
}

const unguarded = (panel: string | undefined): boolean =>
  panel === PROTECTIONS.none || panel === PROTECTIONS.timeout;

function linesOf(analysis: ExperimentAnalysis, fault: Fault, series: string): RateLine[] {
  const all = seriesLines(analysis, series);
  return LADDER.flatMap((protection) => {
    const line = all.find(({ arm }) => arm === nameOf(protection, fault));
    return line === undefined ? [] : [{ ...line, panel: PROTECTIONS[protection] }];
  });
}

function eventsOf(
  arms: readonly ArmAnalysis[],
  fault: Fault,
): Record<string, ArmAnalysis['events']> {
  return Object.fromEntries(
    LADDER.map((protection) => [
      PROTECTIONS[protection],
      arms.find(({ arm }) => arm === nameOf(protection, fault))?.events ?? [],
    ]),
  );
}
