import type { Request, Response } from 'express';
import type { Mark, RoomState, Sample, StreamEvents } from '../contract.ts';
import type { Room } from '../room/room.ts';
import { ControlError } from './control-error.ts';

/** More than any classroom; beyond it a page says that the room is full. */
export const MAX_CLIENTS = 200;
/** Bytes that may wait here for one client, beside those that the kernel keeps: then it has stalled, and is let go. */
const STALLED_BYTES = 256 * 1024;
/** Proxies end a connection on which nothing comes, many of them after 30 s. */
const AWAKE_MS = 15_000;
/** A room that is reloaded as one changes the number of pages by dozens: it is told once a second. */
const PEOPLE_EVERY_MS = 1000;

/** `GET /api/stream`, for everybody. */
export interface Stream {
  /** Answers one request with the events from now on. @throws ControlError 503 where the room is full or ends. */
  open(request: Request, response: Response): void;
  /** Ends all answers, so that the server can close. */
  close(): void;
}

interface Client {
  response: Response;
  /** The hello alone may be as large as what a stalled client may leave lying. */
  mostBytes: number;
}

/** Sends what happens in a room to every page. Each event is made into text once, however many listen. */
export function openStream(room: Pick<Room, 'on' | 'recent' | 'state' | 'people'>): Stream {
  const clients = new Set<Client>();
  const lasts = lastIds(room.recent());
  let closed = false;

  const stopListening = room.on(({ kind, data }) => {
    if (kind === 'sample') lasts.sample = data.id;
    if (kind === 'mark') lasts.mark = data.id;
    const withId = kind === 'sample' || kind === 'mark';
    sendAll(eventText(kind, kind === 'state' ? withPeople(data) : data, withId ? idNow() : null));
  });

  const idNow = (): string => `${lasts.sample}.${lasts.mark}.${room.state().openedAtMs}`;
  const withPeople = (state: RoomState): RoomState => ({ ...state, people: clients.size });

  function sendAll(text: string): void {
    if (clients.size === 0) return;
    const bytes = Buffer.from(text);
    for (const client of clients) send(client, bytes);
  }

  function send(client: Client, bytes: Buffer): void {
    const { response, mostBytes } = client;
    if (response.writableLength > mostBytes) {
      // Its connection is cut: an answer that ends in order would wait for it to read all of it.
      clients.delete(client);
      response.destroy();
      return;
    }
    response.write(bytes);
  }

  const awake = setInterval(() => sendAll(': awake\n\n'), AWAKE_MS);
  awake.unref();

  let people: NodeJS.Timeout | null = null;
  let toldMs = -PEOPLE_EVERY_MS;
  function tellPeople(): void {
    if (people !== null || closed) return;
    const tell = (): void => {
      people = null;
      toldMs = performance.now();
      room.people(clients.size);
    };
    const waitMs = toldMs + PEOPLE_EVERY_MS - performance.now();
    if (waitMs <= 0) tell();
    else people = setTimeout(tell, waitMs).unref();
  }

  return {
    open(request, response) {
      if (closed || clients.size >= MAX_CLIENTS) {
        const sentence = closed
          ? 'The workshop is ending'
          : `${MAX_CLIENTS} pages are connected already: close one, or look on together`;
        throw new ControlError(503, sentence, { headers: { 'retry-after': '10' } });
      }
      response.set({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      const state = { ...room.state(), people: clients.size + 1 };
      const hello = { ...missedAfter(lastIdOf(request), room.recent(), state.openedAtMs), state };
      const text = Buffer.from(`retry: 1000\n${eventText('hello', hello, idNow())}`);
      response.write(text);
      const client = { response, mostBytes: STALLED_BYTES + text.length };
      clients.add(client);
      // A write that meets a connection just gone must not end the workshop.
      response.on('error', () => {});
      response.once('close', () => {
        clients.delete(client);
        tellPeople();
      });
      // A page that went without a word, its wifi off, is noticed where nothing is sent to it either.
      request.socket.setKeepAlive(true, AWAKE_MS);
      tellPeople();
    },
    close() {
      closed = true;
      stopListening();
      clearInterval(awake);
      if (people !== null) clearTimeout(people);
      for (const { response } of clients) response.end();
    },
  };
}

/** JSON has no line breaks of its own, so one `data:` line holds it. */
function eventText<Kind extends keyof StreamEvents>(
  kind: Kind,
  data: StreamEvents[Kind],
  id: string | null,
): string {
  const idLine = id === null ? '' : `id: ${id}\n`;
  return `event: ${kind}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}

/** What a page has already, as it says itself. */
export interface LastIds {
  sample: number;
  /** Null: it does not say. */
  mark: number | null;
  openedAtMs: number | null;
}

function lastIds({ samples, marks }: { samples: Sample[]; marks: Mark[] }): {
  sample: number;
  mark: number;
} {
  return { sample: samples.at(-1)?.id ?? 0, mark: marks.at(-1)?.id ?? 0 };
}

/** The header is the newer one: a browser that connects again keeps the URL of its first connection. */
function lastIdOf(request: Request): LastIds | null {
  const { after } = request.query;
  return parseLastId(request.get('last-event-id') ?? (typeof after === 'string' ? after : ''));
}

/** @param text - `SAMPLE.MARK.OPENED`, or the id of a sample alone. @returns Null where it is neither. */
export function parseLastId(text: string): LastIds | null {
  const [, sample, mark, openedAtMs] = /^(\d{1,15})(?:\.(\d{1,15})\.(\d{1,15}))?$/.exec(text) ?? [];
  if (sample === undefined) return null;
  return {
    sample: Number(sample),
    mark: mark === undefined ? null : Number(mark),
    openedAtMs: openedAtMs === undefined ? null : Number(openedAtMs),
  };
}

/** What came after; all that is kept where the ids are of another room, or are none. */
export function missedAfter(
  last: LastIds | null,
  recent: { samples: Sample[]; marks: Mark[] },
  openedAtMs: number,
): { samples: Sample[]; marks: Mark[] } {
  const { samples, marks } = recent;
  const otherRoom =
    last !== null &&
    ((last.openedAtMs !== null && last.openedAtMs !== openedAtMs) ||
      last.sample > (samples.at(-1)?.id ?? 0));
  if (last === null || otherRoom) return { samples, marks };
  const { sample, mark } = last;
  return {
    samples: samples.filter(({ id }) => id > sample),
    marks: mark === null ? marks : marks.filter(({ id }) => id > mark),
  };
}
