import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { fixtureRun } from '../reports/fixtures/run.ts';
import { POLICY_STYLES } from '../reports/palette.ts';
import { writeReport } from '../reports/write.ts';
import { PRESETS } from '../server/cache/presets.ts';
import { requireTool, testStack } from './stack.ts';

let folder: string;
let browser: Browser | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cachelab-report-'));
  const { run, records } = fixtureRun();
  await writeReport(run, records, folder);
  await writeReport({ ...run, experiments: run.experiments.slice(0, 1) }, records, single());
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The report of a run with one experiment, which has no first page over all of them. */
function single(): string {
  return join(folder, 'single');
}

/** What went wrong while a page was open. */
interface Watched {
  page: Page;
  messages: string[];
  requests: string[];
}

async function open(
  context: TestContext,
  screen: { width: number; height: number; scheme?: 'light' | 'dark' },
  from = folder,
): Promise<Watched> {
  const tool = requireTool((await testStack()).chromium, 'Chromium', (why) => context.skip(why));
  browser ??= await chromium.launch({
    executablePath: tool.bin,
    env: { ...process.env, ...tool.env },
    args: ['--no-sandbox'],
  });
  const tab = await browser.newContext({
    viewport: { width: screen.width, height: screen.height },
    colorScheme: screen.scheme ?? 'light',
    offline: true,
  });
  const page = await tab.newPage();
  const messages: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(join(from, 'report.html')).href);
  return { page, messages, requests };
}

/** Runs in the page: texts of visible charts that reach over the edge of their drawing. */
const CUT_LABELS = `[...document.querySelectorAll('figure svg')].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.width > 0 && (box.left < frame.left - 1 || box.right > frame.right + 1 ||
      box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
  }).map((text) => text.textContent);
})`;

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

describe('the HTML report in Chromium', () => {
  test('opens without a network under its own CSP with 0 messages and 1 request', async (context) => {
    const { page, messages, requests } = await open(context, WIDE);
    expect(messages).toEqual([]);
    expect(requests).toHaveLength(1);
    const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
    expect(await policy.getAttribute('content')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'",
    );
  });

  test('of one experiment, question, verdict and the first arms stand on the first screen', async (context) => {
    const { page } = await open(context, WIDE, single());
    for (const selector of ['h2', '.answer', '.cards tbody tr:nth-child(2)']) {
      const box = await page.locator(selector).first().boundingBox();
      expect(box!.y + box!.height, selector).toBeLessThan(WIDE.height);
    }
  });

  test('each figure has a name, a sentence with a number and a table', async (context) => {
    const { page } = await open(context, WIDE);
    const charts = await page.locator('article.chart').all();
    expect(charts).toHaveLength(14);
    for (const chart of charts) {
      const image = chart.getByRole('img');
      expect(await image.count()).toBe(1);
      const labels = (await image.getAttribute('aria-labelledby'))!.split(' ');
      const words = await Promise.all(labels.map((id) => page.locator(`#${id}`).innerText()));
      expect(words[0]).toMatch(/\S{3}/);
      expect(words[1]).toMatch(/\d/);
      expect(await chart.locator('table tbody tr').count()).toBeGreaterThan(0);
    }
  });

  test.for([320, 390, 768, 880, 1280])(
    'nothing scrolls sideways at %d px',
    async (width, context) => {
      const { page } = await open(context, { width, height: 800 });
      await page.evaluate(
        `for (const one of document.querySelectorAll('details')) one.open = true`,
      );
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    },
  );

  test('a phone gets drawings of its own, whose letters are at least 9 px tall', async (context) => {
    const { page } = await open(context, PHONE);
    expect(await page.locator('svg.wide').first().isVisible()).toBe(false);
    const heights = await page.evaluate<number[]>(
      `[...document.querySelectorAll('svg.narrow text')].map((text) => text.getBoundingClientRect().height)`,
    );
    expect(Math.min(...heights.filter((height) => height > 0))).toBeGreaterThan(9);
  });

  test('no label of a chart is cut off at its edge', async (context) => {
    for (const screen of [WIDE, PHONE]) {
      const { page } = await open(context, screen);
      const cut = await page.evaluate<string[]>(CUT_LABELS);
      expect(cut).toEqual([]);
    }
  });

  test('dark mode turns page and charts dark, and print turns them light again', async (context) => {
    const { page } = await open(context, { ...WIDE, scheme: 'dark' });
    const colours = () =>
      page.evaluate<string[]>(
        `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('figure svg.wide text')).fill]`,
      );
    const dark = await colours();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const print = await colours();
    expect(dark[0]).toBe('rgb(21, 24, 28)');
    expect(print[0]).toBe('rgb(255, 255, 255)');
    expect(print[1]).not.toBe(dark[1]);
  });

  test('prints with the command line, the invalid trials and no opened table of numbers', async (context) => {
    const { page } = await open(context, WIDE);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('footer pre').isVisible()).toBe(true);
    const reason = page.getByText('other programs used').filter({ visible: true });
    expect(await reason.count()).toBe(1);
    expect(await page.locator('details').first().isVisible()).toBe(false);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.length).toBeGreaterThan(50_000);
  });
});

test('every preset of the server has its own look in the charts', () => {
  for (const { name } of PRESETS) expect(Object.keys(POLICY_STYLES)).toContain(name);
});
