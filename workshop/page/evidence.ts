import type { Evidence } from '../contract.ts';
import { ask } from './api.ts';
import { byId, el, put } from './dom.ts';
import { formatClock } from './format.ts';
import { showRefusal } from './refusal.ts';
import { word } from './language.ts';

/** What was really sent, for whoever doubts: requests, SQL, Redis and the k6 script. */
export class EvidenceDrawer {
  readonly #dialog = byId('evidence', HTMLDialogElement);

  constructor() {
    byId('open-evidence', HTMLButtonElement).addEventListener('click', () => void this.open());
    byId('refresh-evidence', HTMLButtonElement).addEventListener('click', () => void this.#load());
  }

  async open(): Promise<void> {
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#load();
  }

  async #load(): Promise<void> {
    const answer = await ask<Evidence>('GET', '/api/evidence');
    showRefusal(byId('evidence-refusal', HTMLElement), answer);
    if (answer.ok) this.#show(answer.value);
  }

  #show({ requests, sql, monitor, k6 }: Evidence): void {
    const newest = requests.toReversed();
    byId('evidence-requests', HTMLElement).replaceChildren(
      ...newest.map(({ atMs, line, answer, command }) =>
        el(
          'tr',
          {},
          el('td', {}, formatClock(atMs)),
          el('td', {}, el('code', {}, line)),
          el('td', {}, answer),
          el('td', {}, copyButton(command)),
        ),
      ),
    );
    const count = sql.reduce((sum, shape) => sum + shape.count, 0);
    put(byId('evidence-sql-count', HTMLElement), word('sqlCount', { count, shapes: sql.length }));
    byId('evidence-sql', HTMLElement).replaceChildren(
      ...sql.map((shape) =>
        el('li', {}, el('b', {}, `${shape.count} ×`), ' ', el('code', {}, shape.shape)),
      ),
    );
    put(
      byId('evidence-monitor', HTMLElement),
      monitor.length === 0 ? word('monitorEmpty') : monitor.join('\n'),
    );
    put(byId('evidence-k6', HTMLElement), k6.script === '' ? word('k6Empty') : k6.script);
    put(byId('evidence-k6-settings', HTMLElement), k6.settings);
    const place = byId('evidence-k6-command', HTMLElement);
    place.replaceChildren(
      ...(k6.command === '' ? [] : [el('code', {}, k6.command), copyButton(k6.command)]),
    );
  }
}

/** Copies a command; where the browser gives no clipboard (plain http from another machine) it selects the text instead. */
function copyButton(command: string): HTMLElement {
  const button = el('button', { type: 'button', class: 'copy' }, word('copy'));
  const text = el('code', { class: 'command', hidden: true }, command);
  const give = async (): Promise<void> => {
    const copied = await copy(command);
    put(button, word(copied ? 'copied' : 'selected'));
    if (copied) return;
    text.hidden = false;
    getSelection()?.selectAllChildren(text);
  };
  button.addEventListener('click', () => {
    void give();
  });
  return el('span', {}, button, text);
}

async function copy(text: string): Promise<boolean> {
  try {
    // Missing, whatever its type says, where the page is no secure context.
    await (navigator.clipboard as Clipboard | undefined)?.writeText(text);
    return (navigator.clipboard as Clipboard | undefined) !== undefined;
  } catch {
    return false;
  }
}
