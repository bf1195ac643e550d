// Runs inside k6, not Node: imports end in `.ts`, no `node:` modules, no `export { Type }` re-exports.
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import type { Options, Scenario } from 'k6/options';
import type { LoadSettings } from './settings.ts';

/** What the lab asks of this script. */
export const settings: LoadSettings = JSON.parse(__ENV['CACHELAB_LOAD'] ?? '{}');

const pageOutcome = new Counter('page_outcome');
const scriptErrors = new Counter('script_errors');

/** A response may take this long before it counts as failed. */
const REQUEST_TIMEOUT = '60s';

/**
 * Warm-up and measured phase are one k6 scenario: with two, the measured phase would get virtual users
 * of its own, whose connections the warm-up never opened. The script tells the phases apart by the
 * position in the schedule, and by time in a closed model.
 */
function pageViews(): Scenario {
  const { ratePerSecond, virtualUsers, warmSeconds, measureSeconds } = settings;
  const common = { exec: 'pageView', gracefulStop: '60s' };
  const duration = `${warmSeconds + measureSeconds}s`;
  if (ratePerSecond === null) {
    return { ...common, executor: 'constant-vus', vus: virtualUsers, duration };
  }
  return {
    ...common,
    executor: 'constant-arrival-rate',
    // k6 wants a whole number: ten seconds' worth keeps tenths of a request per second.
    rate: Math.round(ratePerSecond * 10),
    timeUnit: '10s',
    duration,
    preAllocatedVUs: virtualUsers,
    maxVUs: virtualUsers,
  };
}

function phaseNow(): 'warm' | 'measure' {
  const { ratePerSecond, warmSeconds } = settings;
  const warm =
    ratePerSecond === null
      ? Date.now() - exec.scenario.startTime < warmSeconds * 1000
      : exec.scenario.iterationInTest < Math.round(ratePerSecond * warmSeconds);
  return warm ? 'warm' : 'measure';
}

function updates(): Record<string, Scenario> {
  const { update, warmSeconds, measureSeconds } = settings;
  if (update === null) return {};
  // Evenly spaced, the first one half a period into the measured phase: each trial meets the same moments.
  const periodSeconds = 1 / update.perSecond;
  const firstSecond = Math.min(periodSeconds / 2, measureSeconds / 2);
  return {
    updates: {
      executor: 'constant-arrival-rate',
      exec: 'priceUpdate',
      rate: 1,
      timeUnit: `${Math.round(periodSeconds * 1000)}ms`,
      startTime: `${Math.round((warmSeconds + firstSecond) * 1000)}ms`,
      duration: `${Math.max(1000, Math.round((measureSeconds - firstSecond) * 1000))}ms`,
      preAllocatedVUs: 5,
      maxVUs: 5,
      tags: { phase: 'measure' },
      gracefulStop: '5s',
    },
  };
}

/** k6's `options` for one trial: page views on their schedule, price updates beside them. */
export function loadOptions(): Options {
  return {
    discardResponseBodies: true,
    systemTags: ['scenario', 'name', 'status', 'expected_response', 'error_code'],
    scenarios: { pages: pageViews(), ...updates() },
  };
}

/**
 * Runs one iteration; an exception is counted, because k6 by itself would call the iteration done and exit 0.
 */
export function guarded(iteration: () => void): void {
  try {
    iteration();
  } catch (error) {
    scriptErrors.add(1);
    console.error(String(error));
  }
}

interface PageParams {
  tags: Record<string, string>;
  headers: Record<string, string>;
  timeout: string;
}

const pageParams: Partial<Record<'warm' | 'measure', PageParams>> = {};

/** A virtual user is one visitor: the server's journal tells by his number what he had seen before. */
function paramsOf(phase: 'warm' | 'measure'): PageParams {
  return (pageParams[phase] ??= {
    tags: { name: 'page' },
    headers: {
      'Accept-Encoding': 'gzip',
      'x-lab-session': String(exec.vu.idInTest),
      ...(phase === 'measure' ? { 'x-lab-phase': 'measure' } : {}),
    },
    timeout: REQUEST_TIMEOUT,
  });
}

/** Virtual users take turns on the server processes. */
export function baseUrl(): string {
  const { baseUrls } = settings;
  if (baseUrls === undefined || baseUrls.length === 0) return settings.baseUrl;
  return baseUrls[exec.vu.idInTest % baseUrls.length] ?? settings.baseUrl;
}

let announced = false;

function isFirstMeasured(): boolean {
  const { ratePerSecond, warmSeconds } = settings;
  if (ratePerSecond !== null) {
    return exec.scenario.iterationInTest === Math.round(ratePerSecond * warmSeconds);
  }
  const first = !announced && exec.vu.idInTest === 1;
  announced = true;
  return first;
}

/**
 * One page view; the lab hears when the measured phase begins, to time its faults by it.
 * @param path - Of the page; default: the page under test.
 * @param phase - Default: by the position in the schedule.
 * @param url - Of the server process; default: the user's turn.
 */
export function viewPage(
  path: string = settings.path,
  phase: 'warm' | 'measure' = phaseNow(),
  url: string = baseUrl(),
): void {
  exec.vu.metrics.tags['phase'] = phase;
  const measured = phase === 'measure';
  if (measured && isFirstMeasured()) console.info('measure-begins');
  // Near-Poisson arrivals: k6 starts iterations evenly, a random pause in front breaks the rhythm.
  if (settings.arrivals === 'poisson') sleep(Math.random());
  const response = http.get(url + path, paramsOf(phase));
  if (measured && settings.countOutcomes && response.status === 200) {
    pageOutcome.add(1, { outcome: response.headers['X-Cache-Outcome'] ?? 'none' });
  }
}

/** One price update, alternating between the two prices. */
export function updatePrice(): void {
  const { update } = settings;
  if (update === null) return;
  const price = update.prices[exec.scenario.iterationInTest % 2 === 0 ? 0 : 1];
  http.post(baseUrl() + update.path, JSON.stringify({ price }), {
    tags: { name: 'update' },
    headers: { 'Content-Type': 'application/json', 'x-lab-phase': 'measure' },
    timeout: REQUEST_TIMEOUT,
  });
}
