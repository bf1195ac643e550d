import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createSupervisor, runFiles, type Supervisor } from '../lab/provision/supervisor.ts';
import type { Mark, RoomState, Sample, StreamEvents } from '../workshop/contract.ts';
import { readWorkshopAddress } from '../workshop/http/address.ts';
import { bundlePage } from '../workshop/http/assets.ts';
import { createControl } from '../workshop/http/control.ts';
import { type Listener, listen } from '../workshop/http/listen.ts';
import { openRoom, type Room } from '../workshop/room/room.ts';
import {
  type Checkout,
  checkout,
  killOutright,
  living,
  OWN_SERVICES,
  type RunningCli,
} from './checkout.ts';
import { freshDatabase, requireTool, testStack } from './stack.ts';

const TOKEN = 'A-token-of-the-test_0123456789';
let database: { url: string; drop: () => Promise<void> };
let supervisor: Supervisor;
let room: Room;
/** The same room behind two control servers: as on loopback, and as on a network. */
let open: Listener;
let guarded: Listener;
let scriptPath: string;
const faults: unknown[] = [];
const closers: (() => void)[] = [];

async function serve(token: string | null): Promise<Listener> {
  const assets = await bundlePage();
  scriptPath = [...assets.files.keys()].find((path) => path.endsWith('.js'))!;
  const control = createControl({
    ...{ room, assets, token, hosts: new Set(['127.0.0.1', 'localhost']), now: Date.now },
    report: (error) => faults.push(error),
  });
  const listener = await listen({ port: 0, beyondLoopback: false });
  listener.serve(control.handler);
  closers.push(() => control.close());
  return listener;
}

beforeAll(async () => {
  const { root, k6Bin } = await testStack();
  database = await freshDatabase('workshop');
  supervisor = createSupervisor({ root, label: 'workshop test', handleSignals: false });
  const env = { ...process.env, K6_BIN: k6Bin, CACHELAB_PG_URL: database.url };
  room = await openRoom({ root, supervisor, stores: 5, env });
  open = await serve(null);
  guarded = await serve(TOKEN);
});

afterAll(async () => {
  for (const close of closers) close();
  await Promise.all([open?.close(), guarded?.close()]);
  await room?.close();
  await supervisor.stopAll();
  await database.drop();
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Begins a request; unlike fetch it sends what it is told to, `Host` and `Origin` too. */
async function begin({ port }: Listener, path: string, how: Ask = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body } = how;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const own = method === 'GET' ? {} : { 'x-cachelab': '1' };
  const sent = request({
    ...{ host: '127.0.0.1', port, path, method, agent: false },
    headers: {
      ...(headers['origin'] === undefined ? own : {}),
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  sent.end(text);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

async function ask(listener: Listener, path: string, how: Ask = {}): Promise<Answer> {
  const response = await begin(listener, path, how);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

type StreamEvent = {
  [Kind in keyof StreamEvents]: { kind: Kind; id: string | null; data: StreamEvents[Kind] };
}[keyof StreamEvents];

/** A page's connection: everything that came so far. */
interface Page {
  events: StreamEvent[];
  ended: Promise<unknown>;
  close(): void;
}

async function connect(listener: Listener, headers = {}, query = ''): Promise<Page> {
  const response = await begin(listener, `/api/stream${query}`, { headers });
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  const events: StreamEvent[] = [];
  let rest = '';
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const kind = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (kind === undefined || data === undefined) continue;
      const id = /^id: (.*)$/m.exec(block)?.[1] ?? null;
      events.push({ kind, id, data: JSON.parse(data) } as StreamEvent);
    }
  });
  response.on('error', () => {});
  const ended = new Promise((resolve) => response.once('close', resolve));
  return { events, ended, close: () => response.destroy() };
}

/** Waits until a page has been told something. */
function told<Kind extends keyof StreamEvents>(
  page: Page,
  kind: Kind,
  fits: (data: StreamEvents[Kind]) => boolean = () => true,
): Promise<StreamEvents[Kind]> {
  return vi.waitUntil(
    () => {
      const found = page.events.find(
        (event) => event.kind === kind && fits(event.data as StreamEvents[Kind]),
      );
      return found?.data as StreamEvents[Kind] | undefined;
    },
    { timeout: 20_000 },
  );
}

const samplesOf = (page: Page): Sample[] =>
  page.events.flatMap((event) => {
    if (event.kind === 'hello') return event.data.samples;
    return event.kind === 'sample' ? [event.data] : [];
  });

const state = async (): Promise<RoomState> => JSON.parse((await ask(open, '/api/state')).text);

/** One request to everything that there is. */
const EVERYTHING: [string, string, unknown?][] = [
  ['GET', '/'],
  ['GET', '/assets/main.js'],
  ['GET', '/favicon.ico'],
  ['GET', '/api/state'],
  ['GET', '/api/stream'],
  ['PUT', '/api/knobs', { readsPerSecond: 7 }],
  ['POST', '/api/actions/edit-price'],
  ['POST', '/api/view'],
  ['GET', '/storefront'],
  ['POST', '/api/predictions', { id: 'hit-ratio', who: 'browser-1', value: 5 }],
  ['POST', '/api/questions', { id: 'hit-ratio' }],
  ['POST', '/api/questions/hit-ratio/reveal'],
  ['POST', '/api/measure', {}],
  ['GET', '/api/evidence'],
  ['GET', '/api/report'],
  ['GET', '/nothing'],
];

describe('the page', () => {
  test('comes with a policy that allows nothing inline, and its script under a name to be kept for a year', async () => {
    const page = await ask(open, '/');
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    const csp = page.headers['content-security-policy'];
    expect(csp).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(csp).not.toContain('unsafe');
    for (const path of page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const file = await ask(open, path[1]!);
      expect(file.headers['cache-control']).toContain('immutable');
      expect(file.text.length).toBeGreaterThan(1000);
    }
    expect(page.text).toContain(`src="${scriptPath}"`);
    expect((await ask(open, '/assets/main-00000000.js')).status).toBe(404);
  });

  test('shows the store in a frame of our own and of nobody else, with the store’s own style', async () => {
    const { status, headers, text } = await ask(open, '/storefront');
    expect(status).toBe(200);
    expect(text).toContain('樟茶鸭');
    const csp = headers['content-security-policy'];
    expect(csp).toMatch(/style-src 'sha256-.*frame-ancestors 'self'$/);
    expect(csp).not.toContain("frame-ancestors 'none'");
  });
});

describe('without the token of the link', () => {
  test('nothing answers but one sentence: no page, no script, no stream, and nothing is changed', async () => {
    const before = await state();
    for (const headers of [{}, { cookie: `cachelab-${guarded.port}=wrong` }, { cookie: 'x=1' }]) {
      for (const [method, path, body] of EVERYTHING) {
        const answer = await ask(guarded, path, { method, body, headers });
        expect({ path, status: answer.status, text: answer.text }).toEqual({
          ...{ path, status: 401 },
          text: 'This workshop opens by the whole link, token included: ask the host to show it.\n',
        });
        expect(answer.headers['set-cookie']).toBeUndefined();
      }
    }
    expect((await ask(guarded, `/?token=${TOKEN.slice(1)}x`)).status).toBe(401);
    expect((await ask(guarded, `/api/state?token=${TOKEN}`)).status).toBe(401);
    expect((await state()).version).toBe(before.version);
  });

  test('the link sets a cookie that scripts and other sites cannot use, leads on without the token, and opens everything', async () => {
    const first = await ask(guarded, `/?token=${TOKEN}&preset=lease%22%3E`);
    expect(first.status).toBe(200);
    expect(first.text).toContain('content="0; url=/?preset=lease%22%3E"');
    expect(first.text).not.toContain(TOKEN);
    const [cookie] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const headers = { cookie: `other=1; ${cookie!.split(';')[0]}` };
    expect((await ask(guarded, '/', { headers })).text).toContain('<script');
    expect((await ask(guarded, '/api/state', { headers })).status).toBe(200);
    const bearer = { authorization: `Bearer ${TOKEN}` };
    expect((await ask(guarded, '/api/state', { headers: bearer })).status).toBe(200);
    // An old link does not take the good cookie away.
    const again = await ask(guarded, '/?token=old', { headers });
    expect(again.status).toBe(200);
    expect(again.headers['set-cookie']).toBeUndefined();
  });
});

test('a link on a page of another site opens the workshop in a browser, by the cookie', async (context) => {
  const skip = (why: string): never => context.skip(why);
  const tool = requireTool((await testStack()).chromium, 'Chromium', skip);
  const browser = await chromium.launch({
    executablePath: tool.bin,
    env: { ...process.env, ...tool.env },
    args: ['--no-sandbox'],
  });
  const link = `http://127.0.0.1:${guarded.port}/?token=${TOKEN}`;
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a href="${link}">the workshop</a>`);
  }).listen(0, 'localhost');
  try {
    await once(site, 'listening');
    const page = await browser.newPage();
    // Another name is another site, also on this machine.
    await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`);
    await page.click('a');
    await page.waitForURL((url) => url.port === String(guarded.port) && url.search === '');
    await page.waitForSelector(`script[src="${scriptPath}"]`, { state: 'attached' });
    expect(await page.evaluate('document.cookie')).toBe('');
  } finally {
    await browser.close();
    site.close();
  }
});

describe('requests from elsewhere', () => {
  const own = (): string => `http://127.0.0.1:${open.port}`;

  test.each<[string, () => Ask, number]>([
    ['of our own origin', () => ({ headers: { origin: own() } }), 200],
    ['of a program that says so', () => ({}), 200],
    ['of a program that does not', () => ({ headers: { 'x-cachelab': '' } }), 403],
    ['of another site', () => ({ headers: { origin: 'http://evil.example' } }), 403],
    ['of another port here', () => ({ headers: { origin: 'http://127.0.0.1:1' } }), 403],
    ['of a sandboxed frame', () => ({ headers: { origin: 'null' } }), 403],
    [
      'of our origin by https',
      () => ({ headers: { origin: own().replace('http', 'https') } }),
      403,
    ],
    ['under another name', () => ({ headers: { host: `evil.example:${open.port}` } }), 403],
    [
      'that a browser calls cross-site',
      () => ({ headers: { origin: own(), 'sec-fetch-site': 'cross-site' } }),
      403,
    ],
    [
      'that a browser calls same-site',
      () => ({ headers: { origin: own(), 'sec-fetch-site': 'same-site' } }),
      403,
    ],
  ])('a knob turned by a request %s', async (_who, how, status) => {
    const before = await state();
    const readsPerSecond = before.knobs.readsPerSecond === 6 ? 5 : 6;
    const answer = await ask(open, '/api/knobs', {
      method: 'PUT',
      body: { readsPerSecond },
      ...how(),
    });
    expect(answer.status).toBe(status);
    const { knobs } = await state();
    expect(knobs.readsPerSecond).toBe(
      status === 200 ? readsPerSecond : before.knobs.readsPerSecond,
    );
    if (status !== 200)
      expect(JSON.parse(answer.text)).toEqual({
        error: expect.stringMatching(/^[A-Z].{20,}/),
        about: null,
      });
    expect(Object.keys(answer.headers).join()).not.toContain('access-control');
  });

  test('nothing may be read by another name or by a page of another site; a link from there may open the page', async () => {
    const evil = { host: 'rebound.example' };
    const cross = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    for (const [method, path, body] of EVERYTHING) {
      for (const headers of [evil, { ...cross, 'sec-fetch-dest': 'script' }]) {
        expect((await ask(open, path, { method, body, headers })).status).toBe(403);
      }
    }
    const link = { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask(open, '/', { headers: link })).status).toBe(200);
    expect((await ask(open, '/api/report', { headers: link })).status).toBe(403);
    expect(
      (await ask(open, '/', { headers: { ...link, 'sec-fetch-dest': 'iframe' } })).status,
    ).toBe(403);
    expect(
      (
        await ask(open, '/api/knobs', {
          method: 'OPTIONS',
          headers: { origin: 'http://evil.example' },
        })
      ).status,
    ).toBe(403);
  });
});

describe('requests that make no sense', () => {
  test.each<[string, string, string, unknown, number, string]>([
    ['a knob beyond its range', 'PUT', '/api/knobs', { ttlSeconds: 5000 }, 400, '1 to 3600'],
    ['knobs that are none', 'PUT', '/api/knobs', [], 400, 'object'],
    ['an unknown action', 'POST', '/api/actions/explode', undefined, 400, 'edit-price'],
    [
      'an action that cannot be now',
      'POST',
      '/api/actions/bring-redis-back',
      undefined,
      409,
      'edis',
    ],
    [
      'a prediction that nobody asked for',
      'POST',
      '/api/predictions',
      { id: 'hit-ratio', who: 'browser-1', value: 5 },
      409,
      '',
    ],
    ['a wrong question', 'POST', '/api/questions', { id: 'weather' }, 400, 'hit-ratio'],
    ['no body', 'POST', '/api/questions', undefined, 400, 'body is missing'],
    ['broken JSON', 'PUT', '/api/knobs', '{"preset":', 400, 'not valid JSON'],
    ['a body of 5 KB', 'PUT', '/api/knobs', { preset: 'x'.repeat(5000) }, 413, '4096'],
    ['a wrong method', 'DELETE', '/api/knobs', undefined, 405, 'allowed: PUT'],
    ['nothing there', 'GET', '/etc/passwd', undefined, 404, 'nothing'],
    ['a long URL', 'GET', `/?${'x'.repeat(1100)}`, undefined, 414, '1024'],
    ['a broken URL', 'POST', '/api/actions/%E0%A4%A', undefined, 400, ''],
  ])('%s is refused by a sentence', async (_what, method, path, body, status, part) => {
    const before = await state();
    const answer = await ask(open, path, { method, body });
    expect(answer.status).toBe(status);
    const refusal = JSON.parse(answer.text);
    expect(refusal.error).toContain(part);
    expect(refusal.error.length).toBeGreaterThan(10);
    expect(answer.text).not.toMatch(/node_modules|\.ts\b|at .*\(/);
    expect((await state()).knobs).toEqual(before.knobs);
  });

  test('a form, as a page of another site could send one, is not read', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask(open, '/api/knobs', { method: 'PUT', headers, body: 'preset=lease' });
    expect(answer.status).toBe(415);
  });

  test('of 60 views at once at least 20 are answered, the others are refused with 429', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => ask(open, '/api/view', { method: 'POST' })),
    );
    const seen = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(seen.length).toBeGreaterThanOrEqual(20);
    expect(seen.length + refused.length).toBe(60);
    expect(refused.length).toBeGreaterThan(0);
    expect(JSON.parse(seen[0]!.text)).toMatchObject({ status: 200, outcome: 'bypass', price: 150 });
    expect(JSON.parse(seen[0]!.text).queries).toHaveLength(114);
  });
});

describe('the stream', () => {
  test('a price edit by one is the same mark and the same price for two others, and after a lost connection none is missed', async () => {
    const pages = [await connect(open), await connect(open)];
    await Promise.all(pages.map((page) => told(page, 'sample')));
    const { price } = await state();
    const answer = await ask(open, '/api/actions/edit-price', { method: 'POST' });
    expect(answer.status).toBe(200);
    const mark: Mark = JSON.parse(answer.text);
    for (const page of pages) {
      expect(await told(page, 'mark', ({ id }) => id === mark.id)).toEqual(mark);
      expect((await told(page, 'state', (now) => now.price !== price)).knobs).toBeDefined();
    }
    await told(pages[0]!, 'state', ({ people }) => people >= 2);

    // The first loses its connection; what happens meanwhile comes with the next hello, each sample once.
    const [lost, other] = pages as [Page, Page];
    lost.close();
    await lost.ended;
    const lastId = lost.events.findLast(({ id }) => id !== null)!.id!;
    const seen = samplesOf(lost).at(-1)!.id;
    const later: Mark = JSON.parse(
      (await ask(open, '/api/actions/edit-price', { method: 'POST' })).text,
    );
    await told(other, 'sample', ({ id }) => id >= seen + 3);
    const back = await connect(open, { 'last-event-id': lastId });
    const hello = await told(back, 'hello');
    expect(hello.samples.map(({ id }) => id).slice(0, 3)).toEqual([seen + 1, seen + 2, seen + 3]);
    expect(hello.marks).toEqual([later]);
    const afterSample = await connect(open, {}, `?after=${seen}`);
    expect((await told(afterSample, 'hello')).samples[0]?.id).toBe(seen + 1);
    for (const page of [other, back, afterSample]) {
      const ids = samplesOf(page).map(({ id }) => id);
      expect(ids).toEqual(ids.map((_, at) => ids[0]! + at));
      page.close();
    }
  });
});

describe('what is handed out', () => {
  test('the evidence names what was sent, and the take-home is one file to keep', async () => {
    const evidence = JSON.parse((await ask(open, '/api/evidence')).text);
    expect(JSON.stringify(evidence.requests)).toContain('update-price');
    const report = await ask(open, '/api/report');
    expect(report.headers['content-disposition']).toMatch(
      /^attachment; filename="cachelab-workshop-\d{4}-\d\d-\d\d-\d{4}\.html"$/,
    );
    expect(report.text).toContain('<html');
  });

  test('none of all these requests was a fault of the server', () => {
    expect(faults).toEqual([]);
  });
});

test('with three pages connected, one of which reads nothing, and a request that never comes to its end, the server ends within 5 s', async () => {
  const listener = await serve(null);
  const half = createConnection(listener.port, '127.0.0.1');
  half.write('GET /api/state HTTP/1.1\r\nHost: 127.0.0.1\r\n');
  const halfClosed = new Promise((resolve) => half.once('close', resolve));
  half.on('error', () => {});
  const pages = [await connect(listener), await connect(listener)];
  const stalled = await begin(listener, '/api/stream');
  stalled.pause().on('error', () => {});
  const closed = new Promise((resolve) => stalled.once('close', resolve));
  const beganMs = performance.now();
  closers.at(-1)!();
  await listener.close();
  await Promise.all(pages.map(({ ended }) => ended));
  // 0.1 s on a quiet machine; a request may take 10 s to come in.
  expect(performance.now() - beganMs).toBeLessThan(5000);
  stalled.resume();
  await Promise.all([closed, halfClosed]);
});

// Each starts all the services of a room: seconds on a quiet machine, much longer on a busy one.
describe('npm run workshop', () => {
  let copy: Checkout;
  beforeAll(async () => {
    copy = await checkout();
  });
  afterAll(() => copy.remove());

  /** A test that fails half way leaves no workshop behind. */
  function start(...args: string[]): RunningCli {
    const lab = copy.start(['workshop', '--port', '0', ...args], OWN_SERVICES);
    onTestFinished(async () => {
      lab.child.kill('SIGINT');
      await lab.exited;
    });
    return lab;
  }

  async function untilOpen(lab: RunningCli): Promise<{ links: string[]; pids: number[] }> {
    await vi.waitUntil(() => lab.stdout().includes('Ctrl-C') || lab.child.exitCode !== null, {
      timeout: 100_000,
    });
    if (lab.child.exitCode !== null) throw new Error(lab.stderr());
    const run = runFiles(copy.root).find((file) => file.run.lab.pid === lab.child.pid)?.run;
    return {
      links: [...lab.stdout().matchAll(/http:\S+/g)].map(([link]) => link),
      pids: (run?.processes ?? []).map(({ pid }) => pid),
    };
  }

  test('prints its address and notes it for others, and Ctrl-C leaves no process, no folder and no address', async () => {
    expect(readWorkshopAddress(copy.root)).toBeNull();
    const lab = start('--stores', '3');
    const { links, pids } = await untilOpen(lab);
    expect(links).toHaveLength(1);
    const address = readWorkshopAddress(copy.root);
    expect(address).toEqual({ url: links[0]!.replace(/\/$/, ''), token: null });
    const run = copy.leftovers().find((name) => name.startsWith('run-'))!;
    const { mode } = statSync(join(copy.root, '.cachelab', run, 'workshop.json'));
    expect((mode & 0o777).toString(8)).toBe('600');
    expect((await fetch(`${address!.url}/api/state`)).status).toBe(200);
    expect(living(pids).length).toBeGreaterThanOrEqual(4);
    lab.child.kill('SIGINT');
    expect(await lab.exited).toMatchObject({ code: 130 });
    expect(living(pids)).toEqual([]);
    expect(copy.leftovers()).toEqual([]);
    expect(readWorkshopAddress(copy.root)).toBeNull();
  });

  test('with --lan asks for a token of 24 characters; killed with -9 it leaves nothing either', async () => {
    const lab = start('--stores', '0', '--lan');
    const { links, pids } = await untilOpen(lab);
    const { url, token } = readWorkshopAddress(copy.root)!;
    expect(token).toMatch(/^[\w-]{24}$/);
    for (const link of links) expect(link).toMatch(new RegExp(`/\\?token=${token}$`));
    expect((await fetch(`${url}/api/state`)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${url}/api/state`, { headers })).status).toBe(200);
    await killOutright(copy, lab);
    expect(copy.leftovers()).toEqual([]);
    expect(living(pids)).toEqual([]);
    expect(readWorkshopAddress(copy.root)).toBeNull();
  });

  test('names every wrong option at once, and a port that is taken before it starts anything', async () => {
    const wrong = await copy.run(['workshop', '--port', '99999', '--stores', 'many'], OWN_SERVICES);
    expect(wrong.code).toBe(2);
    for (const flag of ['--port', '--stores']) expect(wrong.stderr).toContain(flag);
    const taken = await copy.run(['workshop', '--port', String(open.port)], OWN_SERVICES);
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain(`E_PORT_TAKEN: port ${open.port} on 127.0.0.1`);
    expect(copy.leftovers()).toEqual([]);
  });

  test('says where the page does not compile, and ends what had started', async () => {
    const main = join(copy.root, 'workshop', 'page', 'main.ts');
    writeFileSync(main, `${readFileSync(main, 'utf8')}\nconst half = ;\n`);
    const broken = await copy.run(['workshop', '--port', '0'], OWN_SERVICES);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain('E_PAGE_BUILD: the page does not compile');
    expect(broken.stderr).toMatch(/workshop\/page\/main\.ts:\d+:13/);
    expect(copy.leftovers()).toEqual([]);
  });
});
