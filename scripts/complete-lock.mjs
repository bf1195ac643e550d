#!/usr/bin/env node
// Some registry mirrors do not serve the binaries of every platform. npm then leaves those optional
// packages out of package-lock.json, and `npm ci` refuses the lock file ("Missing: … from lock file").
// This adds an entry for each of them, with the exact version that its parent asks for, so that the
// lock file works on every platform. Such entries carry no integrity hash: npm adds it the next time the
// lock file is made with a registry that has the package. Run it after `npm install` changed the lock.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openharmony',
  'win32',
  'aix',
  'netbsd',
  'openbsd',
  'sunos',
];
const CPU = [
  'x64',
  'arm64',
  'arm',
  'ia32',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
];

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
let added = 0;
for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const nested = `${parentPath}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] !== undefined || lock.packages[hoisted] !== undefined) continue;
    if (!/^\d/.test(version)) continue;
    const words = name.replace(/^.*\//, '').split(/[-.]/);
    const os = OS.filter((candidate) => words.includes(candidate));
    const cpu = CPU.filter((candidate) => words.includes(candidate));
    const entry = { version, optional: true };
    if (cpu.length > 0) entry.cpu = cpu;
    if (os.length > 0) entry.os = os;
    if (parent.dev === true) entry.dev = true;
    if (words.includes('musl') || words.includes('musleabihf')) entry.libc = ['musl'];
    if (words.includes('gnu') || words.includes('gnueabihf')) entry.libc = ['glibc'];
    lock.packages[hoisted] = entry;
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} platform packages added to package-lock.json\n`);
