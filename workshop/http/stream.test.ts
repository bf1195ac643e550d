import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import express from 'express';
import { FIRST_KNOBS, type Mark, type RoomState, type Sample } from '../contract.ts';
import type { RoomEvent } from '../room/room.ts';
import { errorAnswers } from './control-error.ts';
import { MAX_CLIENTS, missedAfter, openStream, parseLastId, type Stream } from './stream.ts';

const sample = (id: number): Sample => ({
  ...{ id, atMs: 1000 + 250 * id, spanMs: 250, requests: 5, errors: 0, p50Ms: 1, p99Ms: 2 },
  ...{ hitRatio: 1, loadsInFlight: 0, waiting: 0, selectsPerSecond: 0, ageMaxMs: 1, ageP50Ms: 1 },
  ...{ staleShare: 0, stalestMs: 0, loads: 0, redis: null },
});
const mark = (id: number): Mark => ({ id, atMs: 1000, kind: 'action', what: 'flood', detail: '' });
const state: RoomState = {
  ...{ version: 1, knobs: FIRST_KNOBS, circuit: 'closed', price: 150, question: null },
  policy: { name: 'uncached', title: '', description: '', invalidation: '' },
  services: { app: 'up', redis: 'up', postgres: 'up', listener: 'unused', load: 'up' },
  ...{ measuring: false, people: 0, openedAtMs: 77 },
};

/** What a stream needs of a room: events from this test, as large and as many as it likes. */
class Events {
  recently = { samples: [sample(1), sample(2)], marks: [mark(1)] };
  told: number[] = [];
  #listeners = new Set<(event: RoomEvent) => void>();
  on = (listener: (event: RoomEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  recent = (): { samples: Sample[]; marks: Mark[] } => this.recently;
  state = (): RoomState => state;
  people = (count: number): void => void this.told.push(count);
  emit(event: RoomEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

let server: Server;
let stream: Stream;
const opened: IncomingMessage[] = [];

async function listening(events: Events): Promise<number> {
  stream = openStream(events);
  const app = express();
  app.get('/', (request, response) => stream.open(request, response));
  app.use(errorAnswers(() => {}));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** One client; `text` grows unless it is paused. */
async function connect(port: number, headers = {}): Promise<IncomingMessage & { text: string }> {
  const request = get({ host: '127.0.0.1', port, headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  opened.push(response);
  const client = Object.assign(response, { text: '' });
  response.setEncoding('utf8').on('error', () => {});
  return client;
}

function read(client: IncomingMessage & { text: string }): typeof client {
  return client.on('data', (chunk: string) => {
    client.text += chunk;
  });
}

afterEach(() => {
  stream.close();
  for (const client of opened.splice(0)) client.destroy();
  server.closeAllConnections();
  server.close();
});

describe('the stream', () => {
  test('says hello first with all that is kept, and samples and marks after it carry ids', async () => {
    const events = new Events();
    const client = read(await connect(await listening(events)));
    events.emit({ kind: 'sample', data: sample(3) });
    events.emit({ kind: 'mark', data: mark(2) });
    events.emit({ kind: 'state', data: state });
    await vi.waitUntil(() => client.text.includes('event: state'));
    const blocks = client.text.split('\n\n').map((block) => block.split('\n'));
    expect(client.text).toMatch(/^retry: 1000\nevent: hello\nid: 2\.1\.77\ndata: /);
    expect(JSON.parse(blocks[0]!.at(-1)!.slice(6))).toEqual({
      ...events.recently,
      state: { ...state, people: 1 },
    });
    expect(blocks[1]!.slice(0, 2)).toEqual(['event: sample', 'id: 3.1.77']);
    expect(blocks[2]!.slice(0, 2)).toEqual(['event: mark', 'id: 3.2.77']);
    expect(blocks[3]![1]).toMatch(/^data: .*"people":1/);
  });

  test('brings after a lost connection only what came since', async () => {
    const events = new Events();
    const port = await listening(events);
    const client = read(await connect(port, { 'last-event-id': '1.1.77' }));
    await vi.waitUntil(() => client.text.includes('\n\n'));
    const hello = JSON.parse(/^data: (.*)$/m.exec(client.text)![1]!);
    expect(hello.samples).toEqual([sample(2)]);
    expect(hello.marks).toEqual([]);
  });

  test('makes an event into text once for 20 clients', async () => {
    const events = new Events();
    const port = await listening(events);
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    clients.forEach(read);
    let times = 0;
    const counted = {
      ...sample(3),
      toJSON: () => {
        times += 1;
        return sample(3);
      },
    };
    events.emit({ kind: 'sample', data: counted });
    await vi.waitUntil(() => clients.every(({ text }) => text.includes('id: 3.1.77')));
    expect(times).toBe(1);
  });

  test('lets a client go that reads nothing, and the others miss no event by it', async () => {
    const events = new Events();
    const port = await listening(events);
    const stalled = await connect(port);
    stalled.pause();
    const well = read(await connect(port));
    await vi.waitUntil(() => events.told.at(-1) === 2, { timeout: 5000 });
    const gone = new Promise((resolve) => stalled.once('close', resolve));
    const sockets = (): Promise<number> =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    let sent = 0;
    // A loopback socket keeps some MB in the kernel; then it is the server's turn.
    while ((await sockets()) === 2 && sent < 2000) {
      sent += 1;
      const detail = 'x'.repeat(50_000);
      events.emit({ kind: 'mark', data: { ...mark(1 + sent), detail } });
      await vi.waitUntil(() => well.text.includes(`id: 2.${1 + sent}.77`), {
        timeout: 5000,
        interval: 1,
      });
      well.text = '';
    }
    expect(sent).toBeLessThan(2000);
    stalled.resume();
    await gone;
    events.emit({ kind: 'sample', data: sample(3) });
    await vi.waitUntil(() => well.text.includes('event: sample'));
    await vi.waitUntil(() => events.told.at(-1) === 1, { timeout: 5000 });
  });

  test('forgets a client that vanishes, and tells the room how many are there', async () => {
    const events = new Events();
    const port = await listening(events);
    const clients = [await connect(port), await connect(port)];
    await vi.waitUntil(() => events.told.at(-1) === 2, { timeout: 5000 });
    clients[0]!.destroy();
    await vi.waitUntil(() => events.told.at(-1) === 1, { timeout: 5000 });
    // Two pages that come and one that goes are told in at most three sentences, not one by one without end.
    expect(events.told.length).toBeLessThanOrEqual(3);
  });

  test(`turns the ${MAX_CLIENTS + 1}st page away with a sentence, and takes it when another has left`, async () => {
    const events = new Events();
    const port = await listening(events);
    for (let n = 0; n < MAX_CLIENTS; n += 1) await connect(port);
    const late = read(await connect(port));
    expect(late.statusCode).toBe(503);
    await once(late, 'end');
    expect(late.text).toContain('200 pages are connected already');
    opened[0]!.destroy();
    await vi.waitUntil(async () => (await connect(port)).statusCode === 200, { timeout: 5000 });
  });

  test('ends every answer when it closes, and takes no more', async () => {
    const events = new Events();
    const port = await listening(events);
    const client = read(await connect(port));
    stream.close();
    await once(client, 'end');
    expect((await connect(port)).statusCode).toBe(503);
  });
});

describe('what was missed', () => {
  const recent = { samples: [sample(5), sample(6), sample(7)], marks: [mark(2), mark(3)] };
  test.each([
    ['6.2.77', [7], [3]],
    ['7.3.77', [], []],
    ['6', [7], [2, 3]],
    ['6.2.66', [5, 6, 7], [2, 3]],
    ['900.1.77', [5, 6, 7], [2, 3]],
    ['', [5, 6, 7], [2, 3]],
    ['6; DROP', [5, 6, 7], [2, 3]],
  ])('after %j: samples %j and marks %j', (text, samples, marks) => {
    const missed = missedAfter(parseLastId(text), recent, 77);
    expect(missed.samples.map(({ id }) => id)).toEqual(samples);
    expect(missed.marks.map(({ id }) => id)).toEqual(marks);
  });
});
