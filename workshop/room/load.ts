import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESTAURANT } from '../../lab/bench-context.ts';
import { LabError } from '../../lab/errors.ts';
import { K6_ENVIRONMENT, k6Arguments, startK6 } from '../../lab/k6/run.ts';
import type { SupervisedProcess, Supervisor } from '../../lab/provision/supervisor.ts';
import type { LoadSettings } from '../../scenarios/lib/settings.ts';
import type { Evidence, Knobs, ServiceState } from '../contract.ts';
import { quoted } from './sent.ts';

/** What the load is to do. */
export type LoadWish = Pick<Knobs, 'readsPerSecond' | 'writesPerMinute' | 'otherStoresShare'> & {
  /** How the other stores' pages are asked for. Default: by a Zipf law. */
  popularity?: 'zipf' | 'uniform';
  /** How many of them. Default: all. */
  stores?: number;
};

/** The dish of the story, and its two prices in yuan. */
export const DISH = 1;
export const PRICES: [number, number] = [120, 150];
export const UPDATE_PATH: string = `/stores/${RESTAURANT}/products/${DISH}/update-price`;
const PAGE_PATH: string = `/stores/${RESTAURANT}/catalog`;

const SCRIPT = join('scenarios', 'lib', 'mixed-views.ts');
const FLOOD_SCRIPT = join('scenarios', 'penetration', 'load.ts');

/** k6 runs have an end: each is followed by the next. */
const RUN_SECONDS = 600;
const RENEW_SECONDS = 20;
/**
 * Each page view waits up to 1 s before it is sent, so that arrivals are near to Poisson, and a new k6 gets up to its rate within
 * that second. Half of it after the start of the new one the old one goes: as many views are sent as the rate says, and
 * at no moment fewer than half.
 */
const OVERLAP_MS = 500;
const START_MS = 20_000;
const AGAIN_MS = 2000;
const STOP_MS = 1000;
/** Users for each read per second: each may be busy for 2.5 s, the pause of up to 1 s included. */
const USERS_PER_READ = 2.5;

export const FLOOD_SECONDS = 10;
const FLOOD_PER_SECOND = 100;
/** A request may wait 2 s for a connection to the database. */
const FLOOD_USERS = 200;

interface Running {
  k6: SupervisedProcess;
  settings: LoadSettings;
  timer: NodeJS.Timeout;
}

/** The k6 processes of a room. */
export interface Load {
  state(): Extract<ServiceState, 'up' | 'down' | 'starting' | 'unused'>;
  /** The last wish counts; a change leaves no hole. @returns Once a k6 with this wish, or a later one, has begun. */
  set(wish: LoadWish): Promise<void>;
  /** 10 s of requests for stores that do not exist. @returns Once it has begun. */
  flood(): Promise<{ done: Promise<void> }>;
  flooding(): boolean;
  evidence(): Evidence['k6'];
  close(): Promise<void>;
}

/** @param options - `stores`: generated stores that exist. `onChange`: the state has changed. */
export function openLoad(options: {
  root: string;
  supervisor: Supervisor;
  k6Bin: string;
  baseUrls: string[];
  stores: number;
  onChange: () => void;
}): Load {
  const { root, supervisor, k6Bin, baseUrls, stores, onChange } = options;
  let wish: LoadWish = { readsPerSecond: 0, writesPerMinute: 0, otherStoresShare: 0 };
  /** Wishes so far, and which of them `work` has taken up last. */
  const wishes = { made: 0, taken: 0 };
  let working: Promise<void> | null = null;
  let running: Running | null = null;
  let flood: SupervisedProcess | null = null;
  let runs = 0;
  let state: ReturnType<Load['state']> = 'unused';
  const closing = new AbortController();
  const { signal } = closing;
  const ending = new Set<Promise<void>>();

  function become(next: typeof state): void {
    if (state === next) return;
    state = next;
    onChange();
  }

  /** Until what runs is what was wished last. */
  async function work(): Promise<void> {
    while (wishes.taken !== wishes.made && !signal.aborted) {
      wishes.taken = wishes.made;
      const isIdle = wish.readsPerSecond === 0 && wish.writesPerMinute === 0;
      if (running === null && !isIdle) become('starting');
      const before = running;
      try {
        running = isIdle ? null : await begin(wish);
      } catch (error) {
        if (!signal.aborted) become(before === null ? 'down' : 'up');
        throw error;
      }
      if (before !== null) {
        if (!isIdle) await sleep(OVERLAP_MS);
        end(before);
      }
      become(isIdle ? 'unused' : 'up');
    }
  }

  function follow(): Promise<void> {
    working ??= work().finally(() => {
      working = null;
    });
    return working;
  }

  function settingsOf(wanted: LoadWish): LoadSettings {
    const { readsPerSecond, writesPerMinute, otherStoresShare, popularity = 'zipf' } = wanted;
    const choice = { stores: Math.max(1, wanted.stores ?? stores), popularity };
    return {
      baseUrl: baseUrls[0]!,
      baseUrls,
      seed: runs,
      path: PAGE_PATH,
      update:
        writesPerMinute === 0
          ? null
          : { path: UPDATE_PATH, prices: PRICES, perSecond: writesPerMinute / 60 },
      arrivals: 'poisson',
      ratePerSecond: readsPerSecond,
      virtualUsers: Math.ceil(readsPerSecond * USERS_PER_READ) + 10,
      warmSeconds: 0,
      measureSeconds: RUN_SECONDS,
      countOutcomes: false,
      extra: { share: otherStoresShare, choice },
    };
  }

  async function begin(wanted: LoadWish): Promise<Running> {
    runs += 1;
    const settings = settingsOf(wanted);
    const k6 = await started(SCRIPT, settings, '"load-begins"');
    const timer = setTimeout(
      () => {
        wishes.made += 1;
        void follow().catch(() => {}); // its state says it
      },
      (RUN_SECONDS - RENEW_SECONDS) * 1000,
    ).unref();
    const begun: Running = { k6, settings, timer };
    void k6.exited.then(() => onEnd(begun));
    return begun;
  }

  /** It ended by itself while it was wanted: once more, after a while. */
  async function onEnd(ended: Running): Promise<void> {
    clearTimeout(ended.timer);
    if (running !== ended || signal.aborted) return;
    running = null;
    become('down');
    await sleep(AGAIN_MS, undefined, { ref: false });
    if (running === null && !signal.aborted) {
      wishes.made += 1;
      await follow().catch(() => {}); // it stays down, and its state says so
    }
  }

  function end({ k6, timer }: Running): void {
    clearTimeout(timer);
    const gone = k6.stop(STOP_MS).finally(() => ending.delete(gone));
    ending.add(gone);
  }

  /** @throws LabError `E_ROOM_LOAD` with k6's last words. */
  async function started(
    script: string,
    settings: LoadSettings,
    word: string,
  ): Promise<SupervisedProcess> {
    let last = '';
    let heard: (() => void) | null = null;
    const begun = new Promise<'begun'>((resolve) => {
      heard = () => resolve('begun');
    });
    const k6 = startK6({
      ...{ bin: k6Bin, script: join(root, script), settings, outFile: null, supervisor },
      onLine(line) {
        last = line;
        if (line.includes(word)) heard?.();
      },
    });
    const first = await Promise.race([
      begun,
      k6.exited.then(() => 'ended' as const),
      sleep(START_MS, 'late' as const, { ref: false }),
    ]);
    if (first === 'begun') return k6;
    await k6.stop(STOP_MS);
    throw new LabError('E_ROOM_LOAD', `k6 has not begun: ${last.slice(0, 300)}`, {
      hint: 'run `npm run lab -- doctor`',
    });
  }

  return {
    state: () => state,
    async set(next) {
      wish = next;
      wishes.made += 1;
      do await follow();
      while (wishes.taken !== wishes.made && !signal.aborted);
    },
    async flood() {
      runs += 1; // other slugs than those of the flood before
      const settings = settingsOf({ readsPerSecond: 0.1, writesPerMinute: 0, otherStoresShare: 0 });
      const k6 = await started(
        FLOOD_SCRIPT,
        {
          ...settings,
          virtualUsers: 1, // who views one page in 10 s: that script has visitors beside its flood
          measureSeconds: FLOOD_SECONDS,
          extra: {
            ...{ stores: Math.max(1, stores), distinct: 0 },
            ...{ floodPerSecond: FLOOD_PER_SECOND, floodUsers: FLOOD_USERS },
          },
        },
        '"measure-begins"',
      );
      flood = k6;
      const ended = async (): Promise<void> => {
        await k6.exited;
        flood = null;
      };
      return { done: ended() };
    },
    flooding: () => flood !== null,
    evidence() {
      const settings = JSON.stringify(running?.settings ?? settingsOf(wish));
      const words = [k6Bin, ...k6Arguments(SCRIPT, null)].map(quoted).join(' ');
      const environment = Object.entries(K6_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
      return {
        script: readFileSync(join(root, SCRIPT), 'utf8'),
        settings,
        command: `${environment.join(' ')} CACHELAB_LOAD=${quoted(settings)} ${words}`,
      };
    },
    async close() {
      closing.abort();
      await working?.catch(() => {});
      if (running !== null) end(running);
      if (flood !== null) ending.add(flood.stop(STOP_MS));
      await Promise.all(ending);
    },
  };
}
