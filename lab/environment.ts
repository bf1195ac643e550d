import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Stack } from './provision/stack.ts';
import type { Environment } from './result.ts';

const run = promisify(execFile);

const POSTGRES_SETTINGS = [
  'shared_buffers',
  'fsync',
  'synchronous_commit',
  'max_connections',
  'jit',
  'work_mem',
];
const REDIS_SETTINGS = ['maxmemory', 'maxmemory-policy', 'appendonly', 'save', 'io-threads'];

/** Everything about the machine and the services that a reader needs to judge the figures; no host name, no path. */
export async function readEnvironment(
  root: string,
  stack: Stack,
  datasetDigest: string,
): Promise<Environment> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const git = await gitState(root);
  return {
    cachelab: manifest.version,
    gitCommit: git.commit,
    gitDirty: git.dirty,
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    container: process.platform === 'linux' ? inContainer() : null,
    cgroupCpuLimit: cgroupCpuLimit(),
    node: process.version,
    k6: { version: stack.k6?.version ?? 'none', origin: stack.k6?.origin ?? 'none' },
    postgres: {
      version: stack.postgres?.version ?? 'none',
      origin: stack.postgres?.origin ?? 'none',
      settings: stack.postgres === null ? {} : await postgresSettings(stack.postgres.url),
    },
    redis: {
      version: stack.redis?.version ?? 'none',
      origin: stack.redis?.origin ?? 'none',
      settings: stack.redis === null ? {} : await redisSettings(stack.redis.url),
    },
    lockfileHash: createHash('sha256')
      .update(readFileSync(join(root, 'package-lock.json')))
      .digest('hex')
      .slice(0, 16),
    datasetDigest,
    network: 'loopback',
  };
}

async function gitState(root: string): Promise<{ commit: string | null; dirty: boolean | null }> {
  try {
    const commit = (await run('git', ['-C', root, 'rev-parse', 'HEAD'])).stdout.trim();
    const status = (await run('git', ['-C', root, 'status', '--porcelain'])).stdout.trim();
    return { commit, dirty: status !== '' };
  } catch {
    return { commit: null, dirty: null }; // no git, or an unpacked archive
  }
}

function inContainer(): boolean {
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv');
}

/** CPU limit of the control group in cores (cgroup v2 `cpu.max`); null: none or unknown. */
function cgroupCpuLimit(): number | null {
  try {
    const [quota, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').trim().split(' ');
    return quota === 'max' || period === undefined ? null : Number(quota) / Number(period);
  } catch {
    return null;
  }
}

async function postgresSettings(url: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; setting: string; unit: string | null }>(
      'SELECT name, setting, unit FROM pg_settings WHERE name = ANY($1) ORDER BY name',
      [POSTGRES_SETTINGS],
    );
    return Object.fromEntries(rows.map((row) => [row.name, `${row.setting}${row.unit ?? ''}`]));
  } finally {
    await client.end();
  }
}

async function redisSettings(url: string): Promise<Record<string, string>> {
  const client = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 1000 });
  client.on('error', () => undefined); // The call below says what is wrong.
  try {
    const settings: Record<string, string> = {};
    for (const name of REDIS_SETTINGS) {
      const answer: unknown = await client.config('GET', name);
      const value: unknown = Array.isArray(answer)
        ? answer[1]
        : (answer as Record<string, unknown>)[name];
      settings[name] = typeof value === 'string' ? value : '';
    }
    return settings;
  } catch {
    return { note: 'CONFIG GET is refused here' };
  } finally {
    client.disconnect();
  }
}
