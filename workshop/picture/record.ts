/**
 * Records README's picture of the workshop: `npx tsx workshop/picture/record.ts`. Starts the real workshop, opens its page in
 * a real Chromium, turns knobs and presses keys as a host would, and takes a screenshot every half second. What the charts
 * show is what the services did meanwhile; only the order and the moments of the hands are written down here.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { LabError } from '../../lab/errors.ts';
import { findChromium } from '../../lab/provision/chromium.ts';
import { ROOT } from '../../lab/root.ts';
import { animatedPng, type Frame } from './animated-png.ts';

const SIZE = { width: 1280, height: 720 };
const COLOURS = 128;
const EVERY_MS = 500;
/** Before the first picture: the charts have something to show, the pool its connections. */
const WARM_MS = 25_000;
/** The last picture stands for a moment before the loop begins again. */
const LAST_SHOW_MS = 2500;
/** How long a hand may take until the room has marked it: a new listener is a new process. */
const MARK_TIMEOUT_MS = 20_000;

/** What a host does: a policy, a key, or a look at the page. */
type Hand = { preset: string } | { key: string } | 'view';

/** The story in half a minute: slow, fast, wrong, right, broken, healed. `afterMs`: from when the hand before had its effect. */
const HANDS: readonly { afterMs: number; hand: Hand }[] = [
  { afterMs: 2500, hand: { preset: 'cached' } },
  { afterMs: 3000, hand: 'view' },
  { afterMs: 1500, hand: { key: '1' } },
  { afterMs: 1500, hand: 'view' },
  { afterMs: 1500, hand: { preset: 'event-driven' } },
  { afterMs: 1000, hand: { key: '1' } },
  { afterMs: 2000, hand: 'view' },
  { afterMs: 1500, hand: { key: '3' } },
  { afterMs: 1500, hand: 'view' },
  { afterMs: 3000, hand: { key: '4' } },
  { afterMs: 2500, hand: 'view' },
];
const TAIL_MS = 2000;
/** After this hand comes the still picture, for readers who want nothing to move: Redis is gone, each page asks the database again. */
const STILL_AFTER = 8;
const STILL_DELAY_MS = 2000;

const workshop = spawn(
  process.execPath,
  [join(ROOT, 'scripts', 'run.mjs'), 'workshop', '--port', '0'],
  { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = once(workshop, 'exit');
try {
  const pageUrl = await Promise.race([
    addressOf(createInterface({ input: workshop.stdout })),
    ended.then(() => null),
  ]);
  if (pageUrl === null) {
    throw new LabError('E_WORKSHOP_ENDED', 'the workshop ended before it had an address', {
      hint: 'its last words are above; npm run lab -- doctor says what is missing',
    });
  }
  const { frames, still } = await record(pageUrl);
  const folder = join(ROOT, 'reports', 'sample');
  mkdirSync(folder, { recursive: true });
  save(join(folder, 'workshop.png'), animatedPng(frames, COLOURS));
  save(join(folder, 'workshop-still.png'), animatedPng([still], COLOURS));
} finally {
  workshop.kill('SIGINT');
  await ended;
}

async function addressOf(lines: AsyncIterable<string>): Promise<string | null> {
  for await (const line of lines) {
    process.stdout.write(`${line}\n`);
    const [url] = /http:\/\/127\.0\.0\.1:\d+\S*/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  return null;
}

async function record(pageUrl: string): Promise<Film> {
  const found = await findChromium(ROOT, process.env);
  if ('tried' in found) {
    throw new LabError('E_NO_CHROMIUM', `no Chromium: ${found.tried.join('; ')}`, {
      hint: 'npm run lab -- doctor says how to get one',
    });
  }
  const browser = await chromium.launch({
    executablePath: found.bin,
    env: { ...process.env, ...found.env },
    args: ['--no-sandbox'],
  });
  try {
    const tab = await browser.newContext({
      ...{ viewport: SIZE, colorScheme: 'light', locale: 'en-US' },
    });
    const page = await tab.newPage();
    await page.goto(pageUrl);
    await page.waitForFunction("document.querySelector('#preset').value === 'uncached'");
    await sleep(WARM_MS);
    return await film(page);
  } finally {
    await browser.close();
  }
}

/** The frames in order, and the one for readers who want nothing to move. */
interface Film {
  frames: Frame[];
  still: Frame;
}

/** Screenshots at an even pace while the hands play; each stands until the next one was taken. */
async function film(page: Page): Promise<Film> {
  const moments = { ended: false, stillAt: Number.POSITIVE_INFINITY };
  const playing = play(page, moments).finally(() => {
    moments.ended = true;
  });
  const shots: { png: Uint8Array; at: number }[] = [];
  while (!moments.ended) {
    const at = performance.now();
    shots.push({ png: await page.screenshot(), at });
    await sleep(Math.max(0, at + EVERY_MS - performance.now()));
  }
  await playing;
  const frames = shots.map(({ png, at }, index) => ({
    png,
    showMs: Math.round((shots[index + 1]?.at ?? at + LAST_SHOW_MS) - at),
  }));
  const still = frames[shots.findIndex(({ at }) => at >= moments.stillAt)] ?? frames.at(-1);
  if (still === undefined) throw new Error('the hands ended before the first screenshot');
  return { frames, still };
}

async function play(page: Page, moments: { stillAt: number }): Promise<void> {
  for (const [index, { afterMs, hand }] of HANDS.entries()) {
    await sleep(afterMs);
    if (hand === 'view') await page.keyboard.press('v');
    else await marked(page, hand);
    if (index === STILL_AFTER) moments.stillAt = performance.now() + STILL_DELAY_MS;
  }
  await sleep(TAIL_MS);
}

/** Turns a policy or presses a key, and waits until the room has marked it. */
async function marked(page: Page, hand: Exclude<Hand, 'view'>): Promise<void> {
  const before = await page.locator('#events li').count();
  if ('key' in hand) await page.keyboard.press(hand.key);
  else {
    await page.selectOption('#preset', hand.preset);
    // Else a digit would choose another one.
    await page.evaluate('document.activeElement?.blur()');
  }
  await page
    .locator('#events li')
    .nth(before)
    .waitFor({ state: 'attached', timeout: MARK_TIMEOUT_MS });
}

function save(path: string, bytes: Uint8Array): void {
  writeFileSync(path, bytes);
  process.stdout.write(`${path}: ${Math.round(bytes.length / 1024)} KB\n`);
}
