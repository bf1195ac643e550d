// Visitors of good stores on a schedule, and beside them a flood of requests for stores that do not exist.
import exec from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { baseUrl, guarded, loadOptions, settings, viewPage } from '../lib/load.ts';
import { drawsOf, pickAbsent, pickStore } from '../lib/stores.ts';

const extra = (name: string): number => Number(settings.extra?.[name] ?? 0);
const stores = extra('stores');
const floodPerSecond = extra('floodPerSecond');
/** How many absent slugs there are; 0: none comes twice. */
const distinct = extra('distinct');

const pages = loadOptions();

export const options: Options = {
  ...pages,
  scenarios: {
    ...pages.scenarios,
    flood: {
      executor: 'constant-arrival-rate',
      exec: 'absentStore',
      rate: floodPerSecond,
      timeUnit: '1s',
      startTime: `${settings.warmSeconds}s`,
      duration: `${settings.measureSeconds}s`,
      preAllocatedVUs: extra('floodUsers'),
      maxVUs: extra('floodUsers'),
      tags: { phase: 'measure' },
      gracefulStop: '10s',
    },
  },
};

export function pageView(): void {
  guarded(() => {
    const random = drawsOf(settings.seed ?? 1, exec.scenario.iterationInTest);
    viewPage(`/stores/${pickStore({ stores, popularity: 'zipf' }, random)}/catalog`);
  });
}

// Not named `page`, and not marked as measured: neither k6's samples nor the server's count them among the good ones.
const absent = {
  tags: { name: 'absent' },
  headers: { 'Accept-Encoding': 'gzip' },
  timeout: '10s',
  responseCallback: http.expectedStatuses(404, 503),
};

export function absentStore(): void {
  guarded(() => {
    // Other draws than those of the good stores.
    const random = drawsOf((settings.seed ?? 1) + 1, exec.scenario.iterationInTest);
    const slug = pickAbsent(distinct === 0 ? null : distinct, random);
    http.get(`${baseUrl()}/stores/${slug}/catalog`, absent);
  });
}
