import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runFiles } from '../../lab/provision/supervisor.ts';
import {
  type Checkout,
  checkout,
  killOutright,
  living,
  OWN_SERVICES,
  type RunningCli,
} from '../checkout.ts';

let copy: Checkout;
beforeAll(async () => {
  copy = await checkout();
});
afterAll(() => copy.remove());

/** Waits for the address of the store, and for the pids of what was started. */
async function untilUp(lab: RunningCli): Promise<{ url: string; pids: number[] }> {
  for (;;) {
    const url = /Storefront +(\S+)/.exec(lab.stdout())?.[1];
    if (url !== undefined) {
      const run = runFiles(copy.root).find((file) => file.run.lab.pid === lab.child.pid)?.run;
      return { url, pids: (run?.processes ?? []).map(({ pid }) => pid) };
    }
    if (lab.child.exitCode !== null) throw new Error(lab.stderr());
    await sleep(50);
  }
}

describe('up', () => {
  test('serves the restaurant, twice in one checkout, until down ends both and leaves nothing', async () => {
    const args = ['up', '--port', '0', '--stores', '3'];
    const labs = [copy.start(args, OWN_SERVICES), copy.start(args, OWN_SERVICES)];
    const both = await Promise.all(labs.map(untilUp));
    for (const { url, pids } of both) {
      expect(pids).toHaveLength(3);
      expect(living(pids)).toHaveLength(3);
      const page = await fetch(url);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('樟茶鸭');
    }
    const down = await copy.run(['down']);
    expect(down.code).toBe(0);
    expect(down.stdout.match(/^Ended `up`/gm)).toHaveLength(2);
    for (const lab of labs) expect(await lab.exited).toMatchObject({ code: 143 });
    expect(living(both.flatMap(({ pids }) => pids))).toEqual([]);
    expect(copy.leftovers()).toEqual([]);
    expect((await copy.run(['down'])).stdout).toContain('Nothing to end');
  });

  test('killed with -9 leaves no Postgres, no Redis, no server and no folder', async () => {
    const lab = copy.start(['up', '--port', '0', '--stores', '0'], OWN_SERVICES);
    const { pids } = await untilUp(lab);
    await killOutright(copy, lab);
    expect(copy.leftovers()).toEqual([]);
    expect(living(pids)).toEqual([]);
  });

  test('names every wrong option at once, and a port that is taken', async () => {
    const wrong = await copy.run(['up', '--port', '99999', '--policy', 'nope', '--stores', '-1']);
    expect(wrong.code).toBe(2);
    for (const flag of ['--port', '--policy', '--stores']) expect(wrong.stderr).toContain(flag);

    const lab = copy.start(['up', '--port', '0', '--stores', '0']);
    const { url } = await untilUp(lab);
    const { port } = new URL(url);
    const taken = await copy.run(['up', '--port', port]);
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain(`E_PORT_TAKEN: port ${port} on 127.0.0.1`);
    lab.child.kill('SIGINT');
    expect(await lab.exited).toMatchObject({ code: 130 });
  });
});

describe('clean', () => {
  test('removes the folders of labs that are gone; the cache only when asked for', async () => {
    const stale = join(copy.root, '.cachelab', 'run-1-deadbeef');
    const cache = join(copy.root, '.cachelab', 'cache');
    for (const folder of [stale, cache]) mkdirSync(folder, { recursive: true });
    const own = { CACHELAB_CACHE: undefined };
    expect(await copy.run(['clean'], own)).toMatchObject({ code: 0, stdout: `removed ${stale}\n` });
    expect(existsSync(cache)).toBe(true);
    expect(await copy.run(['clean', '--cache'], own)).toMatchObject({ code: 0 });
    expect(existsSync(cache)).toBe(false);
  });
});
