import { armOf, claim, figure, milliseconds, notJudged, times } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, ClaimResult, TheoryCheck } from '../../lab/result.ts';
import { lineThrough } from '../clients/fit.ts';
import { estimateOf } from '../clients/judgement.ts';
import { ROUND_TRIPS_MS, roundTripsOf, SIZES, type Way, WAYS } from './batches.ts';

/** What a batch costs beside round trips: t0 + n·c, from how it grows where the round trip is loopback's own. */
export interface Work {
  startMs: number;
  perValueMs: number;
}

/** @returns Null without a valid trial. */
function workOf(arm: ArmAnalysis | null): Work | null {
  const points = SIZES.flatMap((n) => {
    const batch = estimateOf(arm, 'batchMs', 0, n);
    return batch === null ? [] : [[n, batch.value] as const];
  });
  const line = lineThrough(points);
  return line === null ? null : { startMs: line.start, perValueMs: line.slope };
}

/**
 * Time of a batch by t = t0 + n·c + k·R, R being what a link adds to loopback's round trip, k the round trips that the way waits
 * for. t0 and c come from loopback alone: whether they hold at 1 and 5 ms is the test.
 */
export function predictedMs(
  arm: ArmAnalysis | null,
  way: Way,
  roundTripMs: number,
  n: number,
): number | null {
  const work = workOf(arm);
  const [near, far] = [estimateOf(arm, 'pingMs', 0), estimateOf(arm, 'pingMs', roundTripMs)];
  if (work === null || near === null || far === null) return null;
  return (
    work.startMs + n * work.perValueMs + roundTripsOf(way, n) * Math.max(0, far.value - near.value)
  );
}

const LONGEST = 240;

export function answer(analysis: Analysed): string {
  const ms = (way: Way): string | null => {
    const found = estimateOf(armOf(analysis, way), 'batchMs', 1, LONGEST);
    return found === null ? null : milliseconds(found.value);
  };
  const [slow, pipeline, mget] = [ms('one-by-one'), ms('pipeline'), ms('mget')];
  if (slow === null || pipeline === null) {
    return 'No answer: no valid trial of both values one by one and a pipeline.';
  }
  return `${LONGEST} values 1 ms away take ${slow} one by one and ${pipeline} in one pipeline${mget === null ? '' : `, ${mget} by MGET`}.`;
}

/** A pipeline that waits for this many round trips or fewer waits for one; measured ones are no whole numbers. */
const ONE = 2;

export function claims(analysis: Analysed): ClaimResult[] {
  const trips = (way: Way) => estimateOf(armOf(analysis, way), 'roundTrips', LONGEST);
  const [serial, pipeline] = [trips('one-by-one'), trips('pipeline')];
  if (serial === null || pipeline === null) {
    return [notJudged('C24', 'no valid trial of both values one by one and a pipeline')];
  }
  const measured = `${LONGEST} values wait for ${times(serial)} round trips one by one and for ${times(pipeline)} in one pipeline`;
  const highest = pipeline.interval?.high ?? pipeline.value;
  const turned = highest <= ONE && serial.value >= LONGEST / 2;
  const rest = [atOnce(analysis), workText(analysis)].filter((text) => text !== null).join('; ');
  if (turned) return [claim('C24', 'confirmed', measured, rest)];
  const verdict = pipeline.value >= serial.value / 2 ? 'refuted' : 'depends';
  return [claim('C24', verdict, measured, `a pipeline waits for more than one; ${rest}`)];
}

/** Whether it takes a pipeline at all. */
function atOnce(analysis: Analysed): string | null {
  const found = estimateOf(armOf(analysis, 'at-once'), 'roundTrips', LONGEST);
  return found === null
    ? null
    : `GETs that are sent at once on one connection wait for ${times(found)} as well`;
}

function workText(analysis: Analysed): string | null {
  const texts = WAYS.flatMap((way) => {
    const found = workOf(armOf(analysis, way));
    return found === null ? [] : [`${way} ${figure(found.perValueMs * 1000)} µs`];
  });
  return texts.length === 0
    ? null
    : `what it does not save is work per value: ${texts.join(', ')}; bandwidth and window of a real network are not in the link`;
}

/** Timers of the link and of the machine wander by this share. */
const TOLERANCE = 0.25;

export function theory(analysis: Analysed): TheoryCheck[] {
  return WAYS.flatMap((way) => {
    const arm = armOf(analysis, way);
    return ROUND_TRIPS_MS.filter((roundTripMs) => roundTripMs > 0).flatMap((roundTripMs) => {
      const measured = estimateOf(arm, 'batchMs', roundTripMs, LONGEST);
      const expected = predictedMs(arm, way, roundTripMs, LONGEST);
      const parts = workOf(arm);
      if (measured === null || expected === null || parts === null) return [];
      const { interval } = measured;
      const isInside = interval !== null && expected >= interval.low && expected <= interval.high;
      return {
        ...{ arm: way, quantity: `${LONGEST} values, ${roundTripMs} ms away`, unit: 'ms' },
        formula: way === 'one-by-one' ? 't0 + n·c + n·R' : 't0 + n·c + R',
        ...{ theory: expected, measured },
        agrees: isInside || Math.abs(measured.value / expected - 1) <= TOLERANCE,
        note: `t0 = ${figure(parts.startMs * 1000)} µs and c = ${figure(parts.perValueMs * 1000)} µs from loopback, R from a PING; within ${TOLERANCE * 100} %`,
      };
    });
  });
}
