import { byId } from './dom.ts';

/** A screen reader is told at most this often. */
const PAUSE_MS = 5000;

let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | null = null;
let toldMs = -PAUSE_MS;

/** Says something politely; what comes within 5 s of the last is said together, the latest four. */
export function announce(text: string): void {
  waiting.push(text);
  timer ??= setTimeout(tell, Math.max(0, toldMs + PAUSE_MS - performance.now()));
}

function tell(): void {
  timer = null;
  toldMs = performance.now();
  byId('live', HTMLElement).textContent = waiting.slice(-4).join(' · ');
  waiting = [];
}
