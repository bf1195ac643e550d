import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageFolders, trackedFiles } from '../pack/contents.ts';
import { ROOT } from '../root.ts';
import { pack } from './pack.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachelab-pack-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file that is there already is not overwritten', async () => {
  const file = join(folder, 'there.tar');
  writeFileSync(file, 'mine');
  await expect(pack(file)).rejects.toMatchObject({ code: 'E_BAD_OPTIONS', exitCode: 2 });
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('a wrong ending and a missing folder are named at once', async () => {
  const wrong = pack(join(folder, 'nowhere', 'pack.zip'));
  await expect(wrong).rejects.toThrow('must end in .tar.gz or .tar, not pack.zip');
  const again = pack(join(folder, 'nowhere', 'pack.zip'));
  await expect(again).rejects.toThrow('there is no folder');
});

test('the packages are those that the lab runs with, not those of its tests', () => {
  const folders = packageFolders(ROOT);
  for (const name of ['tsx', 'esbuild', 'pg', '@faker-js/faker']) {
    expect(folders).toContain(`node_modules/${name}`);
  }
  for (const name of ['vitest', 'typescript', 'playwright-core', '@biomejs/biome']) {
    expect(folders).not.toContain(`node_modules/${name}`);
  }
  expect(() => packageFolders(folder)).toThrow('no node_modules');
});

test('what git does not track is not packed; a folder without git is no clone', async () => {
  const files = await trackedFiles(ROOT);
  expect(files).toContain('scripts/run.mjs');
  expect(files.some((file) => file.startsWith('node_modules/'))).toBe(false);
  await expect(trackedFiles(folder)).rejects.toMatchObject({ code: 'E_NO_CLONE' });
});
