import type { RunResult, Score, TrialRecord } from '../lab/result.ts';
import { armsTable, comparisonTable, designSentence, noiseSentences } from './arms-table.ts';
import { environmentRows } from './environment.ts';
import {
  bestSentences,
  intervalText,
  ledger,
  ledgerSentence,
  differenceSentence,
  mismatches,
  scorecard,
  theoryTable,
  TONE_SIGNS,
} from './first-page.ts';
import { NO_VALUE, number, plural } from './format.ts';
import type { DrawnFigure } from './html-parts.ts';
import type { Chapter } from './html.ts';
import { reasonCounts, reserves, troubles } from './troubles.ts';

/** Longer tables are left to the CSV files. */
const MOST_ROWS = 20;

/** The report as Markdown, with the charts of the `charts` folder. */
export function markdownReport(
  run: RunResult,
  records: readonly TrialRecord[],
  chapters: readonly Chapter[],
  tradeOffs: DrawnFigure | null = null,
): string {
  const parts = [
    '# cachelab report',
    `Run ${code(run.runId)}, profile ${run.profile}, seed ${run.seed}, ${run.startedAt.slice(0, 10)}.`,
    ...(chapters.length > 1 ? firstPage(run, tradeOffs) : []),
    ...chapters.flatMap((chapter) => experiment(chapter, records)),
    '## Run it again',
    `\`\`\`sh\n${run.command}\n\`\`\``,
    '## Machine and versions',
    table(['', ''], environmentRows(run)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What all experiments say together. */
function firstPage({ experiments }: RunResult, tradeOffs: DrawnFigure | null): string[] {
  const card = scorecard(experiments);
  const claims = ledger(experiments);
  const contradictions = experiments.flatMap((one) =>
    mismatches(one).map((sentence) => `${one.title}: ${sentence}`),
  );
  return [
    ...(card === null
      ? []
      : [
          '## Which strategy against which disease',
          bullets(bestSentences(experiments)),
          table(
            ['strategy', ...card.diseases],
            card.rows.map(({ policy, cells }) => [
              policy,
              ...cells.map((own) => own.map(scoreText).join('; ') || null),
            ]),
          ),
        ]),
    ...(tradeOffs === null ? [] : figure(tradeOffs)),
    ...(contradictions.length === 0
      ? []
      : [`**${differenceSentence(experiments)}:**`, bullets(contradictions)]),
    `## ${plural(experiments.length, 'experiment')}`,
    experiments.map(({ title, answer }) => `- **${text(title)}**: ${text(answer)}`).join('\n'),
    ...(claims.judged.length === 0
      ? []
      : [
          '## What became of the story’s claims',
          text(ledgerSentence(claims)),
          table(
            ['claim', 'verdict', 'the story says', 'measured', 'reason', 'experiment'],
            claims.judged.map((one) => [
              ...[one.id, one.verdict, one.statement, one.figure, one.reason, one.title],
            ]),
          ),
        ]),
  ];
}

function scoreText({ tone, words, estimate }: Score): string {
  const interval = intervalText(estimate);
  return `${TONE_SIGNS[tone]} ${words}${interval === '' ? '' : ` (${interval})`}`;
}

function experiment({ analysis, figures }: Chapter, records: readonly TrialRecord[]): string[] {
  const { columns, rows } = armsTable(analysis);
  const comparisons = comparisonTable(analysis);
  const contradictions = mismatches(analysis);
  const theory = theoryTable(analysis.theory ?? []);
  const invalid = troubles(analysis);
  const counts = reasonCounts(analysis.name, records);
  const warnings = reserves(analysis.name, records);
  return [
    `## ${text(analysis.title)}`,
    `**${text(analysis.question)}**`,
    text(analysis.answer),
    analysis.armsWithoutData.length === 0
      ? ''
      : `> Without one valid trial: ${text(analysis.armsWithoutData.join(', '))}.`,
    ...(contradictions.length === 0
      ? []
      : ['> Theory and measurement differ here:', bullets(contradictions)]),
    table(
      columns,
      rows.map(({ arm, cells }) => [`${arm.arm}: ${arm.title}`, ...cells]),
    ),
    '### Before the numbers',
    text(designSentence(analysis)),
    bullets([
      ...analysis.caveats,
      ...analysis.design.flagsAsMeasures.map(
        (flag) => `Measured here instead of rejected: ${flag}`,
      ),
      ...noiseSentences(analysis),
    ]),
    ...(analysis.comparisons.length === 0
      ? []
      : ['### Every comparison', table(comparisons.columns, comparisons.rows)]),
    figures.length === 0 ? '' : '### Charts',
    ...figures.flatMap((drawn) => figure(drawn)),
    ...(theory.rows.length === 0
      ? []
      : ['### Theory beside measurement', table(theory.columns, theory.rows)]),
    ...(analysis.claims.length === 0
      ? []
      : [
          '### What the story claims',
          table(
            ['claim', 'verdict', 'the story says', 'measured', 'reason'],
            analysis.claims.map((claim) => [
              claim.id,
              claim.verdict,
              claim.statement,
              claim.figure,
              claim.reason,
            ]),
          ),
        ]),
    '### Invalid and repeated trials',
    counts === '' ? '' : `Reasons (a trial can have several): ${text(counts)}.`,
    invalid.length === 0
      ? 'None is invalid.'
      : table(
          ['order', 'arm', 'round', 'try', 'state', 'reasons'],
          invalid.map((trial) => [
            trial.order + 1,
            trial.arm,
            trial.round + 1,
            trial.attempt,
            trial.state,
            trial.reasons,
          ]),
        ),
    bullets(warnings.map((warning) => `Valid with a reserve: ${warning}`)),
  ];
}

function figure({
  figure: { id, title, subtitle, description, table: data },
  svg,
}: DrawnFigure): string[] {
  return [
    `#### ${text(title)}`,
    svg === null ? '' : `![${text(title).replaceAll(/[[\]]/g, '')}](charts/${id}.svg)`,
    `${text(description)} ${text(subtitle)}`,
    data.rows.length > MOST_ROWS
      ? `${plural(data.rows.length, 'row')}: see ${code('csv')} and ${code('report.html')}.`
      : table(data.columns, data.rows),
  ];
}

function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${text(item)}`).join('\n');
}

function table(
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cell = (value: string | number | null) =>
    text(value === null ? NO_VALUE : typeof value === 'number' ? number(value, 4) : value);
  return [
    line(columns.map(text)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(row.map(cell))),
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text that Markdown shows as it is. */
function text(raw: string): string {
  return raw.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/([\\`*_|<>])/g, '\\$1');
}

function code(raw: string): string {
  return `\`${raw.replaceAll('`', '')}\``;
}
