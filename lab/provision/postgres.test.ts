import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linkLibraries } from './postgres.ts';

test('the links between libraries that npm did not make are made once, relative, and existing ones are kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cachelab-test-'));
  const native = join(folder, 'native');
  mkdirSync(join(native, 'lib'), { recursive: true });
  writeFileSync(join(native, 'lib', 'libicuuc.so.60.2'), 'library');
  writeFileSync(join(native, 'lib', 'libpq.so'), 'a file, not a link');
  const links = [
    { source: 'native/lib/libicuuc.so.60.2', target: 'native/lib/libicuuc.so.60' },
    { source: 'native/lib/libicuuc.so.60.2', target: 'native/lib/libicuuc.so' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
  ];
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  try {
    expect(linkLibraries(native)).toBe(2);
    // Relative, so that the folder can be copied to where an unprivileged user reaches it.
    expect(readlinkSync(join(native, 'lib', 'libicuuc.so.60'))).toBe('libicuuc.so.60.2');
    expect(linkLibraries(native)).toBe(0);
    expect(linkLibraries(join(folder, 'a package without links'))).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
