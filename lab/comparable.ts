import type { Environment, ExperimentAnalysis, RunResult } from './result.ts';

/** Why two runs do not compare: what differs, each as one line. */
export interface Incomparable {
  /** Machine and versions: times do not compare, counts and ratios to a run's own baseline do. */
  hosts: string[];
  /** Data and design: nothing compares. */
  designs: string[];
}

/** Names each difference that forbids a comparison. */
export function incomparable(a: RunResult, b: RunResult): Incomparable {
  const hosts: string[] = [];
  const keys = ['cpuModel', 'cpuCount', 'cgroupCpuLimit', 'platform', 'kernel', 'node'] as const;
  for (const key of keys) compare(hosts, key, a.environment[key], b.environment[key]);
  for (const key of ['k6', 'postgres', 'redis'] as const) {
    compare(hosts, key, a.environment[key].version, b.environment[key].version);
  }
  for (const key of ['postgres', 'redis'] as const) {
    for (const name of settingNames(a.environment, b.environment, key)) {
      const [left, right] = [a.environment[key].settings[name], b.environment[key].settings[name]];
      compare(hosts, `${key} ${name}`, left ?? 'unset', right ?? 'unset');
    }
  }
  const designs: string[] = [];
  compare(designs, 'data', a.environment.datasetDigest, b.environment.datasetDigest);
  for (const [left, right] of shared(a, b)) {
    const of = (name: string): string => `${left.name}, ${name}`;
    const fields = [
      ...(['arrivals', 'ratePerSecond', 'warmSeconds', 'measureSeconds'] as const),
      ...(['dbLatency', 'updatesPerSecond'] as const),
    ];
    for (const field of fields)
      compare(designs, of(field), left.design[field], right.design[field]);
    compare(designs, of('primary measure'), left.primaryMeasure.name, right.primaryMeasure.name);
    for (const arm of left.arms) {
      const other = right.arms.find((one) => one.arm === arm.arm);
      if (other) compare(designs, of(`policy of ${arm.arm}`), arm.policy, other.policy);
    }
  }
  return { hosts, designs };
}

function compare(into: string[], name: string, left: unknown, right: unknown): void {
  if (left !== right) into.push(`${name}: ${String(left)} in A, ${String(right)} in B`);
}

function settingNames(a: Environment, b: Environment, key: 'postgres' | 'redis'): string[] {
  return [...new Set([a, b].flatMap((one) => Object.keys(one[key].settings)))].sort();
}

/** Experiments that both runs have. */
export function shared(a: RunResult, b: RunResult): [ExperimentAnalysis, ExperimentAnalysis][] {
  return a.experiments.flatMap((left) => {
    const right = b.experiments.find(({ name }) => name === left.name);
    return right === undefined ? [] : [[left, right]];
  });
}

/** Experiments and arms that only one of the runs has. */
export function onlyInOne(a: RunResult, b: RunResult): string[] {
  return [
    ...differing(
      '',
      a.experiments.map(({ name }) => name),
      b.experiments.map(({ name }) => name),
    ),
    ...shared(a, b).flatMap(([left, right]) =>
      differing(
        `${left.name}, `,
        left.arms.map(({ arm }) => arm),
        right.arms.map(({ arm }) => arm),
      ),
    ),
  ];
}

function differing(label: string, left: readonly string[], right: readonly string[]): string[] {
  return [
    ...left.filter((name) => !right.includes(name)).map((name) => `${label}${name}: only in A`),
    ...right.filter((name) => !left.includes(name)).map((name) => `${label}${name}: only in B`),
  ];
}
