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
/** Of the picture against the window. README shows it some 830 px wide. */
const SCALE = 0.75;
const COLOURS = 128;
const EVERY_MS = 500;
/** Before the first picture: the charts have something to show, the pool its connections. */
const WARM_MS = 12_000;
/** The story told in 20 s: slow, fast, wrong, right, broken, healed. */
const HANDS: readonly { second: number; does: (page: Page) => Promise<unknown> }[] = [
  { second: 2.5, does: (page) => choose(page, 'cached') },
  { second: 6, does: (page) => page.keyboard.press('1') },
  { second: 9.5, does: (page) => choose(page, 'event-driven') },
  { second: 11, does: (page) => page.keyboard.press('1') },
  { second: 13.5, does: (page) => page.keyboard.press('3') },
  { second: 17, does: (page) => page.keyboard.press('4') },
];
const LAST_SECOND = 20;
/** The last picture stands for a moment before the loop begins again. */
const LAST_SHOW_MS = 2500;
/** Shown to readers who want nothing to move: Redis has been away for two seconds. */
const STILL_SECOND = 15.5;

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
  const frames = await record(pageUrl);
  const folder = join(ROOT, 'reports', 'sample');
  mkdirSync(folder, { recursive: true });
  const still = frames[Math.round((STILL_SECOND * 1000) / EVERY_MS)];
  save(join(folder, 'workshop.png'), animatedPng(frames, COLOURS));
  if (still !== undefined) save(join(folder, 'workshop-still.png'), animatedPng([still], COLOURS));
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

async function record(pageUrl: string): Promise<Frame[]> {
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
      ...{ viewport: SIZE, deviceScaleFactor: SCALE, colorScheme: 'light', locale: 'en-US' },
    });
    const page = await tab.newPage();
    await page.goto(pageUrl);
    await choose(page, 'uncached');
    await sleep(WARM_MS);
    return await film(page);
  } finally {
    await browser.close();
  }
}

/** Turns the policy and lets go of its control: there a digit would choose another one. */
async function choose(page: Page, preset: string): Promise<void> {
  await page.selectOption('#preset', preset);
  await page.evaluate('document.activeElement?.blur()');
}

/** A screenshot at every step of the clock; a step that the machine was too slow for is left out, and the one before stands longer. */
async function film(page: Page): Promise<Frame[]> {
  const startedAt = performance.now();
  const hands = [...HANDS];
  const frames: Frame[] = [];
  for (let step = 0; step * EVERY_MS <= LAST_SECOND * 1000; step += 1) {
    const waitMs = startedAt + step * EVERY_MS - performance.now();
    const before = frames.at(-1);
    if (waitMs < -EVERY_MS / 2 && before !== undefined) {
      frames.push({ ...before });
      continue;
    }
    await sleep(Math.max(0, waitMs));
    while (hands[0] !== undefined && hands[0].second * 1000 <= step * EVERY_MS)
      await hands.shift()?.does(page);
    frames.push({ png: await page.screenshot(), showMs: EVERY_MS });
  }
  return frames.map((frame, index) =>
    index === frames.length - 1 ? { ...frame, showMs: LAST_SHOW_MS } : frame,
  );
}

function save(path: string, bytes: Uint8Array): void {
  writeFileSync(path, bytes);
  process.stdout.write(`${path}: ${Math.round(bytes.length / 1024)} KB\n`);
}
