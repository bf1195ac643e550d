import { OP, type Trace } from '../trace.ts';
import { brokenBy } from './choose.ts';
import { LEAST_MEMORY_BYTES, type Question } from './question.ts';
import { type Figures, figuresOf, type Measure, type Row, type Trial, trialOf } from './rows.ts';

/** The chosen row under other circumstances. */
export interface WhatIf extends Figures {
  /** What is different, in words. */
  readonly change: string;
  /** Whether the database still bears it. */
  readonly bearable: boolean;
}

/**
 * How much the answer hangs on what was assumed: the traffic doubles, loads slow down, a choice is taken back, all copies are
 * made at one moment.
 */
export async function whatIf(
  trace: Trace,
  question: Question,
  row: Row,
  measure: Measure,
): Promise<WhatIf[]> {
  const asked = async (of: Trace, changes: readonly Change[]): Promise<WhatIf[]> => {
    const found = await measure(
      of,
      changes.map(({ trial }) => trial),
    );
    return changes.map(({ change }, at) => {
      const figures = figuresOf(found[at]!.outcome, question);
      const broken = brokenBy({ ...row, ...figures }, question);
      return { change, ...figures, bearable: !broken.includes('db-rps') };
    });
  };
  const warmed = warmedAtOnce(trace);
  return [
    ...(await asked(trace, changesOf(trace, question, row))),
    // The same requests in half the time: every rate doubles, that of the changes too.
    ...(await asked({ ...trace, tickMs: trace.tickMs / 2 }, [
      { change: 'the traffic doubles', trial: usual(trace, question, row) },
    ])),
    ...(await asked(warmed, avalanches(warmed, question, row))),
  ];
}

interface Change {
  change: string;
  trial: Trial;
}

function usual(trace: Trace, question: Question, row: Row): Trial {
  return trialOf(trace, question, row, row);
}

function changesOf(trace: Trace, question: Question, row: Row): Change[] {
  const { setting, cache } = usual(trace, question, row);
  const halfMemory = Math.floor(row.memoryBytes / 2);
  const changes: Change[] = [
    { change: 'as recommended', trial: { setting, cache } },
    {
      change: 'loads take twice as long',
      trial: { setting: { ...setting, loadMs: 2 * question.loadMs }, cache },
    },
    {
      change: 'half the TTL',
      trial: trialOf(trace, question, { ...row, ttlMs: row.ttlMs / 2 }, row),
    },
  ];
  if (halfMemory >= LEAST_MEMORY_BYTES)
    changes.push({
      change: 'half the memory',
      trial: trialOf(trace, question, row, { ...row, memoryBytes: halfMemory }),
    });
  if (setting.coalesce === 'process')
    changes.push({
      change: 'no stampede defence',
      trial: { setting: { ...setting, coalesce: 'none' }, cache },
    });
  return changes;
}

/** With the chosen jitter and without any, counted from the end of the first loads. */
function avalanches(warmed: Trace, question: Question, row: Row): Change[] {
  const { setting, cache } = usual(warmed, question, row);
  const fromTick = (warmed.ticks?.[0] ?? 0) + Math.ceil(question.loadMs / warmed.tickMs) + 1;
  const trial = (jitter: number): Trial => ({ setting: { ...setting, jitter, fromTick }, cache });
  const made = 'all copies are made at one moment';
  if (row.jitter === 0) return [{ change: made, trial: trial(0) }];
  return [
    { change: made, trial: trial(row.jitter) },
    { change: `${made}, without jitter`, trial: trial(0) },
  ];
}

/** Each object is read once at the first request's tick, and then the trace begins. */
function warmedAtOnce(trace: Trace): Trace {
  const { ids, objects, ticks, ops } = trace;
  const longer = new Int32Array(objects + ids.length);
  for (let id = 0; id < objects; id += 1) longer[id] = id;
  longer.set(ids, objects);
  const times = new Uint32Array(longer.length).fill(ticks?.[0] ?? 0, 0, objects);
  if (ticks !== null) times.set(ticks, objects);
  const kinds = ops === null ? null : new Uint8Array(longer.length).fill(OP.read);
  if (ops !== null) kinds?.set(ops, objects);
  return { ...trace, ids: longer, ticks: times, ops: kinds };
}
