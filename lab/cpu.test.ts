import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { CpuLedger, cpuBetween, startCpuSampler } from './cpu.ts';
import type { CpuSample, ProcessTicks } from './cpu.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function ticksOf(pid: number, parent: number, own: number, reaped = 0): ProcessTicks {
  return { pid, parent, startedAt: pid, own, reaped };
}

function sample(epochMs: number, busyTicks: number, server: number): CpuSample {
  // Two cores: 200 ticks a second.
  return { epochMs, busyTicks, totalTicks: epochMs / 5, groupTicks: { server } };
}

describe('the ledger', () => {
  const roots = new Map([
    [10, 'lab'],
    [20, 'server'],
  ]);

  test('counts a process and its descendants in the group of the nearest named ancestor', () => {
    const ledger = new CpuLedger(['lab', 'server']);
    ledger.add([ticksOf(10, 1, 5), ticksOf(20, 10, 7), ticksOf(30, 20, 2)], roots);
    const totals = ledger.add(
      [ticksOf(10, 1, 6), ticksOf(20, 10, 17), ticksOf(30, 20, 102), ticksOf(99, 1, 500)],
      roots,
    );
    expect(totals).toEqual({ lab: 1, server: 110 });
  });

  test('a process that started since the last listing counts whole, time before the first listing never', () => {
    const ledger = new CpuLedger(['lab', 'server']);
    expect(ledger.add([ticksOf(20, 1, 1000)], roots)).toEqual({ lab: 0, server: 0 });
    expect(ledger.add([ticksOf(20, 1, 1000), ticksOf(21, 20, 40)], roots)['server']).toBe(40);
  });

  test('a child that came and went between two listings is found in the time its parent reaped', () => {
    const ledger = new CpuLedger(['lab', 'server']);
    ledger.add([ticksOf(20, 1, 0, 0)], roots);
    expect(ledger.add([ticksOf(20, 1, 1, 33)], roots)['server']).toBe(34);
  });

  test('a child seen with 50 ticks and reaped with 58 adds 8 more, to its own group and not to its parent', () => {
    const ledger = new CpuLedger(['lab', 'server']);
    ledger.add([ticksOf(10, 1, 0)], roots);
    ledger.add([ticksOf(10, 1, 0), ticksOf(20, 10, 40), ticksOf(21, 20, 10)], roots);
    expect(ledger.add([ticksOf(10, 1, 3, 58)], roots)).toEqual({ lab: 3, server: 58 });
  });

  test('a reused pid is another process', () => {
    const ledger = new CpuLedger(['lab', 'server']);
    ledger.add([ticksOf(20, 1, 900)], roots);
    const reused = { ...ticksOf(20, 1, 4), startedAt: 12345 };
    expect(ledger.add([reused], roots)['server']).toBe(4);
  });
});

describe('use between two moments', () => {
  const samples = [sample(0, 0, 0), sample(1000, 100, 50), sample(2000, 200, 150)];

  test('is interpolated between samples, foreign being what is busy and not ours', () => {
    const use = cpuBetween({ samples }, 500, 1500);
    expect(use?.cores['server']).toBeCloseTo(0.75);
    expect(use?.busyShare).toBeCloseTo(0.5);
    expect(use?.foreignShare).toBeCloseTo(0.125);
  });

  test.each([
    ['no samples', [], 0, 1000],
    ['a stretch that ends 20 % after the last sample', samples, 1000, 2250],
    ['a stretch that begins long before the first', samples, -5000, 1000],
    ['an empty stretch', samples, 1000, 1000],
  ])('is unknown with %s', (_, given, from, to) => {
    expect(cpuBetween({ samples: given }, from, to)).toBeNull();
  });
});

// Without /proc (macOS) there are no figures; there is nothing to test then.
describe.skipIf(!existsSync('/proc/stat'))('the sampler', () => {
  test('sees a busy loop that nobody named as foreign, and the same loop as ours once it is named', async () => {
    // On a busy machine the loop gets less than a core: both samplers watch the same loop at the same time.
    const loop = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    children.push(loop);
    await once(loop, 'spawn');
    const named = startCpuSampler({ groups: { loop: () => [loop.pid!] }, intervalMs: 200 });
    const unnamed = startCpuSampler({ groups: { loop: () => [] }, intervalMs: 200 });
    const startMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const endMs = Date.now();
    const ours = cpuBetween(named.stop(), startMs, endMs)!;
    const foreign = cpuBetween(unnamed.stop(), startMs, endMs)!;
    const loopCores = ours.cores['loop']!;
    expect(loopCores).toBeGreaterThan(0.05);
    expect(loopCores).toBeLessThan(1.1);
    expect(foreign.cores['loop']).toBe(0);
    const capacity = loopCores / (foreign.foreignShare - ours.foreignShare);
    expect(capacity / cpus().length).toBeCloseTo(1, 0);
  });

  test('counts a grandchild that lived 300 ms between two samples', async () => {
    const script = `require('node:child_process').execFileSync(process.execPath,
      ['-e', 'const end = process.cpuUsage().user + 300000; while (process.cpuUsage().user < end);'])`;
    const sampler = startCpuSampler({ groups: { all: () => [process.pid] }, intervalMs: 60_000 });
    const startMs = Date.now();
    const parent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    children.push(parent);
    await once(parent, 'exit');
    const endMs = Date.now();
    const use = cpuBetween(sampler.stop(), startMs, endMs)!;
    expect((use.cores['all']! * (endMs - startMs)) / 1000).toBeGreaterThan(0.3);
  });
});
