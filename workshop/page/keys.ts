import { ACTIONS, type ActionName } from '../contract.ts';
import { byId, kept } from './dom.ts';

/** What the keys do. */
export interface KeyActions {
  act: (name: ActionName) => void;
  view: () => void;
  pause: () => void;
  pin: () => void;
  evidence: () => void;
  keys: () => void;
  language: () => void;
}

/** Elements that mean a letter or a digit for themselves. */
const TYPED_INTO =
  'input:not([type=range]):not([type=checkbox]), select, textarea, [contenteditable]';
/** Elements that mean the space bar for themselves. */
const PRESSED = 'button, a, summary, input, select, textarea';

/**
 * Single keys on the whole page. They can be switched off (WCAG 2.1.4): who speaks to a computer says letters without
 * meaning them. Never while something is typed, with a modifier, or behind an open dialog.
 */
export function listenToKeys(actions: KeyActions): void {
  const enabled = byId('single-keys', HTMLInputElement);
  enabled.checked = kept.read('single-keys') !== 'off';
  enabled.addEventListener('change', () =>
    kept.write('single-keys', enabled.checked ? 'on' : 'off'),
  );

  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (!enabled.checked && key !== '?') return;
    if (!(target instanceof Element) || target.closest(TYPED_INTO) !== null) return;
    if (document.querySelector('dialog[open]') !== null) return;
    const action = ACTIONS.find((candidate) => candidate.key === key);
    if (action !== undefined) actions.act(action.name);
    else if (key === ' ' && target.closest(PRESSED) === null) actions.pause();
    else if (key === 'v') actions.view();
    else if (key === 'p') actions.pin();
    else if (key === 'e') actions.evidence();
    else if (key === 'l') actions.language();
    else if (key === '?') actions.keys();
    else return;
    // Not the browser's own: the space bar would scroll, and a link search begin.
    event.preventDefault();
  });
}
