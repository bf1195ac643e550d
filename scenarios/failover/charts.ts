import type { ExperimentAnalysis } from '../../lab/result.ts';
import { dotStrip, sampleRows } from '../../reports/charts/dot-strip.ts';
import { type MatrixCell, matrix } from '../../reports/charts/heatmap.ts';
import { rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { number, percent } from '../../reports/format.ts';
import { type ClientKind, CLIENTS, type Fault, FAULTS, type Topology, TOPOLOGIES } from './arms.ts';
import { type CellResult, cellsOf } from './cells.ts';
import { seconds } from './judgement.ts';

/** Acknowledgements per second: above it the hole of the outage could not be seen any more. */
const MOST_DRAWN = 200;

/** Figures of the failover experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    rateLines(analysis, {
      id: 'acknowledged',
      title: titleOf(cellsOf(analysis)),
      subtitle:
        'Of 100 writes a second, by the time of the acknowledgement, in half seconds; mean over the valid trials. Drawn up to 200 a second: a client that waited has hundreds acknowledged at once.',
      lines: seriesLines(analysis, 'acknowledged').map((line) => ({
        ...line,
        points: line.points.map(([second, rate]): [number, number] => [
          second,
          Math.min(rate, MOST_DRAWN),
        ]),
      })),
      axis: 'acknowledged writes per second',
      unit: '/s',
    }),
    cellMatrix(analysis, {
      id: 'outcomes',
      title: lossTitle(cellsOf(analysis)),
      subtitle:
        'Each cell: longest time without an acknowledged write (mean over trials), and acknowledged writes that were gone afterwards, a trial. Empty: was not tried.',
      wordOf: outageWord,
    }),
    cellMatrix(analysis, {
      id: 'pages',
      title: pagesTitle(cellsOf(analysis)),
      subtitle:
        'Each cell: pages that were answered, and those among all that came from the database in the cache’s place. Empty: was not tried.',
      wordOf: pagesWord,
    }),
    dotStrip(analysis, {
      id: 'outages',
      title: 'Longest time without an acknowledged write',
      subtitle:
        'One dot a trial: from the last acknowledgement before to the first one after, on the shard that was struck.',
      rows: sampleRows(analysis, 'outageMs'),
      axis: 'ms',
    }),
    rateLines(analysis, {
      id: 'degraded',
      title: 'Pages that came from the database because the cache gave no answer',
      subtitle: 'Of 100 a second, in half seconds; mean over the valid trials.',
      lines: seriesLines(analysis, 'degraded').filter(({ points }) =>
        points.some(([, y]) => y > 0),
      ),
      axis: 'degraded pages per second',
      unit: '/s',
    }),
    rateLines(analysis, {
      id: 'hit-ratio',
      title: 'How fast the old hit ratio is back',
      subtitle: 'Share of pages from the cache, in half seconds; mean over the valid trials.',
      lines: seriesLines(analysis, 'hitShare').map((line) => ({
        ...line,
        points: line.points.map(([second, share]): [number, number] => [second, share * 100]),
      })),
      axis: 'hits, %',
      unit: ' %',
    }),
    timeline(analysis, { title: 'What readers wait, by second' }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function titleOf(cells: readonly CellResult[]): string {
  const words = (['sentinel', 'cluster'] as const).flatMap((topology) => {
    const killed = cells.find(
      (cell) =>
        cell.topology === topology && cell.fault === 'kill' && cell.client === 'recommended',
    );
    return killed?.outageMs === null || killed === undefined
      ? []
      : [`${TOPOLOGIES[topology]} ${number(killed.outageMs.value / 1000, 2)} s`];
  });
  return words.length === 0
    ? 'Acknowledged writes while the primary changes'
    : `After a kill writes are acknowledged again within: ${words.join(', ')}`;
}

/** Faults by topology and client, one word a cell. */
function cellMatrix(
  analysis: ExperimentAnalysis,
  options: {
    id: string;
    title: string;
    subtitle: string;
    wordOf: (cell: CellResult) => Pick<MatrixCell, 'word' | 'tone'>;
  },
): Figure | null {
  const { wordOf, ...text } = options;
  const cells = cellsOf(analysis);
  const columns = (Object.keys(FAULTS) as Fault[]).filter((fault) =>
    cells.some((cell) => cell.fault === fault),
  );
  const rows = (Object.keys(TOPOLOGIES) as Topology[]).flatMap((topology) =>
    (Object.keys(CLIENTS) as ClientKind[]).map((client) => ({
      name: `${TOPOLOGIES[topology]}, ${CLIENTS[client]}`,
      cells: columns.map((fault) => {
        const cell = cells.find(
          (one) => one.topology === topology && one.client === client && one.fault === fault,
        );
        return cell === undefined ? null : { ...wordOf(cell), detail: detailOf(cell) };
      }),
    })),
  );
  return matrix(analysis, {
    ...text,
    columns: columns.map((fault) => FAULTS[fault]),
    rows: rows.filter((row) => row.cells.some((cell) => cell !== null)),
  });
}

function outageWord(cell: CellResult): Pick<MatrixCell, 'word' | 'tone'> {
  const outage = cell.outageMs === null ? 'unknown' : `${number(cell.outageMs.value / 1000, 2)} s`;
  const lost = cell.lost === 0 ? 'none lost' : `${number(cell.lost / cell.trials)} lost`;
  return { word: `${outage}, ${lost}`, tone: cell.lost === 0 ? 'good' : 'bad' };
}

function pagesWord(cell: CellResult): Pick<MatrixCell, 'word' | 'tone'> {
  const pages = Math.max(1, cell.pages);
  // Rounded down: all but one is not 100 %.
  const answered = Math.floor((1000 * (cell.pages - cell.unanswered)) / pages) / 10;
  return {
    word: `${answered} %, ${percent(cell.degraded / pages)} degraded`,
    tone: cell.unanswered === 0 ? 'good' : 'bad',
  };
}

function detailOf(cell: CellResult): string {
  return (
    `n = ${cell.trials}; without an answer ${seconds(cell.outageMs)}; ${number(cell.lost)} of ${number(cell.acked)} acknowledged writes lost, ` +
    `${number(cell.lostAfterReturn)} of them after the return; ${number(cell.unanswered)} of ${number(cell.pages)} pages unanswered, ` +
    `${percent(cell.degraded / Math.max(1, cell.pages))} degraded; ${number(cell.staleReplicaReads)} of ${number(cell.replicaReads)} reads of replicas stale`
  );
}

function pagesTitle(cells: readonly CellResult[]): string {
  const broken = cells.filter(({ unanswered }) => unanswered > 0);
  return broken.length === 0
    ? 'Every page is answered under every fault that was tried'
    : `Pages stay without an answer in ${broken.length} of ${cells.length} cells`;
}

function lossTitle(cells: readonly CellResult[]): string {
  const losing = cells.filter(({ lost }) => lost > 0);
  if (losing.length === 0) return 'No acknowledged write is lost under any fault that was tried';
  const own = losing.filter(({ client }) => client === 'default').length;
  return `Acknowledged writes are lost in ${losing.length} of ${cells.length} cells, ${own} of them with ioredis by itself`;
}
