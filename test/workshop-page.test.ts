import axeCore from 'axe-core';
import { Redis } from 'ioredis';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSupervisor, type Supervisor } from '../lab/provision/supervisor.ts';
import type { Knobs, RoomState } from '../workshop/contract.ts';
import { bundlePage } from '../workshop/http/assets.ts';
import { createControl } from '../workshop/http/control.ts';
import { type Listener, listen } from '../workshop/http/listen.ts';
import { openRoom, type Room } from '../workshop/room/room.ts';
import { requireTool, testStack } from './stack.ts';

const WIDE = { width: 1280, height: 720 };
const PHONE = { width: 390, height: 844 };
/** Knobs whose request depends on no other one, so that it is sent word for word as the page says. */
const ALONE = new Set<keyof Knobs>(['dbLatencyMs', 'maxmemoryPolicy', 'maxmemoryMb']);
const PATIENCE = { timeout: 30_000 };

let supervisor: Supervisor;
let room: Room;
let listener: Listener;
let closeStreams: () => void = () => {};
/** A control server for the same room, at the same port. */
let serveAnew: () => void = () => {};
let browser: Browser | undefined;
let host: Page;
/** What went wrong on any page, and who was asked. */
const messages: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  const { root, k6Bin, chromium: tool } = await testStack();
  if (tool === null) return; // each test says so
  supervisor = createSupervisor({ root, label: 'workshop page test', handleSignals: false });
  listener = await listen({ port: 0, beyondLoopback: false });
  const [opened, assets, started] = await Promise.all([
    openRoom({ root, supervisor, stores: 5, env: { ...process.env, K6_BIN: k6Bin } }),
    bundlePage(),
    chromium.launch({
      executablePath: tool.bin,
      env: { ...process.env, ...tool.env },
      args: ['--no-sandbox'],
    }),
  ]);
  room = opened;
  browser = started;
  serveAnew = () => {
    const control = createControl({
      ...{ room, assets, token: null, hosts: new Set(['127.0.0.1', 'localhost']), now: Date.now },
      report: (error) => messages.push(String(error)),
    });
    closeStreams = () => control.close();
    listener.serve(control.handler);
  };
  serveAnew();
  host = await openPage(WIDE);
});

beforeEach(async (context) => {
  requireTool((await testStack()).chromium, 'Chromium', (why) => context.skip(why));
});

afterAll(async () => {
  await browser?.close();
  closeStreams();
  await listener?.close();
  await room?.close();
  await supervisor?.stopAll();
});

async function openPage(
  viewport: { width: number; height: number },
  options: { hash?: string; locale?: string; reducedMotion?: 'reduce' } = {},
): Promise<Page> {
  const { hash = '', ...rest } = options;
  const tab = await browser!.newContext({ viewport, locale: 'en-US', ...rest });
  const page = await tab.newPage();
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`http://127.0.0.1:${listener.port}/${hash}`);
  await page.locator('#connection.live').waitFor();
  return page;
}

/** Waits until the page shows a text. */
async function shows(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await vi.waitFor(async () => {
    const found = await page.locator(selector).first().textContent();
    if (typeof text === 'string') expect(found).toBe(text);
    else expect(found).toMatch(text);
  }, PATIENCE);
}

function roomIs(fits: (state: RoomState) => boolean, what: string): Promise<void> {
  return vi.waitFor(() => {
    if (!fits(room.state())) throw new Error(`${what}: ${JSON.stringify(room.state())}`);
  }, PATIENCE);
}

/** Where the room's services listen, from the commands that its evidence gives to participants. */
async function places(): Promise<{ storeUrls: string[]; redisPort: number }> {
  const { requests: sent } = await room.evidence();
  const commands = sent.map(({ command }) => command).join('\n');
  const storeUrls = [...new Set(commands.match(/http:\/\/127\.0\.0\.1:\d+/g))];
  const redisPort = Number(/redis-cli -p (\d+)/.exec(commands)?.[1] ?? 0);
  return { storeUrls, redisPort };
}

async function policySettings(): Promise<Record<string, unknown>> {
  const { storeUrls } = await places();
  const response = await fetch(`${storeUrls[0]}/lab/policy`);
  return ((await response.json()) as { settings: Record<string, unknown> }).settings;
}

async function redisSays<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
  const { redisPort } = await places();
  const redis = new Redis(redisPort, '127.0.0.1', {
    ...{
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      commandTimeout: 2000,
      lazyConnect: true,
    },
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** Turns one knob on the page by its field or its list, and waits until it shows the room's truth. */
async function turn(page: Page, name: keyof Knobs, shown: string): Promise<void> {
  if (await page.locator(`select#${name}`).count()) await page.selectOption(`#${name}`, shown);
  else {
    await page.fill(`#${name}`, shown);
    await page.press(`#${name}`, 'Enter');
  }
}

async function blur(page: Page): Promise<void> {
  await page.evaluate('document.activeElement?.blur()');
}

async function lastEvent(page: Page): Promise<string> {
  return (await page.locator('#events li').first().textContent()) ?? '';
}

describe('the workshop’s page in Chromium, with the real services', () => {
  test('comes under a CSP without unsafe, and counts 114 SELECTs before any click', async () => {
    const response = await host.request.get(host.url());
    expect(response.headers()['content-security-policy']).not.toContain('unsafe');
    await shows(host, '#query-count', '114');
    expect(await host.locator('#ticks rect').count()).toBe(114);
    const frame = host.frameLocator('#storefront');
    await frame.getByText('樟茶鸭').first().waitFor(PATIENCE);
  });

  test('on 1280 x 720 all six steps stand on the screen', async () => {
    for (const step of ['look', 'predict', 'turn', 'break', 'watch', 'explain']) {
      const box = (await host.locator(`#${step}`).boundingBox())!;
      expect(box.y + 60, step).toBeLessThan(WIDE.height);
      expect(box.x + box.width, step).toBeLessThanOrEqual(WIDE.width);
    }
    expect(await host.evaluate('document.documentElement.scrollHeight')).toBe(WIDE.height);
    // Nor does a part of them lie beyond the edge of its column.
    const heights = await host.evaluate<[number, number][]>(
      `[...document.querySelectorAll('.column')].map((column) => [column.scrollHeight, column.clientHeight])`,
    );
    for (const [scrolled, seen] of heights) expect(scrolled).toBe(seen);
  });

  test('a hit runs 0 SELECTs and draws no tick', async () => {
    await turn(host, 'preset', 'cached');
    await roomIs(({ knobs }) => knobs.preset === 'cached', 'cached');
    await blur(host);
    await vi.waitFor(async () => {
      await host.keyboard.press('v');
      expect(await host.locator('#query-count').textContent()).toBe('0');
    }, PATIENCE);
    expect(await host.locator('#ticks rect').count()).toBe(0);
    await shows(host, '#view-outcome', 'hit');
    await shows(host, '#view-price', '¥150');
  });

  test('a preset with which a turned life of 30 s does not go is taken, and the life is its own again', async () => {
    await room.turn({ ttlSeconds: 30 });
    await turn(host, 'preset', 'uncached');
    await roomIs(({ knobs }) => knobs.preset === 'uncached' && knobs.ttlSeconds === null, 'alone');
    expect(await host.textContent('#ttlSeconds-refusal')).toBe('');
    await room.turn({ preset: 'cached' });
  });

  test('every knob that is turned on the page is in force in the services, in the link and in the list', async () => {
    const turns: [keyof Knobs, string, unknown, string, () => Promise<unknown>][] = [
      ['ttlSeconds', '30', 30_000, 'ttlMs', policySettings],
      ['jitter', '20', 0.2, 'jitter', policySettings],
      ['coalesce', 'process', 'process', 'coalesce', policySettings],
      ['gate', 'lease', 'lease', 'gate', policySettings],
      ['invalidate', 'delete', 'delete', 'invalidate', policySettings],
      ['dbLatencyMs', '1.5', 2, 'maxMs', latency],
      ['maxmemoryPolicy', 'allkeys-lfu', 'allkeys-lfu', 'maxmemory-policy', redisConfig],
      ['maxmemoryMb', '64', String(64 * 1024 * 1024), 'maxmemory', redisConfig],
      ['readsPerSecond', '12', 12, 'readsPerSecond', load],
      ['writesPerMinute', '60', 60, 'writesPerMinute', load],
      ['otherStoresShare', '50', 0.5, 'otherStoresShare', load],
    ];
    for (const [name, shown] of turns) {
      await turn(host, name, shown);
      const request = (await host.locator('#knob-request').textContent()) ?? '';
      expect(request).toMatch(/PUT|CONFIG SET|k6/);
      if (!ALONE.has(name)) continue;
      await vi.waitFor(async () => {
        const { requests: sent } = await room.evidence();
        expect(sent.map(({ line }) => line)).toContain(request);
      }, PATIENCE);
    }
    for (const [name, shown, wanted, key, read] of turns) {
      await vi.waitFor(async () => {
        expect(await read()).toMatchObject({ [key]: wanted });
        expect(await host.inputValue(`#${name}`)).toBe(shown);
        expect(await host.locator(`#knob-${name}`).getAttribute('aria-busy')).toBeNull();
        expect(await host.locator('#events').textContent()).toContain(name);
        expect(new URL(host.url()).hash).toContain(`${name}=`);
      }, PATIENCE);
    }
  });

  async function latency(): Promise<unknown> {
    const { storeUrls } = await places();
    return (await fetch(`${storeUrls[0]}/lab/db-latency`)).json();
  }

  function redisConfig(): Promise<unknown> {
    return redisSays(async (redis) => {
      const list = await redis.config('GET', 'maxmemory*');
      return Object.fromEntries(
        list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])),
      );
    });
  }

  // oxlint-disable-next-line require-await -- one of several readers, of which the others ask a service
  async function load(): Promise<unknown> {
    return room.state().services.load === 'up' ? room.state().knobs : {};
  }

  test('a wrong value is refused by a sentence beside its knob, which returns to the truth', async () => {
    await turn(host, 'ttlSeconds', '9999');
    await shows(host, '#ttlSeconds-refusal', /9999.*3600/);
    expect(await host.locator('#ttlSeconds-refusal').getAttribute('role')).toBe('alert');
    expect(await host.locator('#ttlSeconds').getAttribute('aria-describedby')).toContain(
      'ttlSeconds-refusal',
    );
    expect(await host.inputValue('#ttlSeconds')).toBe('30');
    expect(room.state().knobs.ttlSeconds).toBe(30);
    await turn(host, 'ttlSeconds', '');
    await roomIs(({ knobs }) => knobs.ttlSeconds === null, 'as the preset');
    await shows(host, '#ttlSeconds-refusal', '');
  });

  test('each number key does its action, seen in the services and as a numbered mark', async () => {
    // The k6 that writes is gone while the listener starts: one more of its writes would be taken for that of key 1.
    await room.turn({
      ...{ ttlSeconds: null, jitter: null, coalesce: null, gate: null, invalidate: null },
      ...{ otherStoresShare: 0, writesPerMinute: 0 },
    });
    await room.turn({ preset: 'event-driven' });
    await blur(host);
    const before = room.recent().marks.at(-1)!.id;
    await press('1', /→/);
    const price = Number(/→(\d+)/.exec(await lastEvent(host))?.[1]);
    expect(await priceInDatabase()).toBe(price);
    await vi.waitFor(async () => expect(await copies()).toBe(1), PATIENCE);
    await press('2', /DEL|none/);
    await press('3', /Kill Redis/);
    await expect(redisSays((redis) => redis.ping())).rejects.toThrow();
    await shows(host, '#diagram .node.down .state', /down/);
    expect(await host.locator('#action-kill-redis').getAttribute('aria-disabled')).toBe('true');
    expect(await host.locator('#why-kill-redis').textContent()).toContain('bring it back');
    await press('4', /back/);
    expect(await redisSays((redis) => redis.ping())).toBe('PONG');
    await press('5', /Freeze/);
    await expect(redisSays((redis) => redis.ping())).rejects.toThrow();
    await shows(host, '#diagram .node.frozen .state', /frozen/);
    await press('4', /back/);
    await roomIs(({ services }) => services.redis === 'up' && services.listener === 'up', 'up');
    await press('6', /Drop/);
    await roomIs(({ services }) => services.listener === 'down', 'listener down');
    await press('7', /back/);
    await roomIs(({ services }) => services.listener === 'up', 'listener up');
    await press('8', /404/);
    await press('9', /Flood/);
    await press('0', /SQL/);
    // By number: of their list the oldest go after 120 s.
    expect(room.recent().marks.at(-1)!.id - before).toBeGreaterThanOrEqual(11);
  });

  /** As the room reads it from the database, once a second and more. */
  async function priceInDatabase(): Promise<number> {
    await nextSamples(6);
    return room.state().price;
  }

  function copies(): Promise<number> {
    return redisSays((redis) => redis.exists('store_catalog:lao-zhang'));
  }

  /** Presses a key and waits for its mark in the list. */
  async function press(key: string, text: RegExp): Promise<void> {
    // The page knows what it may do from the stream; the mark of the last key may have come before, as its answer.
    await host.locator(`[aria-keyshortcuts="${key}"][aria-disabled="false"]`).waitFor(PATIENCE);
    const before = await lastEvent(host);
    await host.keyboard.press(key);
    await vi.waitFor(async () => {
      const now = await lastEvent(host);
      expect(now).not.toBe(before);
      expect(now).toMatch(text);
    }, PATIENCE);
  }

  test('every chart moves, has its sentence with a number, and a table of 10 s', async () => {
    const before = await pictures(host);
    expect(before).toHaveLength(4);
    await vi.waitFor(async () => {
      const now = await pictures(host);
      for (const [index, picture] of now.entries()) expect(picture).not.toBe(before[index]);
    }, PATIENCE);
    for (const chart of ['latency', 'ratio', 'loads', 'age']) {
      const image = host.locator(`#chart-${chart} [role=img]`);
      const says = (await image.getAttribute('aria-describedby'))!;
      await shows(host, `#${says}`, /\d/);
      await host.locator(`#chart-${chart} summary`).click();
      await vi.waitFor(async () => {
        expect(await host.locator(`#chart-${chart} tbody tr`).count()).toBe(10);
      }, PATIENCE);
      await host.locator(`#chart-${chart} summary`).click();
    }
  });

  test('space holds the charts while events go on, scrubbing goes back, and a pinned minute stays', async () => {
    await blur(host);
    await host.keyboard.press(' ');
    await shows(host, '#shown-time', /paused/);
    const held = await pictures(host);
    await nextSamples(4);
    expect(await pictures(host)).toEqual(held);
    const back = Number(await host.getAttribute('#scrub', 'min'));
    if (back < 0) {
      await host.locator('#scrub').focus();
      await host.keyboard.press('ArrowLeft');
      await shows(host, '#shown-time', 'paused, 1 s back');
    }
    await blur(host);
    await host.keyboard.press(' ');
    await shows(host, '#shown-time', 'last 60 s');
    await host.keyboard.press('p');
    await shows(host, '#pin-word', 'Drop ghost');
    await host.keyboard.press('p');
    await shows(host, '#pin-word', 'Pin as ghost');
  });

  /** What each canvas shows now. */
  function pictures(page: Page): Promise<string[]> {
    return page.evaluate<string[]>(
      `[...document.querySelectorAll('.plot canvas')].map((canvas) => canvas.toDataURL())`,
    );
  }

  function nextSamples(count: number): Promise<void> {
    return new Promise((resolve) => {
      let seen = 0;
      const stop = room.on(({ kind }) => {
        if (kind === 'sample') seen += 1;
        if (seen < count) return;
        stop();
        resolve();
      });
    });
  }

  test('with the keyboard alone a whole round is played: ask, predict, send, reveal', async () => {
    await room.turn({ preset: 'cached', readsPerSecond: 10 });
    await host.evaluate('document.querySelector("nav a").focus()');
    await tabTo(host, '', 'skip');
    await host.keyboard.press('Enter');
    await tabTo(host, 'question');
    await host.keyboard.type('Redis dies');
    await tabTo(host, 'ask');
    await host.keyboard.press('Enter');
    await shows(host, '#question-text', /Redis dies/);
    await tabTo(host, 'prediction');
    for (let step = 0; step < 5; step += 1) await host.keyboard.press('ArrowRight');
    await tabTo(host, 'prediction-number');
    await host.keyboard.press('Enter');
    await shows(host, '#prediction-count', 'Answers: 1');
    // Its dot comes with the answer to what was sent, the count with the stream: either may be first.
    await host.locator('#dots .dot').waitFor();
    expect(await host.locator('#dots .dot').count()).toBe(1);
    await tabTo(host, 'reveal');
    await host.keyboard.press('Enter');
    await shows(host, '#answer', /It was \d/);
    expect(await host.locator('#dots line.answer').count()).toBe(1);
    expect(room.state().question?.answer).toBeGreaterThan(0);
  });

  async function tabTo(page: Page, id: string, className = ''): Promise<void> {
    const there = `document.activeElement?.id === '${id}' && document.activeElement.className.includes('${className}')`;
    for (let step = 0; step < 30; step += 1) {
      if (await page.evaluate<boolean>(there)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`no way to #${id} by 30 tabs`);
  }

  test('a number that is turned in a sentence is answered at once, and the evidence shows what was sent', async () => {
    const before = await host.locator('#hit-ratio-answer').textContent();
    await host.locator('#hit-ratio-ttlSeconds').focus();
    await host.keyboard.press('ArrowUp');
    expect(await host.locator('#hit-ratio-answer').textContent()).not.toBe(before);
    await host.evaluate(`document.activeElement.blur()`);
    await host.keyboard.press('e');
    await host.locator('#evidence[open] #evidence-requests tr').first().waitFor();
    expect(await host.locator('#evidence-sql li').count()).toBeGreaterThan(3);
    expect(await host.locator('#evidence-k6').textContent()).toContain('export');
  });

  test.for(['light', 'dark'] as const)(
    'axe finds nothing serious in %s, in the page or in the evidence',
    async (scheme) => {
      await host.emulateMedia({ colorScheme: scheme });
      expect(await axe(host)).toEqual([]);
      await host.keyboard.press('Escape');
      expect(await axe(host)).toEqual([]);
      await blur(host);
      await host.keyboard.press('e');
      await host.locator('#evidence[open]').waitFor();
    },
  );

  async function axe(page: Page): Promise<string[]> {
    // By the developer's door: the page's own policy lets no foreign script in.
    await page.evaluate(axeCore.source);
    return page.evaluate<string[]>(
      `axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
    );
  }

  test('two people see one truth, on a phone as on the wall, and the phone scrolls only downwards', async () => {
    await host.keyboard.press('Escape');
    const phone = await openPage(PHONE, { locale: 'zh-CN', reducedMotion: 'reduce' });
    expect(await phone.getAttribute('html', 'lang')).toBe('zh-CN');
    await turn(phone, 'readsPerSecond', '3');
    await vi.waitFor(async () => {
      expect(await host.inputValue('#readsPerSecond')).toBe('3');
    }, PATIENCE);
    await Promise.all([turn(phone, 'jitter', '10'), turn(host, 'ttlSeconds', '45')]);
    await roomIs(({ knobs }) => knobs.jitter === 0.1 && knobs.ttlSeconds === 45, 'both');
    for (const page of [host, phone])
      await vi.waitFor(async () => {
        expect(await page.inputValue('#jitter')).toBe('10');
        expect(await page.inputValue('#ttlSeconds')).toBe('45');
      }, PATIENCE);
    await vi.waitFor(async () => {
      expect(await lastEvent(host)).not.toBe('');
      const [onWall, onPhone] = [host, phone].map((page) => page.locator('#events b').first());
      expect(await onWall!.textContent()).toBe(await onPhone!.textContent());
    }, PATIENCE);
    for (const width of [320, 390]) {
      await phone.setViewportSize({ ...PHONE, width });
      expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    expect(await axe(phone)).toEqual([]);
    await phone.context().close();
  });

  test('a link with other settings changes nothing by itself and offers them', async () => {
    const guest = await openPage(WIDE, { hash: '#preset=lease&readsPerSecond=2' });
    await guest.locator('#link-offer').waitFor();
    await shows(guest, '#link-text', /preset lease/);
    expect(room.state().knobs.preset).toBe('cached');
    await guest.click('#apply-link');
    await roomIs(({ knobs }) => knobs.preset === 'lease' && knobs.ttlSeconds === null, 'the link');
    await guest.locator('#link-offer').waitFor({ state: 'hidden' });
    await vi.waitFor(() => {
      expect(new URL(guest.url()).hash).toBe('#preset=lease&readsPerSecond=2');
    }, PATIENCE);
    await guest.context().close();
  });

  test('a lost connection is said, and what was missed is there when it is back', async () => {
    await host.context().setOffline(true);
    closeStreams();
    await host.locator('#connection.lost').waitFor(PATIENCE);
    expect(await host.locator('#action-flood').getAttribute('aria-disabled')).toBe('true');
    await room.turn({ preset: 'short-ttl' });
    serveAnew();
    await host.context().setOffline(false);
    await host.locator('#connection.live').waitFor(PATIENCE);
    await vi.waitFor(async () => {
      expect(await host.inputValue('#preset')).toBe('short-ttl');
      expect(await lastEvent(host)).toContain('short-ttl');
    }, PATIENCE);
  });

  test('a reload brings back the state, the marks and the last minute', async () => {
    const events = (await host.locator('#events li').allTextContents()).slice(0, 5);
    await host.reload();
    await host.locator('#connection.live').waitFor(PATIENCE);
    await vi.waitFor(async () => {
      expect(await host.inputValue('#preset')).toBe('short-ttl');
      expect((await host.locator('#events li').allTextContents()).slice(0, 5)).toEqual(events);
      expect(await host.getAttribute('#scrub', 'min')).not.toBe('');
    }, PATIENCE);
    await shows(host, '#query-count', /\d/);
  });

  test('all the while there was no message of the browser and no request to anybody else', () => {
    const lost =
      /ERR_INTERNET_DISCONNECTED|ERR_NETWORK|ERR_INCOMPLETE_CHUNKED|the server responded with a status of 400/;
    expect(messages.filter((message) => !lost.test(message))).toEqual([]);
    const origin = `http://127.0.0.1:${listener.port}/`;
    expect(requests.length).toBeGreaterThan(20);
    expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual(
      [],
    );
  });
});
