import { expect, test } from 'vitest';
import { createLatency, drawLatencyMs } from './latency.ts';
import { seededRandom } from './random.ts';

const RANGE = { minMs: 5, maxMs: 10 };

test('10,000 draws lie in 5 to 10 ms, 7.5 on average and evenly spread', () => {
  const random = seededRandom(42);
  const draws = Array.from({ length: 10_000 }, () => drawLatencyMs(RANGE, random));
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(5);
  expect(Math.max(...draws)).toBeLessThan(10);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  // Standard error of the mean: 5 / sqrt(12) / 100 = 0.0144; four of them.
  expect(Math.abs(mean - 7.5)).toBeLessThan(0.058);
  for (let fifth = 5; fifth < 10; fifth += 1) {
    const share = draws.filter((draw) => draw >= fifth && draw < fifth + 1).length / draws.length;
    expect(Math.abs(share - 0.2)).toBeLessThan(0.016);
  }
});

test('the same seed gives the same draws, another seed others', () => {
  expect(threeDraws(1)).toEqual(threeDraws(1));
  expect(threeDraws(1)).not.toEqual(threeDraws(2));
});

function threeDraws(seed: number): number[] {
  const random = seededRandom(seed);
  return [random(), random(), random()];
}

test('a timer that fires 0.6 ms late on every wait leaves the mean at the draws’ 7.5 ms', async () => {
  const waits = await simulatedWaits(600, (timerMs) => timerMs + 0.6);
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  expect(Math.abs(mean - 7.5)).toBeLessThan(0.25);
});

test('a process that is 50 ms late at every timer takes back 1 ms of it at most', async () => {
  const waits = await simulatedWaits(300, (timerMs) => timerMs + 50);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(50 + 5 - 1 - 0.5);
});

/** What waits of 5 to 10 ms would take on a machine whose timers fire as `fires` says. */
async function simulatedWaits(
  count: number,
  fires: (timerMs: number) => number,
): Promise<number[]> {
  let clock = 0;
  let sleptMs = 0;
  const wait = createLatency(
    RANGE,
    seededRandom(7),
    () => clock,
    async (timerMs) => {
      sleptMs = fires(timerMs);
      clock += sleptMs;
    },
  );
  const waits: number[] = [];
  for (let index = 0; index < count; index += 1) {
    await wait();
    waits.push(sleptMs);
  }
  return waits;
}
