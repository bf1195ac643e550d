import { styleText } from 'node:util';

/** Tells a person what runs, how far it is and how long it will take; on stderr, results go to stdout. */
export interface Progress {
  /** A line that stays. */
  line(text: string): void;
  /** What runs now; replaces itself on a terminal, is a plain line elsewhere. */
  now(text: string): void;
  /** Ends the live line. */
  done(): void;
}

const MIN_COLUMNS = 40;

/**
 * @param stream - stderr. The live line needs a terminal of at least 40 columns and no `CI`; a pseudo-terminal
 *   of 0 columns, as some CI systems give, gets plain lines.
 */
export function createProgress(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
  now: () => number,
): Progress {
  const startMs = now();
  const live = stream.isTTY && (stream.columns ?? 0) >= MIN_COLUMNS && !environment['CI'];
  let shown = false;
  const clear = (): void => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  const stamp = (): string => {
    const text = `${((now() - startMs) / 1000).toFixed(0).padStart(4)} s`;
    return live ? styleText('dim', text) : text;
  };
  return {
    line(text) {
      clear();
      stream.write(`${stamp()}  ${text}\n`);
    },
    now(text) {
      if (!live) {
        stream.write(`${stamp()}  ${text}\n`);
        return;
      }
      clear();
      const width = (stream.columns ?? 80) - 9;
      stream.write(`${stamp()}  ${text.length > width ? `${text.slice(0, width - 1)}…` : text}`);
      shown = true;
    },
    done: clear,
  };
}

/** `75` -> `1 min 15 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
