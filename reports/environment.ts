import type { Environment, RunResult } from '../lab/result.ts';
import { NO_VALUE, number } from './format.ts';

/** The machine and the versions behind a run, as name and value. */
export function environmentRows(run: RunResult): [string, string][] {
  const { environment: on } = run;
  return [
    cachelabRow(on),
    ['Profile and seed', `${run.profile}, seed ${run.seed}`],
    [
      'Started, ended (UTC)',
      `${moment(run.startedAt)}, ${moment(run.finishedAt)}${run.resumed > 0 ? `; resumed ${run.resumed} times` : ''}`,
    ],
    ['Duration', `${number(run.wallSeconds / 60)} min`],
    ...machineRows(on),
    [
      'Generator’s ceiling',
      run.generatorCeilingPerSecond === null
        ? NO_VALUE
        : `${number(run.generatorCeilingPerSecond)} requests/s against an endpoint without work`,
    ],
    ['Data and lock file', `${on.datasetDigest}, ${on.lockfileHash}`],
  ];
}

/** Version and commit of this program. */
export function cachelabRow(on: Environment): [string, string] {
  const commit = on.gitCommit === null ? 'no commit' : on.gitCommit.slice(0, 12);
  const changes = on.gitDirty === true ? ', with local changes' : '';
  return ['cachelab', `${on.cachelab}, ${commit}${changes}`];
}

/** The machine and the services on it. */
export function machineRows(on: Environment): [string, string][] {
  const container =
    on.container === null ? 'container unknown' : on.container ? 'in a container' : 'no container';
  const limit = on.cgroupCpuLimit === null ? '' : `, limited to ${number(on.cgroupCpuLimit)} CPUs`;
  return [
    ['CPU', `${on.cpuModel}, ${on.cpuCount} cores, ${container}${limit}`],
    ['Memory', `${number(on.memoryGiB)} GiB`],
    ['System', `${on.platform}, kernel ${on.kernel}`],
    ['Network', `${on.network}: load, server and services on one machine`],
    ['Node', on.node],
    ['k6', `${on.k6.version} (${on.k6.origin})`],
    ['Postgres', `${on.postgres.version} (${on.postgres.origin})${settings(on.postgres.settings)}`],
    ['Redis', `${on.redis.version} (${on.redis.origin})${settings(on.redis.settings)}`],
  ];
}

function settings(all: Record<string, string>): string {
  const text = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  return text.length === 0 ? '' : `; ${text.join(', ')}`;
}

/** `2026-01-01 00:52:10`. */
export function moment(iso: string): string {
  return iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');
}
