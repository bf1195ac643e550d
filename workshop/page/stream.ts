import type { StreamEvents } from '../contract.ts';
import { ask } from './api.ts';
import type { Store } from './store.ts';

/** Samples come four times a second; after so long without any the line is dead, whatever the browser believes. */
const SILENCE_MS = 4000;
/** Between attempts, where the browser does not try again by itself. */
const RETRY_MS = 1500;

/**
 * Follows the room for as long as the page lives. The browser connects again by itself and says which event it had last;
 * where it gives up (the server answered with an error, or the line went silent) this does the same by hand.
 * @param onRefused - The control server answers, but not to us: the link's token is missing or old.
 */
export function follow(store: Store, onRefused: () => void): void {
  let source: EventSource;
  /** Of the newest sample and mark, as the control server counts them. */
  let lastEventId = '';
  let heardMs = performance.now();
  let retry: ReturnType<typeof setTimeout> | null = null;

  const open = (): void => {
    retry = null;
    heardMs = performance.now();
    source = new EventSource(`/api/stream?after=${lastEventId}`);
    const hear = <Kind extends keyof StreamEvents>(
      kind: Kind,
      take: (data: StreamEvents[Kind]) => void,
    ): void => {
      source.addEventListener(kind, (event) => {
        const { data, lastEventId: id } = event as MessageEvent<string>;
        heardMs = performance.now();
        if (id !== '') lastEventId = id;
        store.connectionIs('live');
        take(JSON.parse(data) as StreamEvents[Kind]);
      });
    };
    hear('hello', (hello) => store.hello(hello));
    hear('sample', (sample) => store.sample(sample));
    hear('mark', (mark) => store.mark(mark));
    hear('state', (state) => store.stateIs(state));
    hear('measured', (measured) => store.measured(measured));
    source.addEventListener('error', () => {
      store.connectionIs('lost');
      if (source.readyState === EventSource.CLOSED) again();
    });
  };

  const reopen = async (): Promise<void> => {
    const answer = await ask('GET', '/api/state');
    if (!answer.ok && answer.status === 401) onRefused();
    open();
  };

  const again = (): void => {
    source.close();
    if (retry !== null) return;
    retry = setTimeout(() => void reopen(), RETRY_MS);
  };

  open();
  setInterval(() => {
    if (performance.now() - heardMs < SILENCE_MS) return;
    heardMs = performance.now();
    store.connectionIs('lost');
    again();
  }, 1000);
}
