// Runs inside k6, not Node.
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { baseUrl, guarded, loadOptions, settings, viewPage } from './load.ts';

/** What the lab hands over as `settings.extra`. */
interface BurstSettings {
  /** Answers `GET /turns/N` with `{"epochMs": …}` when the moment of that burst is known. */
  barrierUrl: string;
  turns: number;
  /** The first so many bursts are not measured. */
  rehearsals: number;
  /** Index of the one server process that is asked; absent: users take turns on all. */
  server?: number;
}

const bursts: BurstSettings = { barrierUrl: '', turns: 1, rehearsals: 0, ...settings.extra };

function burstUrl(): string {
  const { server } = bursts;
  return (server === undefined ? null : settings.baseUrls?.[server]) ?? baseUrl();
}

/** Waits at the lab's barrier. @returns The moment to ask, epoch milliseconds. */
function momentOf(turn: number): number {
  const response = http.get(`${bursts.barrierUrl}/turns/${turn}`, {
    tags: { name: 'barrier' },
    responseType: 'text',
    timeout: '60s',
  });
  return Number(response.json('epochMs'));
}

/** Sleeps shorten as the moment comes nearer: one long sleep may end milliseconds late. */
function sleepUntil(epochMs: number): void {
  for (let leftMs = epochMs - Date.now(); leftMs > 0; leftMs = epochMs - Date.now()) {
    sleep(leftMs > 40 ? (leftMs - 20) / 1000 : leftMs / 1000);
  }
}

/**
 * k6's `options` for bursts: each virtual user asks once at each of the moments. Not an arrival rate, whose users start
 * tens of milliseconds apart.
 */
export function burstOptions(): Options {
  const { virtualUsers, warmSeconds, measureSeconds } = settings;
  return {
    ...loadOptions(),
    scenarios: {
      bursts: {
        executor: 'per-vu-iterations',
        exec: 'burst',
        vus: virtualUsers,
        iterations: bursts.turns,
        maxDuration: `${Math.ceil(warmSeconds + measureSeconds) + 60}s`,
      },
    },
  };
}

/** One request at the next moment, over a connection that was opened before the first. */
export function askAtMoment(): void {
  guarded(() => {
    const turn = exec.vu.iterationInScenario;
    exec.vu.metrics.tags['phase'] = 'warm';
    if (turn === 0) http.get(`${burstUrl()}/lab/noop`, { tags: { name: 'connect' } });
    sleepUntil(momentOf(turn));
    viewPage(settings.path, turn < bursts.rehearsals ? 'warm' : 'measure', burstUrl());
  });
}
