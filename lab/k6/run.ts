import type { LoadSettings } from '../../scenarios/lib/settings.ts';
import type { SupervisedProcess, Supervisor } from '../provision/supervisor.ts';

/** How one k6 process ended. */
export interface K6Exit {
  exitCode: number | null;
  /** Lines that k6 logged with level error, shortened. */
  errorLines: string[];
  /** The watchdog had to end it: some scripts make k6 spin for ever. */
  timedOut: boolean;
}

/** Seconds that k6 may take beyond its own schedule before the watchdog ends it. */
const GRACE_SECONDS = 75;
const MAX_ERROR_LINES = 20;

/**
 * Starts one k6 process. k6's own thresholds, summary and REST API are off: k6 itself reports success in cases where nothing
 * valid was measured.
 * @param options - `outFile`: for its raw samples; null: nobody reads them. `onLine`: each line of its log, JSON.
 */
export function startK6(options: {
  bin: string;
  script: string;
  settings: LoadSettings;
  outFile: string | null;
  supervisor: Supervisor;
  onLine: (line: string) => void;
}): SupervisedProcess {
  const { bin, script, settings, outFile, supervisor, onLine } = options;
  const k6 = supervisor.spawn('k6', bin, k6Arguments(script, outFile), {
    env: { ...process.env, ...K6_ENVIRONMENT, CACHELAB_LOAD: JSON.stringify(settings) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let partial = '';
  k6.child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (partial + chunk.toString('utf8')).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  return k6;
}

/** Command line of a load script. */
export function k6Arguments(script: string, outFile: string | null): string[] {
  return [
    ...['run', '--quiet', '--no-color', '--address', '', '--no-thresholds'],
    ...['--summary-mode', 'disabled', '--log-format', 'json'],
    ...(outFile === null ? [] : ['--out', `json=${outFile}`]),
    script,
  ];
}

/** Without these, both would ask servers outside this machine. */
export const K6_ENVIRONMENT = {
  K6_AUTO_EXTENSION_RESOLUTION: 'false',
  K6_NO_USAGE_REPORT: 'true',
} as const;

/**
 * Runs one k6 process to its end; numbers come from its raw output.
 * @param options.onMeasureBegins - Called when the script starts its first measured iteration.
 */
export async function runK6(options: {
  bin: string;
  script: string;
  settings: LoadSettings;
  outFile: string;
  supervisor: Supervisor;
  onStart?: (pid: number) => void;
  onMeasureBegins?: () => void;
}): Promise<K6Exit> {
  const { settings } = options;
  const errorLines: string[] = [];
  const k6 = startK6({
    ...options,
    onLine(line) {
      if (line.includes('"measure-begins"')) options.onMeasureBegins?.();
      else if (line.includes('"level":"error"') && errorLines.length < MAX_ERROR_LINES) {
        errorLines.push(line.slice(0, 400));
      }
    },
  });
  options.onStart?.(k6.pid);
  let timedOut = false;
  const allowedSeconds = settings.warmSeconds + settings.measureSeconds + GRACE_SECONDS;
  const watchdog = setTimeout(() => {
    timedOut = true;
    void k6.stop(0);
  }, allowedSeconds * 1000);
  const { code } = await k6.exited;
  clearTimeout(watchdog);
  return { exitCode: code, errorLines, timedOut };
}
