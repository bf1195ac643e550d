import { ActionPanel } from './actions.ts';
import { Charts } from './charts.ts';
import { drawDiagram } from './diagram.ts';
import { byId, put, show } from './dom.ts';
import { EvidenceDrawer } from './evidence.ts';
import { listenToKeys } from './keys.ts';
import { KnobPanel } from './knobs.ts';
import { language, setLanguage, word, writeTexts } from './language.ts';
import { offerLink } from './link-banner.ts';
import { announce } from './live-region.ts';
import { showPredictions } from './predict.ts';
import { QueryStrip } from './query-strip.ts';
import { showSentences } from './sentences.ts';
import { Store } from './store.ts';
import { follow } from './stream.ts';

const store = new Store();
const charts = new Charts(store);
const knobs = new KnobPanel(store);
const actions = new ActionPanel(store);
const strip = new QueryStrip(store);
const evidence = new EvidenceDrawer();
offerLink(store, knobs);
drawDiagram(store);
showPredictions(store);
showSentences(store);
writeTexts(document.documentElement);
showHeader();

function switchLanguage(): void {
  setLanguage(language() === 'zh' ? 'en' : 'zh');
  store.languageChanged();
}

/** What stands outside the steps: who is here, and how the line is. */
function showHeader(): void {
  const banner = byId('connection', HTMLElement);
  put(banner, word(`connection ${store.connection}`));
  banner.className = store.connection;
  document.body.classList.toggle('lost', store.connection === 'lost');
  byId('language', HTMLButtonElement).lang = language() === 'zh' ? 'en' : 'zh';
  byId('take-home', HTMLAnchorElement).href = `/api/report?lang=${language()}`;
  if (store.state === null) return;
  put(byId('people', HTMLElement), word('people', { people: store.state.people }));
  put(byId('price-now', HTMLElement), word('priceNow', { price: store.state.price }));
}

/** To a step without touching the link: what stands behind its `#` are the knobs. */
function goTo(event: Event): void {
  const link = event.currentTarget;
  if (!(link instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  const step = byId(link.hash.slice(1), HTMLElement);
  step.scrollIntoView();
  step.focus();
}

function openKeys(): void {
  const dialog = byId('keys', HTMLDialogElement);
  if (!dialog.open) dialog.showModal();
}

byId('language', HTMLButtonElement).addEventListener('click', switchLanguage);
byId('open-keys', HTMLButtonElement).addEventListener('click', openKeys);
for (const button of document.querySelectorAll<HTMLButtonElement>('dialog .close'))
  button.addEventListener('click', () => button.closest('dialog')?.close());

for (const link of document.querySelectorAll('nav a, a.skip')) link.addEventListener('click', goTo);

store.on('state', showHeader);
store.on('language', showHeader);
store.on('connection', (connection) => {
  showHeader();
  if (connection === 'live') show(byId('refused', HTMLElement), false);
  announce(word(`connection ${connection}`));
});

listenToKeys({
  act: (name) => void actions.act(name),
  view: () => void strip.view(),
  pause: () => charts.togglePause(),
  pin: () => charts.togglePin(),
  evidence: () => void evidence.open(),
  keys: openKeys,
  language: switchLanguage,
});
follow(store, () => show(byId('refused', HTMLElement), true));
// The first view is made for the reader: the count stands there before any click.
void strip.view();
