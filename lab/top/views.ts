import { screen } from './screen.ts';
import { type Moment, tableHead, tableRow } from './table.ts';

/** Where readings go. Each writes whole lines or a whole screen at once. */
export interface View {
  show(moment: Moment): void;
  /** There was no answer. @param why - In words. */
  trouble(time: string, why: string): void;
  /** Leaves the terminal as it was found. */
  end(): void;
}

type Write = (text: string) => void;

const HEAD_EVERY = 20;
const MOMENTS_KEPT = 300;

/** One line for each reading, with the names of the columns above each 20: for pipes and files. An outage is told when it begins and when it ends. */
export function linesView(write: Write, url: string): View {
  let rows = 0;
  let away: string | null = null;
  return {
    show(moment) {
      if (away !== null) write(`${moment.time} ${url} answers again\n`);
      away = null;
      if (rows % HEAD_EVERY === 0) write(`${tableHead().join('\n')}\n`);
      rows += 1;
      write(`${tableRow(moment)}\n`);
    },
    trouble(time, why) {
      if (why !== away) write(`${time} no answer from ${url}: ${why}; trying again\n`);
      away = why;
    },
    end() {},
  };
}

/** One JSON object a line, also for each reading that failed: a series without silent gaps. */
export function jsonView(write: Write, now: () => Date): View {
  const put = (fields: Record<string, unknown>): void =>
    write(`${JSON.stringify({ at: now().toISOString(), ...fields })}\n`);
  return {
    show: ({ stats, rates }) => put({ stats, rates, error: null }),
    trouble: (_time, error) => put({ stats: null, rates: null, error }),
    end() {},
  };
}

const TONES = { plain: null, dim: '2', bold: '1', alarm: '31' } as const;

/**
 * A screen that is drawn again with each reading.
 * @param terminal - Asked each time, because windows change.
 * @param colour - False: no colour, bold or dim.
 */
export function screenView(
  write: Write,
  about: { url: string; everyText: string },
  terminal: () => { columns: number; rows: number },
  colour: boolean,
): View {
  const moments: Moment[] = [];
  const draw = (why: string | null): void => {
    const lines = screen(about, moments, why, terminal()).map(({ text, tone }) => {
      const code = colour ? TONES[tone] : null;
      const shown = code === null ? text : `\u001b[${code}m${text}\u001b[0m`;
      return `${shown}\u001b[K`; // what stood there longer before is gone
    });
    write(`\u001b[H${lines.join('\r\n')}\u001b[J`);
  };
  write('\u001b[?25l\u001b[2J'); // no cursor, an empty screen
  return {
    show(moment) {
      moments.push(moment);
      if (moments.length > MOMENTS_KEPT) moments.shift();
      draw(null);
    },
    trouble: (_time, why) => draw(why),
    end: () => write('\u001b[?25h\r\n'),
  };
}
