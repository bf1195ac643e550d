import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, LabError } from '../errors.ts';
import { durationMs } from '../sim/durations.ts';
import { RateMeter } from '../top/rates.ts';
import { readStore, type Reading } from '../top/reading.ts';
import { concerns } from '../top/concerns.ts';
import { block } from '../top/screen.ts';
import type { Moment } from '../top/table.ts';
import { jsonView, linesView, screenView, type View } from '../top/views.ts';

interface TopOptions {
  /** Of the store, without a slash at its end. */
  url: string;
  everyMs: number;
  once: boolean;
  json: boolean;
}

const SHORTEST_MS = 200;
const LONGEST_MS = 3_600_000;
/** Narrower terminals, and the pseudo-terminals of 0 columns that some CI systems give, get lines. */
const MIN_COLUMNS = 40;

/**
 * `top`: the figures of a running store, again and again until Ctrl-C, which is how it is meant to end: exit code 0.
 * @throws LabError `E_BAD_OPTIONS` with every wrong option at once; `E_NO_STORE` when the first question gets no answer. Later
 *   ones may fail: it keeps asking.
 */
export async function topCommand(flags: {
  url: string;
  every: string;
  once: boolean;
  json: boolean;
}): Promise<number> {
  const options = check(flags);
  const stop = new AbortController();
  // Comes twice when npm passes on what the terminal has sent already.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort());
  }
  const ask = (): Promise<Reading | string> =>
    readStore(options.url, stop.signal, () => performance.now());
  const first = await ask();
  if (stop.signal.aborted) return EXIT.fine;
  if (typeof first === 'string') throw noStore(options.url, first);
  if (options.once) showOnce(first, options.json);
  else await watch(first, ask, options, stop.signal);
  return EXIT.fine;
}

async function watch(
  first: Reading,
  ask: () => Promise<Reading | string>,
  { url, everyMs, json }: TopOptions,
  stop: AbortSignal,
): Promise<void> {
  const view = viewFor(process.stdout, { url, everyMs, json });
  const meter = new RateMeter();
  try {
    let nextMs = performance.now();
    for (let reading: Reading | string = first; !stop.aborted; reading = await ask()) {
      const time = clock();
      if (typeof reading === 'string') {
        if (!stop.aborted) view.trouble(time, reading);
        meter.forget();
      } else view.show({ time, stats: reading.stats, rates: meter.next(reading) });
      // By the clock, so that slow answers do not add up; what was missed is left out.
      nextMs = Math.max(nextMs + everyMs, performance.now());
      await sleep(nextMs - performance.now(), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return;
    }
  } finally {
    view.end();
  }
}

function viewFor(
  stdout: NodeJS.WriteStream,
  { url, everyMs, json }: Omit<TopOptions, 'once'>,
): View {
  const write = (text: string): void => {
    stdout.write(text);
  };
  if (json) return jsonView(write, () => new Date());
  const { env } = process;
  const drawn =
    stdout.isTTY && stdout.columns >= MIN_COLUMNS && !env['CI'] && env['TERM'] !== 'dumb';
  if (!drawn) return linesView(write, url);
  const everyText = everyMs < 1000 ? `${everyMs} ms` : `${everyMs / 1000} s`;
  const terminal = (): { columns: number; rows: number } => stdout;
  return screenView(write, { url, everyText }, terminal, !env['NO_COLOR']);
}

/** One answer has no rates yet: its figures are those since the last reset. */
function showOnce({ stats }: Reading, json: boolean): void {
  const moment: Moment = { time: clock(), stats, rates: { store: null, redis: null } };
  if (json) {
    jsonView(
      (text) => process.stdout.write(text),
      () => new Date(),
    ).show(moment);
    return;
  }
  const lines = [
    `policy    ${stats.policy}`,
    ...block(moment).map(({ text }) => text),
    ...concerns(moment).map((text) => `! ${text}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function check(flags: { url: string; every: string; once: boolean; json: boolean }): TopOptions {
  const problems: string[] = [];
  const url = URL.canParse(flags.url) ? new URL(flags.url) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    problems.push(
      `--url must be the address of a store, as http://127.0.0.1:3000, not ${JSON.stringify(flags.url)}`,
    );
  }
  const everyMs = durationMs(flags.every);
  if (everyMs === null || everyMs < SHORTEST_MS || everyMs > LONGEST_MS) {
    problems.push(`--every must be a time from 200ms to 1h, not ${JSON.stringify(flags.every)}`);
  }
  if (url === null || everyMs === null || problems.length > 0) {
    throw new LabError('E_BAD_OPTIONS', problems.join('\n'), {
      hint: 'npm run lab -- top --help shows every option with its range',
      exitCode: EXIT.badArguments,
    });
  }
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return { url: base, everyMs, once: flags.once, json: flags.json };
}

function noStore(url: string, why: string): LabError {
  return new LabError('E_NO_STORE', `no statistics of a store at ${url}: ${why}`, {
    hint: 'start one with npm run lab -- up, which prints its address; then: npm run lab -- top --url http://127.0.0.1:3000',
    exitCode: EXIT.serviceMissing,
  });
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
