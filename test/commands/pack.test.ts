import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Checkout, checkout } from '../checkout.ts';

let copy: Checkout;
let folder = '';
beforeAll(async () => {
  copy = await checkout();
  folder = mkdtempSync(join(tmpdir(), 'cachelab pack '));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await copy.remove();
});

/** A machine with Node alone: nothing on PATH, no address that answers, no cache of another checkout. */
const ALONE: NodeJS.ProcessEnv = {
  PATH: '',
  HOME: '/nonexistent',
  npm_config_offline: 'true',
  CACHELAB_MIRROR: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
  NO_COLOR: '1',
};

/** The way in of an unpacked pack, until it ends or has said `until`, then Ctrl-C. */
async function runPacked(
  args: readonly string[],
  until: RegExp | null = null,
): Promise<{
  code: number | null;
  stdout: string;
  stderr: string;
  seen: string | null;
  page: string;
}> {
  const child = spawn(process.execPath, [join('scripts', 'run.mjs'), ...args], {
    cwd: join(folder, 'cachelab'),
    env: ALONE,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  let seen: string | null = null;
  let page = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const found = until === null ? null : until.exec(stdout);
    if (seen !== null || found === null) return;
    seen = found[1] ?? '';
    void visit(seen).finally(() => child.kill('SIGINT'));
  });
  const visit = async (url: string): Promise<void> => {
    page = await (await fetch(url)).text();
  };
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr, seen, page };
}

/** Copies and writes 200 MB, which a busy disk may take its time for. */
const PATIENCE_MS = 180_000;

describe('pack', () => {
  test(
    'interrupted, leaves no file, finished or not',
    async () => {
      const file = join(folder, 'interrupted.tar');
      const lab = copy.start(['pack', file]);
      lab.child.stderr?.on('data', () => {
        // Once: at a second Ctrl-C the lab would end at once, and its clean-up with it.
        if (!lab.child.killed && /writing interrupted\.tar/.test(lab.stderr()))
          lab.child.kill('SIGINT');
      });
      expect(await lab.exited).toMatchObject({ code: 130 });
      expect(readdirSync(folder).filter((name) => /interrupted|unfinished/.test(name))).toEqual([]);
      expect(copy.leftovers()).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'unpacked on a machine without network runs the doctor and the workshop, and installs nothing',
    async (context) => {
      const file = join(folder, 'pack.tar');
      const made = await copy.run(['pack', file]);
      expect(made).toMatchObject({ code: 0 });
      expect(made.stdout).toMatch(/^ +pack +\d+ MB, for .*pack\.tar$/m);
      if (made.stdout.includes('Not in it:')) context.skip(made.stdout);
      execFileSync('tar', ['-xf', file, '-C', folder]);
      expect(existsSync(join(folder, 'cachelab', 'node_modules', 'vitest'))).toBe(false);

      const doctor = await runPacked(['doctor']);
      expect(doctor.stdout).toMatch(/^ok +Redis .*in the cache/m);
      expect(doctor.stdout).toMatch(/^ok +k6 .*cache$/m);
      expect(doctor.stdout).toContain('The workshop can run');
      expect(doctor).toMatchObject({ code: 0, stderr: '' });

      const args = ['workshop', '--port', '0', '--stores', '0'];
      const workshop = await runPacked(args, /Workshop +(http\S+)/);
      expect(workshop.seen, workshop.stderr).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
      expect(workshop.page).toMatch(/<title/);
      expect(workshop.stderr).not.toMatch(/npm ci|fetching|building|unpacking/);
      expect(workshop.code).toBe(130);
    },
    PATIENCE_MS,
  );
});
