import type { ExperimentAnalysis } from '../lab/result.ts';
import {
  bestSentences,
  defeats,
  intervalText,
  ledger,
  ledgerSentence,
  differenceSentence,
  mismatches,
  type Scored,
  scorecard,
  TONE_SIGNS,
} from './first-page.ts';
import { escapeXml } from './escape.ts';
import { capital, plural } from './format.ts';
import { badge, bullets, cardTable, type DrawnFigure, figure, prose } from './html-parts.ts';

/** What all experiments say together: which strategy, at which price, and what the story got right. */
export function firstPage(
  experiments: readonly ExperimentAnalysis[],
  tradeOffs: DrawnFigure | null,
): string {
  return [
    '<section class="overview" aria-label="All experiments">',
    scores(experiments),
    tradeOffs === null ? '' : `<h3>What each strategy trades for what</h3>${figure(tradeOffs)}`,
    contradictions(experiments),
    index(experiments),
    claims(experiments),
    '</section>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function scores(experiments: readonly ExperimentAnalysis[]): string {
  const card = scorecard(experiments);
  if (card === null) return '';
  const beaten = defeats(experiments);
  const cell = (scored: Scored): string => {
    const interval = intervalText(scored.estimate)
      .replace('95 % interval ', '')
      .replace('n = ', 'n\u00a0=\u00a0');
    const by = beaten.filter(({ best }) => sameScore(best, scored)).map((one) => one.by.policy);
    return [
      `<span class="tone ${scored.tone}"><a href="#${escapeXml(scored.experiment)}">${TONE_SIGNS[scored.tone]} ${prose(scored.words)}</a></span>`,
      interval === '' ? '' : `<span class="arm-title">${prose(interval)}</span>`,
      by.length === 0 ? '' : `<span class="arm-title">beaten by ${prose(by.join(', '))}</span>`,
    ].join('');
  };
  const table = cardTable(
    'Scorecard: strategies by diseases',
    ['Strategy', ...card.diseases.map(capital)],
    card.rows.map(({ policy, cells }) => ({
      head: prose(policy),
      // One element a cell: on a phone a cell is a grid of label and content.
      cells: cells.map((own) =>
        own.length === 0
          ? '<span class="unmeasured">–</span>'
          : `<div>${own.map(cell).join('')}</div>`,
      ),
    })),
  );
  const key = `${TONE_SIGNS.good} cures it, ${TONE_SIGNS.bad} suffers from it, ${TONE_SIGNS.neutral} neither; –: not measured in this run. Below: 95 % interval and number of samples. Each cell leads to its experiment.`;
  return `<h2>Which strategy against which disease</h2>${bullets(bestSentences(experiments))}<p class="method">${prose(key)}</p><div class="scorecard">${table}</div>`;
}

const sameScore = (a: Scored, b: Scored): boolean =>
  a.policy === b.policy &&
  a.disease === b.disease &&
  a.experiment === b.experiment &&
  a.words === b.words;

function contradictions(experiments: readonly ExperimentAnalysis[]): string {
  const found = experiments.flatMap((one) =>
    mismatches(one).map(
      (text) =>
        `<li><a href="#${escapeXml(one.name)}">${prose(one.title)}</a>: ${prose(text)}</li>`,
    ),
  );
  return found.length === 0
    ? ''
    : `<div class="alert"><strong>${prose(differenceSentence(experiments))}:</strong><ul>${found.join('')}</ul></div>`;
}

function index(experiments: readonly ExperimentAnalysis[]): string {
  const items = experiments.map(
    ({ name, title, answer }) =>
      `<li><a href="#${escapeXml(name)}">${prose(title)}</a>: ${prose(answer)}</li>`,
  );
  return `<nav aria-label="Experiments"><h3>${plural(experiments.length, 'experiment')} in this report</h3><ol>${items.join('')}</ol></nav>`;
}

function claims(experiments: readonly ExperimentAnalysis[]): string {
  const all = ledger(experiments);
  if (all.judged.length === 0) return '';
  const table = cardTable(
    'Claims ledger',
    ['Claim', 'The story says', 'Measured', 'Reason', 'Experiment'],
    all.judged.map((one) => ({
      head: `${prose(one.id)} ${badge(one.verdict)}`,
      cells: [
        ...[one.statement, one.figure, one.reason].map(prose),
        `<a href="#${escapeXml(one.experiment)}">${prose(one.title)}</a>`,
      ],
    })),
  );
  return `<h3>What became of the story’s claims</h3><p>${prose(ledgerSentence(all))}</p>${table}`;
}
