import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { number } from '../../reports/format.ts';
import {
  gridCsv,
  RECOMMENDATION_LIMITS,
  writeRecommendation,
} from '../../reports/sim/recommend.ts';
import { recommendationAnswer } from '../../reports/sim/recommend-answer.ts';
import { recommendationTables } from '../../reports/sim/recommend-tables.ts';
import { EXIT } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { createProgress, type Progress } from '../progress.ts';
import { parseRecommendOptions } from '../sim/recommend-options.ts';
import { openRequests, recommendFor } from '../sim/recommend.ts';
import { type RecommendationResult, SIMULATION_SCHEMA } from '../sim/result.ts';
import { type SimOutput, textTable } from './sim.ts';

/**
 * `sim recommend`: the cheapest cache for a trace that keeps the team's promises.
 * @returns 0, or 3 when nothing keeps them.
 */
export async function recommendCommand(flags: RawOptions, output: SimOutput): Promise<number> {
  const options = parseRecommendOptions(flags);
  const progress = createProgress(process.stderr, process.env, Date.now);
  try {
    const startMs = performance.now();
    const opened = await openRequests(options);
    const readMs = performance.now();
    const { requests, objects } = opened.source;
    progress.line(
      `${number(requests, 4)} requests for ${number(objects, 4)} objects in ${number((readMs - startMs) / 1000)} s`,
    );
    const answer = await recommendFor(opened, options, everySecond(progress));
    const result: RecommendationResult = {
      schema: SIMULATION_SCHEMA,
      command: output.command,
      ...answer,
      wallSeconds: {
        reading: (readMs - startMs) / 1000,
        simulating: (performance.now() - readMs) / 1000,
      },
    };
    progress.done();
    await show(result, output);
    return result.chosen === null ? EXIT.regression : EXIT.fine;
  } finally {
    progress.done();
  }
}

/** Says how far a step is, at most once a second. */
function everySecond(progress: Progress): (done: number, all: number) => void {
  let saidMs = performance.now();
  let startMs = saidMs;
  return (done, all) => {
    const nowMs = performance.now();
    if (done === 1) {
      startMs = nowMs;
      saidMs = nowMs;
    }
    if (nowMs - saidMs < 1000) return;
    saidMs = nowMs;
    const leftSeconds = Math.ceil(((nowMs - startMs) / 1000 / done) * (all - done));
    progress.now(`${done} of ${all} simulations of this step, about ${leftSeconds} s left`);
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function show(result: RecommendationResult, { json, csv, out }: SimOutput): Promise<void> {
  if (csv !== null) {
    await writeFile(csv, gridCsv(result));
    process.stderr.write(`Rows: ${csv}\n`);
  }
  if (out !== null) {
    await writeRecommendation(result, resolve(out));
    process.stderr.write(`Report: ${relative(process.cwd(), resolve(out)) || '.'}/report.html\n`);
  }
  if (json) {
    say(JSON.stringify(result));
    return;
  }
  say(recommendationAnswer(result));
  for (const { title, table } of recommendationTables(result))
    say(`\n${title}\n${textTable(table.columns, table.rows)}`);
  if (result.policy !== null) {
    say(`\nPUT /lab/policy\n${JSON.stringify(result.policy, null, 2)}`);
    say(`\nredis.conf\n${result.redisConf.join('\n')}`);
  }
  say('');
  for (const note of [...result.source.notes, ...RECOMMENDATION_LIMITS]) say(note);
}
