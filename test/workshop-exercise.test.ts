import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Knobs, RoomState } from '../workshop/contract.ts';
import {
  type Checkout,
  checkout,
  type CliExit,
  OWN_SERVICES,
  type RunningCli,
} from './checkout.ts';

let copy: Checkout;
let room: RunningCli;
let url = '';

beforeAll(async () => {
  copy = await checkout();
  const none = await exercise('5');
  expect(none).toMatchObject({ code: 69, stdout: '' });
  expect(none.stderr).toContain('npm run workshop');

  // Its own services, not those of the tests: a check kills Redis.
  room = copy.start(['workshop', '--port', '0', '--stores', '0'], OWN_SERVICES);
  while (url === '') {
    url = /Workshop +(http:\/\/[\d.:]+)/.exec(room.stdout())?.[1] ?? '';
    if (room.child.exitCode !== null) throw new Error(room.stderr());
    await sleep(50);
  }
});

afterAll(async () => {
  room.child.kill('SIGINT');
  await room.exited;
  await copy.remove();
});

const exercise = (...args: string[]): Promise<CliExit> =>
  copy.run(['exercise', ...args], OWN_SERVICES);

async function state(): Promise<RoomState> {
  return (await fetch(`${url}/api/state`)).json() as Promise<RoomState>;
}

async function turn(knobs: Partial<Knobs>): Promise<void> {
  const headers = { 'x-cachelab': '1', 'content-type': 'application/json' };
  const body = JSON.stringify(knobs);
  const answer = await fetch(`${url}/api/knobs`, { method: 'PUT', headers, body });
  expect(answer.status, await answer.text()).toBe(200);
}

describe('exercise', () => {
  test('1 counts the SELECTs of a view itself: 114 passes, 113 does not, and a cached page is no answer', async () => {
    expect(await exercise('1', '--answer', '114')).toMatchObject({ code: 0 });
    const wrong = await exercise('1', '--answer', '113');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/names 114 queries; the evidence 114, of \d+ shapes/);
    await turn({ preset: 'cached' });
    await fetch(`${url}/api/view`, { method: 'POST', headers: { 'x-cachelab': '1' } });
    const hit = await exercise('1', '--answer', '114');
    expect(hit.code).toBe(1);
    expect(hit.stdout).toContain('Set policy to uncached');
  });

  test('4 sees an outbox deliver the change, names what somebody else did meanwhile, and puts price, listener and copy back', async () => {
    await turn({ preset: 'outbox' });
    const before = await state();
    const check = copy.start(['exercise', '4'], OWN_SERVICES);
    while (!check.stderr().includes('the check takes')) await sleep(50);
    await turn({ dbLatencyMs: 5 });
    const exit = await check.exited;
    expect(exit.stdout).toContain('the change arrived');
    expect(exit.stdout).toContain('somebody else did this in the room: dbLatencyMs');
    expect(exit.code).toBe(1);
    const { knobs, price, services } = await state();
    expect({ price, services }).toEqual({ price: before.price, services: before.services });
    expect(knobs).toEqual({ ...before.knobs, dbLatencyMs: 5 });
  });

  test('7, ended by Ctrl-C while Redis is dead, brings Redis back before it ends', async () => {
    await turn({ preset: 'single-flight', readsPerSecond: 120 });
    const check = copy.start(['exercise', '7'], OWN_SERVICES);
    while ((await state()).services.redis === 'up') await sleep(50);
    check.child.kill('SIGINT');
    expect(await check.exited).toMatchObject({ code: 130 });
    expect((await state()).services.redis).toBe('up');
    await turn({ readsPerSecond: 5 });
  });
});
