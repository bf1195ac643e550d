import { EXIT, LabError } from '../../lab/errors.ts';
import type { ActionName, Evidence, Mark, RoomState, Sample, View } from '../contract.ts';
import type { WorkshopAddress } from '../http/address.ts';
import { readEvents } from './events.ts';

/** A running workshop as an exercise meets it: through the same HTTP interface as the page. Nothing here turns a knob. */
export interface Workshop {
  state(): Promise<RoomState>;
  /** @throws LabError `E_REFUSED` with the room's own sentence. */
  act(name: ActionName): Promise<Mark>;
  /** As `act`, to put back what a check did: also after Ctrl-C, and without complaint where there is nothing to put back. */
  undo(name: ActionName): Promise<void>;
  /** Likewise for the price of the story's dish; a copy with the other price goes too. */
  putPriceBack(price: number): Promise<void>;
  view(): Promise<View>;
  evidence(): Promise<Evidence>;
  /**
   * The samples of the time from now on, until `enough` says so.
   * @throws LabError `E_STREAM` when the stream ends, or is silent for 5 s.
   */
  watch(enough: (samples: readonly Sample[]) => boolean): Promise<Sample[]>;
  /** What somebody else did in the room since the connection, as words for a sentence. */
  disturbances(): string[];
  close(): void;
}

const SILENCE_MS = 5000;
const REQUEST_MS = 15_000;
const NEVER = new AbortController().signal;

/**
 * Connects to a workshop.
 * @param stop - Aborts when the user wants to end: every wait then throws, and only `undo` still works.
 * @throws LabError `E_NO_WORKSHOP` (exit 69) when nothing answers there.
 */
export async function connect(address: WorkshopAddress, stop: AbortSignal): Promise<Workshop> {
  const closing = new AbortController();
  const headers = {
    'x-cachelab': '1',
    ...(address.token === null ? {} : { authorization: `Bearer ${address.token}` }),
  };
  const samples: Sample[] = [];
  const marks: Mark[] = [];
  const ours = new Set<number>();
  let ended: LabError | null = null;
  let wake: (() => void) | null = null;

  async function ask<Answer>(method: string, path: string, signal: AbortSignal): Promise<Answer> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
    const answer = await fetch(`${address.url}${path}`, { method, headers, signal: limit }).catch(
      (cause: unknown) => {
        throw new LabError('E_NO_ANSWER', `the workshop does not answer ${method} ${path}`, {
          hint: 'what does its terminal say?',
          cause,
        });
      },
    );
    if (answer.ok) return answer.json() as Promise<Answer>;
    const body: unknown = await answer.json().catch(() => null);
    const said = body !== null && typeof body === 'object' && 'error' in body ? body.error : null;
    const why = typeof said === 'string' ? said : `status ${answer.status}`;
    throw new LabError('E_REFUSED', `the workshop refused: ${why}`);
  }

  async function act(name: ActionName, signal: AbortSignal): Promise<Mark> {
    const mark = await ask<Mark>('POST', `/api/actions/${name}`, signal);
    ours.add(mark.id);
    return mark;
  }

  /** Waits for the next event or for the end of the stream. @returns False: neither came in time. */
  function news(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), SILENCE_MS);
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  async function undo(name: ActionName): Promise<void> {
    await act(name, NEVER).catch(() => {});
  }

  const signal = AbortSignal.any([stop, closing.signal]);
  const stream = await fetch(`${address.url}/api/stream`, { headers, signal }).catch(
    (cause: unknown) => {
      throw noWorkshop(`nothing answers at ${address.url}`, cause);
    },
  );
  if (!stream.ok || stream.body === null) {
    throw noWorkshop(`${address.url} answers ${stream.status} to /api/stream`);
  }
  async function follow(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const { event, data } of readEvents(body)) {
        if (event === 'sample') samples.push(JSON.parse(data));
        if (event === 'mark') marks.push(JSON.parse(data));
        wake?.();
      }
      ended = new LabError('E_STREAM', 'the workshop has ended');
    } catch (cause) {
      ended = new LabError('E_STREAM', 'the connection to the workshop broke', { cause });
    }
    wake?.();
  }
  void follow(stream.body);

  return {
    state: () => ask('GET', '/api/state', stop),
    act: (name) => act(name, stop),
    undo,
    async putPriceBack(price) {
      const now = await ask<RoomState>('GET', '/api/state', NEVER).catch(() => null);
      if (now !== null && now.price !== price) await undo('edit-price');
      await undo('expire-now');
    },
    view: () => ask('POST', '/api/view', stop),
    evidence: () => ask('GET', '/api/evidence', stop),
    async watch(enough) {
      const first = samples.length + 1; // the one that is being gathered began before
      for (;;) {
        const seen = samples.slice(first);
        if (seen.length > 0 && enough(seen)) return seen;
        stop.throwIfAborted();
        if (ended !== null) throw ended;
        if (!(await news())) throw new LabError('E_STREAM', `no sample for ${SILENCE_MS / 1000} s`);
      }
    },
    disturbances: () =>
      marks
        .filter(({ id, kind }) => !ours.has(id) && kind !== 'question')
        .map(({ what, detail }) => (detail === '' ? what : `${what} (${detail})`)),
    close: () => closing.abort(),
  };
}

/** What to say where no workshop can be asked. */
export function noWorkshop(why: string, cause?: unknown): LabError {
  return new LabError('E_NO_WORKSHOP', why, {
    hint: 'start one in another terminal of this checkout and leave it running: npm run workshop',
    exitCode: EXIT.serviceMissing,
    cause,
  });
}

/** For `watch`: this long, by the samples' own clock. */
export function lasting(ms: number): (samples: readonly Sample[]) => boolean {
  return (samples) => samples.reduce((sum, { spanMs }) => sum + spanMs, 0) >= ms;
}
