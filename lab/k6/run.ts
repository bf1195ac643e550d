import type { LoadSettings } from '../../scenarios/lib/settings.ts';
import type { Supervisor } from '../provision/supervisor.ts';

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
 * Runs one k6 process to its end. k6's own thresholds, summary and REST API are off: numbers come from
 * its raw output, because k6 itself reports success in cases where nothing valid was measured.
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
  const { bin, script, settings, outFile, supervisor } = options;
  const k6 = supervisor.spawn(
    'k6',
    bin,
    [
      ...['run', '--quiet', '--no-color', '--address', '', '--no-thresholds'],
      ...['--summary-mode', 'disabled', '--log-format', 'json', '--out', `json=${outFile}`, script],
    ],
    {
      env: {
        ...process.env,
        // Both would ask servers outside this machine.
        K6_AUTO_EXTENSION_RESOLUTION: 'false',
        K6_NO_USAGE_REPORT: 'true',
        CACHELAB_LOAD: JSON.stringify(settings),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  options.onStart?.(k6.pid);
  const errorLines: string[] = [];
  let partial = '';
  k6.child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (partial + chunk.toString('utf8')).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) {
      if (line.includes('"measure-begins"')) options.onMeasureBegins?.();
      else if (line.includes('"level":"error"') && errorLines.length < MAX_ERROR_LINES) {
        errorLines.push(line.slice(0, 400));
      }
    }
  });
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
