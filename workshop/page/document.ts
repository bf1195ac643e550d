import { EN } from './words-en.ts';
import type { WordKey } from './words.ts';

/** Addresses of the page's bundled script and style sheet. */
export interface PageAssets {
  script: string;
  style: string;
}

/** An element whose text the script writes in the reader's language; English until then. */
function text(tag: string, key: WordKey, attributes = ''): string {
  return `<${tag}${attributes === '' ? '' : ` ${attributes}`} data-word="${key}">${EN[key]}</${tag}>`;
}

function label(key: WordKey): string {
  return `data-label="${key}" aria-label="${EN[key]}"`;
}

/** A step of a round: its number, its name, and its parts. */
function step(
  id: 'look' | 'predict' | 'turn' | 'break' | 'watch' | 'explain',
  body: string,
): string {
  const number = STEPS.indexOf(id) + 1;
  return `<section class="step" id="${id}" aria-labelledby="${id}-title" tabindex="-1">
<h2 id="${id}-title"><span class="number" aria-hidden="true">${number}</span> ${text('span', id)}</h2>
${body}
</section>`;
}

const STEPS = ['look', 'predict', 'turn', 'break', 'watch', 'explain'] as const;

const LOOK = `${text('a', 'skipFrame', 'href="#view" class="skip"')}
<div class="frame" data-tip="frameNote"><iframe id="storefront" sandbox="" data-tip="frameTitle" title="${EN.frameTitle}"></iframe></div>
<div class="cost">
<p class="count"><output id="query-count">–</output> ${text('span', 'queries')}</p>
<button type="button" id="view" class="main" aria-keyshortcuts="v"><kbd aria-hidden="true">v</kbd>${text('span', 'view')}</button>
</div>
<div id="ticks"></div>
<ul id="tables"></ul>
<dl class="facts">
<div>${text('dt', 'viewTime')}<dd id="view-time">–</dd></div>
<div class="outcome"><dd id="view-outcome">–</dd></div>
<div>${text('dt', 'viewAge')}<dd id="view-age">–</dd></div>
<div data-tip="viewPriceTip">${text('dt', 'viewPrice')}<dd id="view-price" class="price">–</dd></div>
<div>${text('dt', 'viewClock')}<dd id="view-clock">–</dd></div>
</dl>
<p class="refusal" id="view-refusal" role="alert"></p>`;

const PREDICT = `<div class="ask">
<select id="question" ${label('questionLabel')}></select>
<button type="button" id="ask">${text('span', 'askRoom')}</button>
</div>
${text('p', 'notAsked', 'id="not-asked" class="note"')}
<div id="asked" hidden>
<p id="question-text"></p>
<form id="prediction-form">
<input type="range" id="prediction" min="0" max="1000" value="500" ${label('yourPrediction')}>
<input type="number" id="prediction-number" inputmode="decimal" ${label('yourPredictionNumber')}>
<span id="prediction-unit" class="unit"></span>
<button type="submit" class="main"><span id="send-word"></span></button>
</form>
<div class="ask"><span id="prediction-count"></span>
<button type="button" id="reveal" data-tip="revealTip">${text('span', 'reveal')}</button></div>
<div id="dots" role="img" aria-label=""></div>
<p class="result"><strong id="answer"></strong> <span id="answer-how" lang="en"></span></p>
</div>
<p class="refusal" id="predict-refusal" role="alert"></p>`;

function knobGroup(id: 'policy' | 'redis' | 'load' | 'database', key: WordKey): string {
  return `<fieldset id="knobs-${id}">${text('legend', key)}</fieldset>`;
}

const TURN = `<div id="link-offer" role="region" ${label('linkLabel')} hidden>
<p id="link-text"></p>
<button type="button" id="apply-link" class="main">${text('span', 'applyLink')}</button>
<button type="button" id="keep-room">${text('span', 'keepRoom')}</button>
</div>
<div class="knobs">
${knobGroup('policy', 'groupPolicy')}
${knobGroup('redis', 'groupRedis')}
${knobGroup('load', 'groupLoad')}
${knobGroup('database', 'groupDatabase')}
</div>
<p class="note">${text('span', 'inForce')} <code id="policy-name"></code> <span id="policy-about"></span></p>
<p class="sends">${text('span', 'sends')} <code id="knob-request">–</code></p>
<p class="refusal" id="knobs-refusal" role="alert"></p>`;

const BREAK = `<div id="action-buttons" role="group" ${label('actionsLabel')}></div>
<p class="refusal" id="actions-refusal" role="alert"></p>
<ol id="events" tabindex="0" ${label('eventsLabel')}></ol>`;

const WATCH = `<div class="services">
<p class="note"><span id="circuit"></span><span id="redis-figures"></span><span id="price-now"></span></p>
<div id="diagram" role="img" ${label('diagramLabel')} aria-describedby="diagram-says"></div>
<p class="visually-hidden" id="diagram-says"></p>
</div>
<div class="controls">
<button type="button" id="pause" aria-pressed="false"><kbd aria-hidden="true">␣</kbd><span id="pause-word">${EN.pause}</span></button>
<input type="range" id="scrub" min="0" max="0" value="0" step="1" ${label('scrub')}>
<span id="shown-time"></span>
<button type="button" id="pin" aria-pressed="false" aria-keyshortcuts="p" data-tip="pinTip"><kbd aria-hidden="true">p</kbd><span id="pin-word">${EN.pin}</span></button>
<button type="button" id="open-evidence" aria-keyshortcuts="e"><kbd aria-hidden="true">e</kbd>${text('span', 'evidence')}</button>
</div>
<div id="charts" role="group" ${label('chartsLabel')}></div>`;

const EXPLAIN = `<p class="note" id="under-policy"></p>
<ul id="sentence-list" ${label('explainLabel')}></ul>
<p class="refusal" id="sentences-refusal" role="alert"></p>`;

const CLOSE = `<button type="button" class="close">${text('span', 'close')}</button>`;

const EVIDENCE = `<dialog id="evidence" aria-labelledby="evidence-title">
<header>${text('h2', 'evidenceTitle', 'id="evidence-title"')}
<button type="button" id="refresh-evidence">${text('span', 'refresh')}</button> ${CLOSE}</header>
<p class="refusal" id="evidence-refusal" role="alert"></p>
${text('h3', 'evidenceRequests')}
<div class="scroll" tabindex="0" role="region" ${label('evidenceRequests')}><table>
<thead><tr>${text('th', 'colTime', 'scope="col"')}${text('th', 'colRequest', 'scope="col"')}${text('th', 'colAnswer', 'scope="col"')}${text('th', 'colCommand', 'scope="col"')}</tr></thead>
<tbody id="evidence-requests"></tbody></table></div>
${text('h3', 'evidenceSql')}
<p id="evidence-sql-count"></p>
<ol id="evidence-sql"></ol>
${text('h3', 'evidenceMonitor')}
<pre id="evidence-monitor" tabindex="0" role="region" ${label('evidenceMonitor')}></pre>
${text('h3', 'evidenceK6')}
<p id="evidence-k6-settings"></p>
<p id="evidence-k6-command"></p>
<pre id="evidence-k6" tabindex="0" role="region" ${label('evidenceK6')}></pre>
</dialog>`;

const KEYS: readonly (readonly [string, WordKey])[] = [
  ['1 … 9, 0', 'keyDigits'],
  ['v', 'keyView'],
  ['␣', 'keySpace'],
  ['p', 'keyPin'],
  ['e', 'keyEvidence'],
  ['l', 'keyLanguage'],
  ['?', 'keyHelp'],
  ['Tab', 'keyTab'],
];

const KEY_LIST = `<dialog id="keys" aria-labelledby="keys-title">
<header>${text('h2', 'keysTitle', 'id="keys-title"')} ${CLOSE}</header>
<dl>${KEYS.map(([key, what]) => `<div><dt><kbd>${key}</kbd></dt>${text('dd', what)}</div>`).join('')}</dl>
<p><label><input type="checkbox" id="single-keys" checked> ${text('span', 'singleKeys')}</label></p>
</dialog>`;

/**
 * The workshop's page: its fixed parts, in English until its script has run. Not a word of the room stands in it, and neither
 * script nor style, so that the strictest content security policy fits.
 */
export function renderPage({ script, style }: PageAssets): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${text('title', 'title')}
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<header class="top">
${text('h1', 'title')}
${text('p', 'whatYouSee', 'class="what"')}
<nav ${label('orderOfPlay')}><ol>${STEPS.map((id, index) => `<li><a href="#${id}"><b>${index + 1}</b> ${text('span', id)}</a></li>`).join('')}</ol></nav>
<div class="room">
<span id="connection" class="connecting">${EN['connection connecting']}</span>
<span id="people"></span>
<button type="button" id="language" lang="zh" ${label('otherLanguageLabel')} aria-keyshortcuts="l">${text('span', 'otherLanguage')}</button>
<button type="button" id="open-keys" aria-keyshortcuts="?"><kbd aria-hidden="true">?</kbd>${text('span', 'showKeys')}</button>
<a class="button" id="take-home" href="/api/report" download data-tip="takeHomeTip">${text('span', 'takeHome')}</a>
</div>
</header>
<noscript>${text('p', 'noScript')}</noscript>
${text('p', 'refused', 'id="refused" class="refusal" role="alert" hidden')}
<main>
<div class="column">
${step('look', LOOK)}
${step('predict', PREDICT)}
</div>
<div class="column">
${step('turn', TURN)}
${step('break', BREAK)}
</div>
<div class="column wide">
${step('watch', WATCH)}
${step('explain', EXPLAIN)}
</div>
</main>
<p class="visually-hidden" id="live" role="status" aria-live="polite"></p>
${EVIDENCE}
${KEY_LIST}
</body>
</html>
`;
}
