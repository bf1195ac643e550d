import type { Trace } from '../trace.ts';
import { type Binding, bestOf, bindingsOf, brokenBy, frontOf } from './choose.ts';
import { type Expected, intervalsOf } from './intervals.ts';
import { type Life, livesOf } from './lives.ts';
import { checkQuestion, type Question } from './question.ts';
import { memoriesOf } from './room.ts';
import { type Measure, type Row, rowsOf } from './rows.ts';
import { spanMs } from './stampede.ts';
import { type WhatIf, whatIf } from './what-if.ts';

/** What was found on the grid. */
export interface Recommendation {
  /** `null`: nothing on the grid meets all constraints. */
  readonly chosen: Row | null;
  /** Of the chosen row, for another such stretch of traffic; `null`: none was chosen, or the trace is too short to tell. */
  readonly expected: { readonly hitRatio: Expected; readonly loadsPerSecond: Expected } | null;
  /** Where nothing was chosen: what would have to give. */
  readonly bindings: readonly Binding[];
  /** Of each way its best row: among those that meet all constraints, else among those that are fresh enough and fit. */
  readonly byWay: readonly Row[];
  /** Of the rows that are fresh enough and fit, whatever the database bears. */
  readonly front: readonly Row[];
  readonly whatIf: readonly WhatIf[];
  /** All that was simulated and is fresh enough and fits. */
  readonly rows: readonly Row[];
}

/**
 * The cache that asks the database least, among those on a grid of ways to stay fresh × TTL × memory × eviction policy that keep
 * all promises. Rows that are too old or too large are simulated only where no other will do.
 * @param trace - With times and sizes (`inRedis`).
 * @throws RangeError for a trace without them, and for a question out of range.
 */
export async function recommend(
  trace: Trace,
  question: Question,
  measure: Measure,
): Promise<Recommendation> {
  checkQuestion(question);
  if (trace.bytes === null) throw new RangeError('the trace has no sizes: give it those in Redis');
  const copies = trace.objects / question.sample;
  const lives = livesOf(question, { spanMs: spanMs(trace), copies });
  const memories = memoriesOf(question);
  const isFresh = ({ boundMs }: Life): boolean => boundMs <= question.maxStaleMs;
  const fits = (bytes: number): boolean => bytes <= question.memoryBytes;
  const measured = (some: readonly Life[], room: readonly number[]): Promise<Row[]> =>
    rowsOf(trace, question, { lives: some, memories: room }, measure);

  const rows = await measured(lives.filter(isFresh), memories.filter(fits));
  const feasible = rows.filter((row) => brokenBy(row, question).length === 0);
  const chosen = bestOf(feasible, question);
  const beyond =
    chosen === null
      ? [
          ...(await measured(
            lives.filter((life) => !isFresh(life)),
            memories.filter(fits),
          )),
          ...(await measured(
            lives.filter(isFresh),
            memories.filter((bytes) => !fits(bytes)),
          )),
        ]
      : [];
  const shown = chosen === null ? rows : feasible;
  return {
    chosen,
    expected: chosen && (await intervalsOf(trace, question, chosen, measure)),
    bindings: chosen === null ? bindingsOf([...rows, ...beyond], question) : [],
    byWay: question.ways
      .map(({ name }) =>
        bestOf(
          shown.filter(({ way }) => way === name),
          question,
        ),
      )
      .filter((row) => row !== null),
    front: frontOf(rows, question),
    whatIf: chosen === null ? [] : await whatIf(trace, question, chosen, measure),
    rows,
  };
}
